import { beforeEach, describe, expect, it, vi } from "vitest";
import { pod } from "../../test/harness";
import { fakeWindow, psa } from "../../test/window";
import type { Api } from "../api";
import { createForm } from "./form";
import type { Host } from "./host";

let page: ReturnType<typeof fakeWindow>;
let launch: ReturnType<typeof vi.fn<Api["launch"]>>;

const begin = (origin: string | null, vouched = psa): Host => {
  page = fakeWindow();
  launch = vi.fn<Api["launch"]>(async () => ({ token: "t", expires_at: "", pod: { ...pod(), origin: vouched } }));
  return createForm({ window: page.window, origin, tenant: "acme", context: "a.b.c", api: { launch } });
};
const { signal } = new AbortController();
let host: Host;

describe("a context that was posted into the frame", () => {
  beforeEach(() => {
    host = begin(psa);
  });

  it("opens one session, as the tenant's", async () => {
    await host.open(signal, false);
    expect(launch.mock.calls[0]?.[0]).toEqual({ context: "a.b.c", tenant: "acme" });
    await expect(host.open(signal, true)).rejects.toMatchObject({ code: "session_ended" });
  });

  it("is tried again when the server was not reached", async () => {
    launch.mockRejectedValueOnce(new Error("away"));
    await expect(host.open(signal, false)).rejects.toThrow("away");
    await expect(host.open(signal, false)).resolves.toMatchObject({ token: "t" });
  });
});

describe("row 24: the host is told at the origin that its context vouches for", () => {
  it.each<[string, string | null, string, string[]]>([
    ["where the browser names none", null, psa, [psa]],
    ["where the context names none", psa, "", [psa]],
    ["and where nobody does, nowhere", null, "", []],
  ])("%s", async (_, origin, vouched, want) => {
    host = begin(origin, vouched);
    await host.open(signal, false);
    host.say({ type: "shieldpod:ready" });
    expect(page.said.map(([, target]) => target)).toEqual(want);
  });

  it("but a context that vouches for another page than the one around the pod opens nothing", async () => {
    host = begin(psa, "https://evil.example");
    await expect(host.open(signal, false)).rejects.toMatchObject({ code: "origin_mismatch" });
  });
});
