import { readdirSync, readFileSync } from "node:fs";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "./clock";
import { createHost, type Host, parentOrigin, parseHostMessage } from "./host";

const dir = new URL("../../testdata/protocol/", import.meta.url);
const cases = readdirSync(dir)
  .map((file): { name: string; from: string; data: unknown; reads: unknown } =>
    JSON.parse(readFileSync(new URL(file, dir), "utf8")),
  )
  .filter(({ from }) => from === "host");

describe("what a host says", () => {
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

const psa = "https://psa.example";

/** A window whose parent keeps what it is told. */
const fakeWindow = () => {
  const heard = new Set<(e: MessageEvent) => void>();
  const said: [unknown, string][] = [];
  const parent = { postMessage: (message: unknown, target: string) => said.push([message, target]) };
  return {
    said,
    window: {
      parent,
      addEventListener: (_: "message", f: (e: MessageEvent) => void) => heard.add(f),
      removeEventListener: (_: "message", f: (e: MessageEvent) => void) => heard.delete(f),
    },
    deliver: (data: unknown, from: { origin?: string; source?: unknown } = {}) => {
      const e = { data, origin: psa, source: parent, ...from } as MessageEvent;
      for (const f of [...heard]) f(e);
    },
  };
};

describe("row 24: a host earns trust by origin, source and shape", () => {
  let page: ReturnType<typeof fakeWindow>;
  let host: Host;
  const refreshed = vi.fn();
  const dressed = vi.fn();
  const answer = { type: "shieldpod:context", nonce: "n1", context: "a.b.c" };

  beforeEach(() => {
    vi.useFakeTimers();
    refreshed.mockClear();
    dressed.mockClear();
    page = fakeWindow();
    host = createHost(page.window, psa, systemClock, refreshed, dressed);
  });

  const asked = () => host.context("n1", new AbortController().signal);
  const outcome = async (asking: Promise<string>) => {
    const settled = asking.catch((e) => (e as { code: string }).code);
    await vi.advanceTimersByTimeAsync(20_000);
    return settled;
  };

  it("is asked at its exact origin", async () => {
    const asking = asked();
    expect(page.said).toEqual([[{ type: "shieldpod:context-request", nonce: "n1" }, psa]]);
    page.deliver(answer);
    expect(await outcome(asking)).toBe("a.b.c");
  });

  it.each([
    ["another origin", answer, { origin: "https://evil.example" }],
    ["another window of the same origin", answer, { source: {} }],
    ["another shape", { ...answer, context: 7 }, {}],
    ["the answer to another request", { ...answer, nonce: "n0" }, {}],
  ])("is not heard: %s", async (_, data, from) => {
    const asking = asked();
    page.deliver(data, from);
    expect(await outcome(asking)).toBe("host_silent");
  });

  it("may refuse", async () => {
    const asking = asked();
    page.deliver({ type: "shieldpod:context-refused", nonce: "n1" });
    expect(await outcome(asking)).toBe("context_refused");
  });

  it("turns to another ticket, but no other page may", () => {
    page.deliver({ type: "shieldpod:refresh" }, { origin: "https://evil.example" });
    page.deliver({ type: "shieldpod:refresh" }, { source: {} });
    expect(refreshed).not.toHaveBeenCalled();
    page.deliver({ type: "shieldpod:refresh" });
    expect(refreshed).toHaveBeenCalledOnce();
  });

  it("changes the look, but no other page may, and no request is answered by it", async () => {
    const asking = asked();
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
