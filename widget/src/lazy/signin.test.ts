import { beforeEach, describe, expect, it, vi } from "vitest";
import { pod, settle } from "../../test/harness";
import type { Api } from "../api";
import { systemClock } from "../clock";
import type { Host } from "../hosts/host";
import { createSignIn } from "./signin";

const own = "https://pod.example";

const begin = (popup: { closed: boolean; close: () => void } | null) => {
  const heard = new Set<(e: MessageEvent) => void>();
  const opened = vi.fn((_url: string, _name: string, _features: string) => popup);
  const launch = vi.fn<Api["launchSignIn"]>(async () => ({ token: "t", expires_at: "", pod: pod("77") }));
  const window = {
    open: opened,
    addEventListener: (_: "message", f: (e: MessageEvent) => void) => heard.add(f),
    removeEventListener: (_: "message", f: (e: MessageEvent) => void) => heard.delete(f),
  };
  const page = { window, origin: own, tenant: "acme", psa: "halo", ticket: "77", clock: systemClock };
  const host = createSignIn({ ...page, api: { launchSignIn: launch } });
  const deliver = (data: unknown, from: { origin?: string; source?: unknown } = {}) => {
    for (const f of [...heard]) f({ data, origin: own, source: popup, ...from } as MessageEvent);
  };
  return { host, opened, launch, heard, deliver };
};

let popup: { closed: boolean; close: ReturnType<typeof vi.fn<() => void>> };
let w: ReturnType<typeof begin>;
const signedIn = { type: "shieldpod:signed-in", code: "c0de" };
const ticket = new AbortController();
const outcome = (opening: ReturnType<Host["open"]>) =>
  opening.then(
    ({ pod }) => pod.ticket.id,
    (e) => e.code,
  );

beforeEach(() => {
  vi.useFakeTimers();
  popup = { closed: false, close: vi.fn<() => void>() };
  w = begin(popup);
});

describe("a technician who signs in", () => {
  it("gets a request to sign in, and no window opens without a press", async () => {
    expect(await outcome(w.host.open(ticket.signal, false))).toBe("signin_required");
    expect(w.opened).not.toHaveBeenCalled();
  });

  it("gets a window with the press, and the session for its code", async () => {
    const opening = outcome(w.host.open(ticket.signal, true));
    expect(w.opened.mock.calls[0]?.[0]).toBe("/signin/acme");
    w.deliver(signedIn);
    expect(await opening).toBe("77");
    expect(w.launch.mock.calls[0]?.[0]).toEqual({ tenant: "acme", code: "c0de", psa: "halo", ticket: "77" });
    expect([popup.close.mock.calls.length, w.heard.size]).toEqual([1, 0]);
  });

  it("gets an error when the browser blocks the window", async () => {
    expect(await outcome(begin(null).host.open(ticket.signal, true))).toBe("popup_blocked");
  });

  it("is signed in by the last message of a window that closes itself", async () => {
    const opening = outcome(w.host.open(ticket.signal, true));
    popup.closed = true;
    await vi.advanceTimersByTimeAsync(500);
    w.deliver(signedIn);
    expect(await opening).toBe("77");
  });

  it("gets an error when the window was closed too soon", async () => {
    const opening = outcome(w.host.open(ticket.signal, true));
    popup.closed = true;
    await vi.advanceTimersByTimeAsync(1_000);
    expect([await opening, w.heard.size]).toEqual(["signin_closed", 0]);
  });
});

describe("row 24: a code is accepted only from our own origin and that window", () => {
  it.each([
    ["another origin", signedIn, { origin: "https://evil.example" }],
    ["another window of ours", signedIn, { source: {} }],
    ["another shape", { ...signedIn, code: 7 }, {}],
    ["an empty one", { ...signedIn, code: "" }, {}],
    ["another word", { ...signedIn, type: "shieldpod:context" }, {}],
    ["nothing", null, {}],
  ])("%s", async (_, data, from) => {
    void outcome(w.host.open(ticket.signal, true));
    w.deliver(data, from);
    await settle();
    expect(w.launch).not.toHaveBeenCalled();
  });
});
