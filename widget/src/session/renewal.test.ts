import { beforeEach, describe, expect, it, vi } from "vitest";
import { createHarness, pod, settle, t0 } from "../../test/harness";

let w: ReturnType<typeof createHarness>;

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse(t0) });
  w = createHarness();
  w.controller.start();
});

const state = () => w.controller.state.value;

describe("a laptop that slept", () => {
  beforeEach(() => w.launch());
  /** Advances the clock without running timers. */
  const sleep = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);
  const wake = () => vi.advanceTimersByTimeAsync(15_000);

  it("opens a new socket after minutes, and requests nothing else", async () => {
    const old = w.socket();
    sleep(120);
    await wake();
    expect([old.closed, w.sockets.length, state().online]).toEqual([true, 2, false]);
    w.socket().open();
    expect([w.socket().sent[0]?.token, state().online, w.call().what]).toEqual(["token-1", true, "launch"]);
  });

  it("renews a bearer that is near its end", async () => {
    sleep(570);
    await wake();
    expect([w.call().what, w.call().given[0]]).toEqual(["pod", "token-1"]);
  });

  it("launches again when the session has ended, and keeps input", async () => {
    w.controller.setNote(w.dana(), "Manager approval");
    sleep(8 * 3600);
    await wake();
    await w.call().no("session_ended", 401);
    const launched = { ...pod(), now: new Date(Date.now()).toISOString() };
    await settle();
    await w.call().yes({ nonce: "n2" });
    await w.asked.at(-1)?.give("a.b.c");
    await w.call().yes({ token: "token-2", expires_at: new Date(Date.now() + 600_000).toISOString(), pod: launched });
    expect([state().phase, state().notes.dana]).toEqual(["open", "Manager approval"]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(w.calls.filter((c) => c.what === "pod")).toHaveLength(1);
  });

  it("does all that at once when the page is visible again", async () => {
    sleep(570);
    w.controller.wake();
    await settle();
    expect([w.call().what, w.sockets.length]).toEqual(["pod", 2]);
  });

  it("requests again when the network was not back", async () => {
    sleep(570);
    await wake();
    await w.call().lost();
    await wake();
    expect(w.calls.filter((c) => c.what === "pod")).toHaveLength(2);
  });

  it("is not confused with a background page, whose timers run once a minute", async () => {
    sleep(60);
    await wake();
    expect(w.sockets).toHaveLength(1);
  });
});
