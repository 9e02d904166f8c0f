import { beforeEach, describe, expect, it, vi } from "vitest";
import {
  type Call,
  channel,
  contact,
  createHarness,
  green,
  pending,
  pod,
  secondsAfter,
  settle,
  t0,
} from "../../test/harness";

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

describe("input and selection", () => {
  beforeEach(async () => {
    await w.launch();
    w.controller.setNote(w.dana(), "Manager approval");
    w.event(2, { mobile: pending("v_1") });
    w.controller.setCode("v_1", "482");
    w.controller.openHistory("dana");
  });
  const fresh = () =>
    pod("4711", [
      contact("dana", 2, [channel("mobile", pending("v_1")), channel("mail")]),
      contact("sam", 1, [], false),
    ]);
  const typed = () => [state().notes.dana, state().codes.v_1, state().openHistory, state().selected];
  const kept = ["Manager approval", "482", "dana", "dana"];

  it("is kept when the session stops and the technician presses to try again", async () => {
    w.socket().lose(4503);
    await settle();
    await w.call().no("context_invalid", 401);
    expect(state().phase).toBe("stopped");
    w.controller.retry();
    await w.launch(fresh(), "token-2");
    expect([state().phase, ...typed()]).toEqual(["open", ...kept]);
  });

  it("is kept when the host reports that the ticket may have changed", async () => {
    w.hostEvents().ticketUpdated();
    await w.launch(fresh(), "token-2");
    expect([typed(), w.socket().sent[0]?.token]).toEqual([kept, "token-2"]);
  });

  it("is dropped when it is another ticket", async () => {
    w.hostEvents().ticketUpdated();
    await w.launch(pod("4712"), "token-2");
    expect(typed()).toEqual([undefined, undefined, "", "dana"]);
  });

  it("follows the ticket's new contact, unless another was selected", async () => {
    const moved = pod("4711", [contact("dana", 2, [], false), contact("sam", 1, [])]);
    w.hostEvents().ticketUpdated();
    await w.launch(moved, "token-2");
    expect(state().selected).toBe("sam");
    w.controller.selectContact("dana");
    w.hostEvents().ticketUpdated();
    await w.launch(pod("4711", [contact("dana", 2, []), contact("sam", 1, [], false)]), "token-3");
    expect(state().selected).toBe("dana");
  });
});

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

describe("row 26: a switch of ticket", () => {
  beforeEach(() => w.launch());

  const expectInitialInput = () => {
    const { notes, codes, errors, busy, older, keys, announcement } = state();
    expect({ notes, codes, errors, busy, older, keys, announcement }).toEqual({
      notes: {},
      codes: {},
      errors: {},
      busy: {},
      older: {},
      keys: {},
      announcement: "",
    });
  };

  it("empties the screen before the host has answered", () => {
    w.controller.setNote(w.dana(), "Manager approval");
    w.event(2, { mobile: pending("v_1") });
    w.controller.setCode("v_1", "482");
    const old = w.socket();
    w.refresh();
    expect([state().phase, state().pod, old.closed]).toEqual(["starting", null, true]);
    expectInitialInput();
  });

  it("aborts requests, and ignores their late responses", async () => {
    void w.controller.send(w.dana(), w.reach("mobile"), "sms_code");
    const sending = w.call();
    w.refresh();
    expect(sending.signal.aborted).toBe(true);
    await w.launch(pod("4712"));
    await sending.yes({
      id: "v_1",
      contact_id: "dana",
      channel_id: "mobile",
      method: "sms_code",
      seq: 9,
      shield: green("v_1"),
    });
    expect([state().pod?.ticket.id, w.shield().state]).toEqual(["4712", "unverified"]);
    expectInitialInput();
  });

  it("shows no error of the old ticket on the new one", async () => {
    void w.controller.send(w.dana(), w.reach("mobile"), "sms_code");
    const sending = w.call();
    w.refresh();
    await w.launch(pod("4712"));
    await sending.no("cooldown");
    expectInitialInput();
  });

  it("does not repeat a lost request of the old ticket", async () => {
    void w.controller.send(w.dana(), w.reach("mobile"), "sms_code");
    await w.call().lost();
    w.refresh();
    await w.launch(pod("4712"), "token-2");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(w.calls.filter((c) => c.what === "send")).toHaveLength(1);
  });

  it("ignores frames of the old socket", async () => {
    const old = w.socket();
    w.refresh();
    await w.launch(pod("4712"));
    old.say({ type: "event", seq: 9, now: t0, contact_id: "dana", shields: { mobile: green("v_1") }, history: [] });
    expect(w.shield().state).toBe("unverified");
  });

  it("during a launch ends that launch", async () => {
    w.refresh();
    await settle();
    await w.call().yes({ nonce: "old" });
    const late = w.asked.at(-1);
    w.refresh();
    await w.launch(pod("4713"));
    await late?.give("context for 4712");
    expect(w.calls.filter((c) => c.what === "launch").map((c) => c.given[0])).toMatchObject([
      { context: "context for 4711" },
      { context: "context for 4713" },
    ]);
    expect(state().pod?.ticket.id).toBe("4713");
  });

  it("loads no page of the old ticket's history", async () => {
    void w.controller.loadOlder(w.dana());
    const loading = w.call();
    w.refresh();
    await w.launch(pod("4712"));
    await loading.yes({ entries: [{ verification_id: "v_0" }] });
    expectInitialInput();
  });
});
