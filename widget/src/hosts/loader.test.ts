import { readdirSync, readFileSync } from "node:fs";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { pod } from "../../test/harness";
import { fakeWindow, psa } from "../../test/window";
import type { Api } from "../api";
import { systemClock } from "../clock";
import type { Host } from "./host";
import { createLoader, parentOrigin, parseHostMessage } from "./loader";

const dir = new URL("../../../testdata/protocol/", import.meta.url);
const cases = readdirSync(dir)
  .map((file): { name: string; from: string; data: unknown; reads: unknown } =>
    JSON.parse(readFileSync(new URL(file, dir), "utf8")),
  )
  .filter(({ from }) => from === "host");

describe("the messages of a host", () => {
  it.each(cases)("$name", ({ data, reads }) => {
    expect(parseHostMessage(data)).toEqual(reads);
  });
});

describe("the parent's origin in the fragment", () => {
  it.each([
    ["an origin", "https://psa.example", "https://psa.example"],
    ["an origin with a port", "http://127.0.0.1:8081", "http://127.0.0.1:8081"],
    ["a page of it", "https://psa.example/tickets", null],
    ["the origin of a sandboxed page", "null", null],
    ["everybody", "*", null],
    ["nothing", "", null],
  ])("%s", (_, given, want) => {
    expect(parentOrigin(new URLSearchParams({ parent: given }))).toBe(want);
  });
});

describe("row 24: a host is trusted by origin, source and shape", () => {
  let page: ReturnType<typeof fakeWindow>;
  let host: Host;
  const refreshed = vi.fn();
  const dressed = vi.fn();
  const launch = vi.fn<Api["launch"]>();
  const answer = { type: "shieldpod:context", nonce: "n1", context: "a.b.c" };

  beforeEach(() => {
    vi.useFakeTimers();
    refreshed.mockClear();
    dressed.mockClear();
    page = fakeWindow();
    launch.mockReset().mockImplementation(async () => ({ token: "token-1", expires_at: "", pod: pod() }));
    const events = { ticketChanged: refreshed, ticketUpdated: () => {}, beforeSave: () => [] };
    const nonces = async () => "n1";
    host = createLoader(
      { window: page.window, origin: psa, nonces, api: { launch }, clock: systemClock, applyTheme: dressed },
      events,
    );
  });

  const asked = async () => {
    const asking = host.open(new AbortController().signal, false);
    asking.catch(() => {});
    await Promise.resolve();
    return { asking };
  };
  /** The context that the session was opened with, or the error code. */
  const outcome = async ({ asking }: { asking: Promise<unknown> }) => {
    const settled = asking.then(
      () => launch.mock.calls[0]?.[0].context,
      (e) => (e as { code: string }).code,
    );
    await vi.advanceTimersByTimeAsync(20_000);
    return settled;
  };

  it("gets requests at its exact origin", async () => {
    const asking = await asked();
    expect(page.said).toEqual([[{ type: "shieldpod:context-request", nonce: "n1" }, psa]]);
    page.deliver(answer);
    expect(await outcome(asking)).toBe("a.b.c");
  });

  it.each([
    ["another origin", answer, { origin: "https://evil.example" }],
    ["another window of the same origin", answer, { source: {} }],
    ["another shape", { ...answer, context: 7 }, {}],
    ["the answer to another request", { ...answer, nonce: "n0" }, {}],
  ])("is ignored: %s", async (_, data, from) => {
    const asking = await asked();
    page.deliver(data, from);
    expect(await outcome(asking)).toBe("host_timeout");
  });

  it("may refuse", async () => {
    const asking = await asked();
    page.deliver({ type: "shieldpod:context-refused", nonce: "n1" });
    expect(await outcome(asking)).toBe("context_refused");
  });

  it("stops when the context is for another origin than that of the parent", async () => {
    launch.mockResolvedValue({ token: "token-1", expires_at: "", pod: { ...pod(), origin: "https://evil.example" } });
    const asking = await asked();
    page.deliver(answer);
    expect(await outcome(asking)).toBe("origin_mismatch");
  });

  it("switches to another ticket, but no other page can", () => {
    page.deliver({ type: "shieldpod:refresh" }, { origin: "https://evil.example" });
    page.deliver({ type: "shieldpod:refresh" }, { source: {} });
    expect(refreshed).not.toHaveBeenCalled();
    page.deliver({ type: "shieldpod:refresh" });
    expect(refreshed).toHaveBeenCalledOnce();
  });

  it("changes the theme, but no other page can, and the change answers no request", async () => {
    const asking = await asked();
    const look = { type: "shieldpod:look", theme: "dark" };
    page.deliver(look, { origin: "https://evil.example" });
    page.deliver(look, { source: {} });
    expect(dressed).not.toHaveBeenCalled();
    page.deliver(look);
    expect(dressed).toHaveBeenCalledExactlyOnceWith(look);
    page.deliver(answer);
    expect(await outcome(asking)).toBe("a.b.c");
  });
});
