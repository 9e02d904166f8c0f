import { describe, expect, it } from "vitest";
import { type PageSource, type PodPage, readPage } from "./page";

const na = "https://na.myconnectwise.net";

const around = (
  url: string,
  head: Record<string, string> = {},
  more: Partial<PageSource> & { by?: string } = {},
): PageSource => {
  const { pathname, search, hash } = new URL(url, "https://pod.example");
  const { by = na, ...rest } = more;
  return {
    location: { pathname, search, hash, ancestorOrigins: [by] },
    referrer: "",
    framed: true,
    meta: (name) => ({ origins: na, ...head })[name] ?? "",
    ...rest,
  };
};

describe("who frames the page", () => {
  const hosted = "/pod/acme?id=4711&screen=ticket";
  const connectwise: PodPage["host"] = { kind: "connectwise", origin: na, urlTicket: { id: "4711", screen: "ticket" } };
  const both = `https://eu.myconnectwise.net ${na}`;

  it.each<[string, PageSource, PodPage["host"]]>([
    ["our loader, by its word in the fragment", around(`/pod/acme#parent=${na}`), { kind: "loader", origin: na }],
    ["no host, with any fragment", around(`/pod/acme#parent=${na}`, {}, { framed: false }), null],
    ["ConnectWise, by its screen in the address", around(hosted), connectwise],
    ["ConnectWise, one of several origins", around(hosted, { origins: both }), connectwise],
    [
      "ConnectWise, where only the referrer names it",
      around(
        hosted,
        { origins: both },
        { location: { ...around(hosted).location, ancestorOrigins: undefined }, referrer: `${na}/v4_6` },
      ),
      connectwise,
    ],
    [
      "ConnectWise, where nothing names it and only one may frame",
      around(hosted, {}, { location: { ...around(hosted).location, ancestorOrigins: undefined } }),
      connectwise,
    ],
    [
      "a stranger, where nothing names it and several may frame",
      around(hosted, { origins: both }, { location: { ...around(hosted).location, ancestorOrigins: undefined } }),
      { kind: "foreign" },
    ],
    [
      "a stranger, where the tenant knows another",
      around(hosted, {}, { by: "https://evil.example" }),
      { kind: "foreign" },
    ],
    ["a stranger on a site that looks alike", around(hosted, {}, { by: `${na}.evil.example` }), { kind: "foreign" }],
    ["a foreign origin, where the tenant has no origins", around(hosted, { origins: "" }), { kind: "foreign" }],
    [
      "ConnectWise, without an id that is a number",
      around("/pod/acme?id=[cw_id]&screen=ticket"),
      { kind: "connectwise", origin: na, urlTicket: null },
    ],
    [
      "a host that posted a context",
      around("/pod/acme", { context: "a.b.c" }),
      { kind: "form", origin: na, context: "a.b.c" },
    ],
    [
      "a host that posted a context, unnamed",
      around("/pod/acme", { context: "a.b.c", origins: both }, { by: "null" }),
      { kind: "form", origin: null, context: "a.b.c" },
    ],
    [
      "a host that signs nothing",
      around("/pod/acme?psa=halo&ticket=77", { signin: "1" }),
      { kind: "signin", psa: "halo", ticket: "77" },
    ],
    [
      "a host that signs nothing, in a window of its own",
      around("/pod/acme?psa=halo&ticket=77", { signin: "1" }, { framed: false }),
      { kind: "signin", psa: "halo", ticket: "77" },
    ],
    ["no host, where technicians can't sign in", around("/pod/acme?psa=halo&ticket=77"), null],
    ["no host, where no ticket is named", around("/pod/acme", { signin: "1" }), null],
  ])("%s", (_, page, want) => {
    expect(readPage(page).host).toEqual(want);
  });
});

it("reads tenant, nonce and theme", () => {
  expect(
    readPage(around("/pod/acme-it?theme=light&screen=x#parent=https://psa.example&accent=red", { nonce: "n1" })),
  ).toMatchObject({
    tenant: "acme-it",
    nonce: "n1",
    theme: { theme: "light", accent: "red" },
  });
});
