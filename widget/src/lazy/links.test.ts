import { describe, expect, it } from "vitest";
import { segments } from "./links";

describe("a link in the banner", () => {
  it.each([
    ["is an address", "Read https://wiki.acme.example/vip now", "https://wiki.acme.example/vip"],
    ["goes without the full stop", "Read https://acme.example/a.", "https://acme.example/a"],
    ["goes without other punctuation", "https://acme.example/a?!,;:'", "https://acme.example/a"],
    ["goes without the bracket around it", "(see https://acme.example/a)", "https://acme.example/a"],
    ["keeps a bracket of its own", "https://acme.example/a_(b).", "https://acme.example/a_(b)"],
    ["goes without the outer of two", "(https://acme.example/a_(b))", "https://acme.example/a_(b)"],
    ["keeps query and fragment", "https://acme.example/?a=1&b=2#c", "https://acme.example/?a=1&b=2#c"],
    ["may be written large", "HTTPS://ACME.example/A", "HTTPS://ACME.example/A"],
    ["ends before a quotation mark", 'https://a"onclick="alert(1)', "https://a"],
    ["ends before an angle bracket", "https://a<script>alert(1)</script>", "https://a"],
    ["ends before letters that look like others", "https://acme.example/раypal", "https://acme.example/"],
    ["ends before what turns the reading around", "https://acme.example/\u202egnp.exe", "https://acme.example/gnp.exe"],
  ])("%s", (_, given, shown) => {
    const links = segments(given).filter((p) => p.href);
    expect(links.map((p) => [p.text, p.href])).toEqual([[shown, new URL(shown).href]]);
  });

  it.each([
    "javascript:alert(1)",
    "JavaScript://%0aalert(1)",
    "data:text/html,<b>hi</b>",
    "http://acme.example/",
    "//acme.example/",
    "acme.example",
    "https:acme.example",
    "https:/acme.example",
    "https://",
    "https://.",
    "https://[::1",
    "https://acme.example:99999/",
    "https://раypal.example/",
    "https://acme.example@evil.example/",
    "https://acme.example:x@evil.example/",
    '<a href="javascript:alert(1)">press</a>',
  ])("is not made of %s", (given) => {
    expect(segments(given)).toEqual([{ text: given }]);
  });

  it("leaves the other text unchanged", () => {
    expect(segments("A https://a.example/, b https://b.example/c) d")).toEqual([
      { text: "A " },
      { text: "https://a.example/", href: "https://a.example/" },
      { text: ", b " },
      { text: "https://b.example/c", href: "https://b.example/c" },
      { text: ") d" },
    ]);
  });

  it("drops control characters that reverse the order of letters", () => {
    expect(segments("Call \u202e1234\u2069 \u2066now\u202c")).toEqual([{ text: "Call 1234 now" }]);
  });
});
