import { beforeEach, describe, expect, it, vi } from "vitest";
import { type Call, channel, contact, createHarness, pending, pod, secondsAfter, settle, t0 } from "../../test/harness";

let w: ReturnType<typeof createHarness>;

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse(t0) });
  w = createHarness();
  w.controller.start();
});

const state = () => w.controller.state.value;

describe("a running session", () => {
  beforeEach(() => w.launch());

  it("is renewed a minute before its end", async () => {
    await vi.advanceTimersByTimeAsync(540_000);
    expect([w.call().what, w.call().given[0]]).toEqual(["pod", "token-1"]);
    await w.call().yes({ token: "token-2", expires_at: secondsAfter(1200), pod: { ...pod(), now: secondsAfter(540) } });
    void w.controller.send(w.dana(), w.reach("mobile"), "sms_code");
    expect(w.call().given[0]).toBe("token-2");
  });

  it("uses the bearer that the socket brings, and does not request another", async () => {
    w.socket().say({ type: "session", token: "token-2", expires_at: secondsAfter(1200) });
    await vi.advanceTimersByTimeAsync(541_000);
    expect(w.calls.map((c) => c.what)).toEqual(["challenge", "launch"]);
  });

  it("requests a new context when the server ends the connection, and keeps input", async () => {
    w.controller.setNote(w.dana(), "Manager approval");
    w.event(2, { mobile: pending("v_1") });
    w.controller.setCode("v_1", "482");
    w.socket().lose(4503);
    await w.launch(pod("4711", [contact("dana", 2, [channel("mobile", pending("v_1")), channel("mail")])]), "token-2");
    expect(w.socket().sent[0]?.token).toBe("token-2");
    expect([state().notes.dana, state().codes.v_1]).toEqual(["Manager approval", "482"]);
  });

  it("stops when a new context does not help", async () => {
    w.socket().lose(4501);
    await w.launch(pod(), "token-2");
    w.socket().lose(4501);
    await settle();
    expect([state().phase, state().problem?.code, w.asked.length]).toEqual(["stopped", "session_ended", 2]);
  });

  it("relaunches for a rejected bearer, and repeats the request under the same key", async () => {
    void w.controller.send(w.dana(), w.reach("mobile"), "sms_code");
    await w.call().no("session_invalid", 401);
    await w.launch(pod(), "token-2");
    expect([w.call().what, w.call().given[0], w.call().given[2]]).toEqual(["send", "token-2", "key-1"]);
  });

  it("continues when the old bearer is rejected after the new one has arrived", async () => {
    void w.controller.send(w.dana(), w.reach("mobile"), "sms_code");
    const sending = w.call();
    void w.controller.loadOlder(w.dana());
    const loading = w.call();
    await sending.no("session_ended", 401);
    await w.launch(pod(), "token-2");
    await loading.no("session_ended", 401);
    expect([state().phase, w.asked.length, w.call().what, w.call().given[0]]).toEqual([
      "open",
      2,
      "history",
      "token-2",
    ]);
  });

  it.each([
    ["an answer", (late: Call) => late.yes({ token: "token-1b", expires_at: secondsAfter(1200), pod: pod() })],
    ["a refusal", (late: Call) => late.no("session_ended", 401)],
  ])("does not go back to an older session by %s to its renewal", async (_, come) => {
    await vi.advanceTimersByTimeAsync(540_000);
    const renewal = w.call();
    w.hostEvents().ticketUpdated();
    await w.launch(pod("4711", [contact("dana", 1, [channel("mobile")], false), contact("sam", 1, [])]), "token-2");
    await come(renewal);
    void w.controller.loadOlder(w.dana());
    expect([renewal.what, state().selected, w.asked.length]).toEqual(["pod", "sam", 2]);
    expect([w.call().what, w.call().given[0]]).toEqual(["history", "token-2"]);
  });

  it("drops everything when the new context is for another ticket", async () => {
    w.controller.setNote(w.dana(), "Manager approval");
    void w.controller.send(w.dana(), w.reach("mobile"), "sms_code");
    await w.call().no("session_invalid", 401);
    await w.launch(pod("4712"), "token-2");
    await settle();
    expect(w.calls.filter((c) => c.what === "send")).toHaveLength(1);
    expect([state().pod?.ticket.id, state().notes, state().busy]).toEqual(["4712", {}, {}]);
  });
});
