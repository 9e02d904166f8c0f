import { beforeEach, describe, expect, it, vi } from "vitest";
import { contact, createHarness, pod, secondsAfter, settle, t0 } from "../../test/harness";

let w: ReturnType<typeof createHarness>;

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse(t0) });
  w = createHarness();
  w.controller.start();
});

const state = () => w.controller.state.value;

describe("launch", () => {
  it("requests a challenge at once, then a context, then a session", async () => {
    expect(w.calls.map((c) => c.what)).toEqual(["challenge"]);
    await w.call().yes({ nonce: "n1" });
    expect(w.asked.map((a) => a.nonce)).toEqual(["n1"]);
    await w.asked[0]?.give("a.b.c");
    expect(w.call().given[0]).toEqual({ context: "a.b.c", nonce: "n1" });
    await w.call().yes({ token: "token-1", expires_at: secondsAfter(600), pod: pod() });
    expect(state().phase).toBe("open");
    w.socket().open();
    expect(w.socket().sent).toEqual([{ type: "auth", token: "token-1", since: 1, policy: "1.0" }]);
    expect(w.said).toEqual([{ type: "shieldpod:ready" }]);
  });

  it("opens on the ticket's own contact, expanded or not by policy", async () => {
    const fresh = pod("4711", [contact("sam", 1, [], false), contact("dana", 1, [])]);
    await w.launch({ ...fresh, policy: { ...fresh.policy, show_on_load: false } });
    expect([state().selected, state().expanded]).toEqual(["dana", false]);
  });

  it.each([
    ["the host refuses", "context_refused"],
    ["the host does not answer", "host_timeout"],
  ] as const)("stops when %s", async (_, code) => {
    await w.call().yes({ nonce: "n1" });
    await w.asked[0]?.refuse(code);
    expect([state().phase, state().problem?.code]).toEqual(["stopped", code]);
  });

  it("requests another context when the first has expired, and then stops", async () => {
    for (const nonce of ["n1", "n2"]) {
      await w.call().yes({ nonce });
      await w.asked.at(-1)?.give("a.b.c");
      await w.call().no("context_expired", 401);
    }
    expect([w.asked.length, state().phase, state().problem?.code]).toEqual([2, "stopped", "context_expired"]);
  });

  it("waits for an unreachable server, and launches when it is back", async () => {
    await w.call().lost();
    expect([state().phase, state().online]).toEqual(["starting", false]);
    await vi.advanceTimersByTimeAsync(500);
    await w.call().lost();
    await vi.advanceTimersByTimeAsync(1000);
    await w.launch();
    expect([state().phase, state().online]).toEqual(["open", true]);
  });
});

describe("a ticket system or a server that can't answer now", () => {
  const toLaunch = async () => {
    await settle();
    await w.call().yes({ nonce: "n" });
    await w.asked.at(-1)?.give("a.b.c");
  };

  it.each([
    ["psa_unavailable", 503],
    ["psa_busy", 429],
    ["unavailable", 503],
  ] as const)("%s: says so, and tries again by itself until it can", async (code, status) => {
    await toLaunch();
    await w.call().no(code, status);
    expect([state().phase, state().problem?.code]).toEqual(["stopped", code]);
    await vi.advanceTimersByTimeAsync(500);
    await toLaunch();
    await w.call().no(code, status);
    await vi.advanceTimersByTimeAsync(1_000);
    await w.launch();
    expect([state().phase, state().problem]).toEqual(["open", null]);
  });

  it("waits as long as the server demands", async () => {
    await toLaunch();
    await w.call().no("psa_busy", 429, 7);
    await vi.advanceTimersByTimeAsync(6_900);
    expect(w.call().what).toBe("launch");
    await vi.advanceTimersByTimeAsync(100);
    expect(w.call().what).toBe("challenge");
  });

  it("gets a request at once when the technician presses", async () => {
    await toLaunch();
    await w.call().no("psa_busy", 429, 50);
    w.controller.retry();
    expect(state().phase).toBe("starting");
    await w.launch();
    expect([state().phase, w.sockets.filter((s) => !s.closed).length]).toEqual(["open", 1]);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(w.calls.filter((c) => c.what === "launch")).toHaveLength(2);
  });

  it("leaves an open pod open", async () => {
    await w.launch();
    w.socket().lose(4503);
    await toLaunch();
    await w.call().no("psa_unavailable", 503);
    expect([state().phase, state().online, state().pod?.ticket.id]).toEqual(["open", false, "4711"]);
  });
});

describe("the socket", () => {
  it("is opened during the launch, and authenticates once there is a session", async () => {
    expect([w.sockets.length, w.socket().sent]).toEqual([1, []]);
    w.socket().open();
    await w.launch();
    expect([w.sockets.length, w.socket().sent[0]?.token]).toEqual([1, "token-1"]);
  });

  it("is opened again when the launch took longer than the server's authentication time-out", async () => {
    await vi.advanceTimersByTimeAsync(4_000);
    await w.launch();
    expect(w.sockets.map((s) => s.closed)).toEqual([true, false]);
  });

  it("is closed with a launch that fails", async () => {
    await w.call().no("context_invalid", 401);
    expect([w.sockets.length, w.socket().closed]).toEqual([1, true]);
  });

  it("is opened once for tickets that change quickly", async () => {
    for (let n = 0; n < 100; n++) w.refresh();
    await w.launch();
    expect(w.sockets.length).toBeLessThanOrEqual(2);
    expect(w.sockets.filter((s) => !s.closed)).toHaveLength(1);
  });
});
