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

  it("opens one session, for the tenant", async () => {
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

describe("row 24: messages go to the origin in the signed context", () => {
  it.each<[string, string | null, string, string[]]>([
    ["where the browser names none", null, psa, [psa]],
    ["where the context names none", psa, "", [psa]],
    ["and without either, nowhere", null, "", []],
  ])("%s", async (_, origin, vouched, want) => {
    host = begin(origin, vouched);
    await host.open(signal, false);
    host.post({ type: "shieldpod:ready" });
    expect(page.said.map(([, target]) => target)).toEqual(want);
  });

  it("but a context for another origin than that of the parent opens no session", async () => {
    host = begin(psa, "https://evil.example");
    await expect(host.open(signal, false)).rejects.toMatchObject({ code: "origin_mismatch" });
  });
});
