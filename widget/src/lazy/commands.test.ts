import { beforeEach, describe, expect, it, vi } from "vitest";
import {
  answer,
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
import { historyOf, pendingAction } from "../app/state";
import { lazy } from "./registry";
import { warningNow } from "./warning";

let w: ReturnType<typeof createHarness>;

beforeEach(async () => {
  vi.useFakeTimers({ now: Date.parse(t0) });
  w = createHarness();
  w.controller.start();
  await w.launch();
});

const state = () => w.controller.state.value;
const where = "dana/mobile";
const sends = () => w.calls.filter((c) => c.what === "send");
const press = () => void w.controller.send(w.dana(), w.reach("mobile"), "sms_code");

describe("send", () => {
  it("names contact, channel and method, and shows the response at once", async () => {
    press();
    expect(w.call().given.slice(2)).toEqual([
      "key-1",
      { contact_id: "dana", channel_id: "mobile", method: "sms_code" },
    ]);
    expect(state().busy[where]?.action).toBe("sms_code");
    await w.call().yes(answer("v_1", 2, pending("v_1")));
    expect([w.shield().state, state().busy]).toEqual(["pending", {}]);
  });

  it("happens once for repeated presses", () => {
    press();
    press();
    expect(sends()).toHaveLength(1);
  });

  it("does not block the check of a code whose message was sent, though the response to the send is lost", async () => {
    press();
    await w.call().lost();
    w.event(2, { mobile: pending("v_1") });
    w.controller.setCode("v_1", "482193");
    void w.controller.checkCode(w.dana(), w.reach("mobile"), "v_1");
    const checking = w.call();
    await vi.advanceTimersByTimeAsync(500);
    await w.call().yes(answer("v_1", 2, pending("v_1")));
    expect(state().busy[where]?.action).toBe("code");
    await checking.yes(answer("v_1", 3, green("v_1")));
    expect([w.shield().state, state().busy]).toEqual(["verified", {}]);
  });

  it("does nothing while the socket is down", () => {
    w.socket().lose();
    press();
    expect(sends()).toHaveLength(0);
  });

  it("repeats a lost request under its key until there is a response", async () => {
    press();
    await w.call().lost();
    await vi.advanceTimersByTimeAsync(500);
    await w.call().lost();
    await vi.advanceTimersByTimeAsync(1000);
    await w.call().yes(answer("v_1", 2, pending("v_1")));
    expect(sends().map((c) => c.given[2])).toEqual(["key-1", "key-1", "key-1"]);
    expect([w.shield().state, state().keys]).toEqual(["pending", {}]);
  });

  it("keeps the key of a press with an unknown result for the next press of the same button", async () => {
    press();
    for (const wait of [500, 1000, 2000, 4000, 0]) {
      await w.call().lost();
      await vi.advanceTimersByTimeAsync(wait);
    }
    expect([sends().length, state().busy, state().errors[where]?.text.slice(0, 24)]).toEqual([
      5,
      {},
      "Shieldpod did not answer",
    ]);
    press();
    expect(w.call().given[2]).toBe("key-1");
    await w.call().yes(answer("v_1", 2, pending("v_1")));
    w.event(3, { mobile: { state: "unverified" } });
    press();
    expect(w.call().given[2]).toBe("key-2");
  });

  it("shows the server's sentence beside the button, and uses a new key next time", async () => {
    press();
    await w.call().no("cooldown", 429);
    expect(state().errors).toEqual({
      [where]: { action: "sms_code", judged: false, text: "server says cooldown", shieldKey: "unverified " },
    });
    press();
    expect([state().errors, w.call().given[2]]).toEqual([{}, "key-2"]);
  });

  it("includes the note for a contact who is not the ticket's, on one line", async () => {
    w.refresh();
    await w.launch(pod("4711", [contact("dana", 1, [channel("mobile")], false)]));
    press();
    expect(sends()).toHaveLength(0);
    w.controller.setNote(w.dana(), "  Manager\n approval ");
    press();
    expect(w.request().note).toBe("Manager approval");
  });
});

describe("the code", () => {
  beforeEach(() => {
    w.event(2, { mobile: pending("v_1") });
    w.controller.setCode("v_1", "482193");
  });
  const check = () => void w.controller.checkCode(w.dana(), w.reach("mobile"), "v_1");

  it("turns the shield green", async () => {
    check();
    expect(w.call().given.slice(2)).toEqual(["v_1", "482193"]);
    await w.call().yes(answer("v_1", 3, green("v_1")));
    expect(w.shield().state).toBe("verified");
  });

  it("that is wrong shows an error beside the field, and shakes it once", async () => {
    check();
    await w.call().no("wrong_code", 422);
    expect(state().errors[where]).toEqual({
      action: "code",
      text: "server says wrong_code",
      judged: true,
      shieldKey: "pending v_1",
    });
    expect(state().wrongCodes[where]).toBe(1);
  });

  it("is not checked again when the response is lost: each check uses a try", async () => {
    check();
    await w.call().lost();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(w.calls.filter((c) => c.what === "checkCode")).toHaveLength(1);
    expect(state().errors[where]?.text).toBe("Shieldpod did not answer. Verify again when it is back.");
  });

  it("is not marked wrong when it was not checked", async () => {
    check();
    await w.call().lost();
    expect([state().errors[where]?.judged, state().wrongCodes[where]]).toEqual([false, undefined]);
  });

  it("is not marked wrong by a failed cancellation", async () => {
    void w.controller.cancel(w.dana(), w.reach("mobile"), "v_1");
    await w.call().lost();
    expect(state().errors[where]).toMatchObject({ action: "cancel", text: "Shieldpod did not answer. Try again." });
  });

  it("is dropped when its verification has ended", () => {
    w.event(3, { mobile: green("v_9") });
    expect(state().codes).toEqual({});
  });
});

describe("a quota that is nearly used up", () => {
  const quota = (name: string, used: number) => ({ name, used, limit: 10, frees_at: secondsAfter(600) });
  const near = () => warningNow(state(), where, w.shield())?.name;

  it("is shown while the verification is pending, the one with the highest share", async () => {
    press();
    const warnings = [quota("quota_client_hour", 8), quota("quota_destination_day", 9)];
    await w.call().yes({ ...answer("v_1", 2, pending("v_1")), warnings });
    expect(near()).toBe("quota_destination_day");
    w.event(3, { mobile: green("v_1") });
    expect(near()).toBeUndefined();
  });

  it("is not shown for a message without a warning", async () => {
    press();
    await w.call().yes(answer("v_1", 2, pending("v_1")));
    expect(near()).toBeUndefined();
  });
});

describe("older history", () => {
  const entry = (id: string) => ({ verification_id: id, outcome: "verified", expires_at: t0 });
  const ids = () => historyOf(state(), w.dana()).map((e) => e.verification_id);

  it("is loaded page by page, each entry once", async () => {
    w.socket().say({
      type: "event",
      seq: 2,
      now: t0,
      contact_id: "dana",
      shields: {},
      methods: {},
      history: [entry("v_3"), entry("v_2")],
    });
    void w.controller.loadOlder(w.dana());
    await w.call().yes({ entries: [entry("v_3"), entry("v_2"), entry("v_1")], next: "17" });
    expect([ids(), state().older.dana?.state]).toEqual([["v_3", "v_2", "v_1"], "ready"]);
    void w.controller.loadOlder(w.dana());
    expect(w.call().given[3]).toBe("17");
    await w.call().yes({ entries: [entry("v_0")] });
    expect([ids(), state().older.dana?.state]).toEqual([["v_3", "v_2", "v_1", "v_0"], "done"]);
  });

  it("shows an error when loading fails, and can be loaded again", async () => {
    void w.controller.loadOlder(w.dana());
    await w.call().lost();
    await settle();
    expect(state().older.dana?.error).toBe("Shieldpod did not answer. Try again.");
    void w.controller.loadOlder(w.dana());
    expect(w.calls.filter((c) => c.what === "history")).toHaveLength(2);
  });
});

describe("a press before the commands have been loaded", () => {
  beforeEach(async () => {
    w = createHarness({ late: true });
    w.controller.start();
    await w.launch();
  });

  const moved = (masked: string) => pod("4711", [contact("dana", 2, [{ ...channel("mobile"), masked }])]);
  /** The same ticket is launched again. */
  const relaunch = (fresh: ReturnType<typeof pod>) => {
    w.hostEvents().ticketUpdated();
    return w.launch(fresh);
  };

  it.each<[string, () => unknown, number]>([
    ["sends once they are there", () => {}, 1],
    ["sends once for repeated presses", press, 1],
    ["sends after less than 5 seconds", () => vi.advanceTimersByTimeAsync(4_999), 1],
    ["sends nothing after 5 seconds", () => vi.advanceTimersByTimeAsync(5_000), 0],
    ["sends nothing after a sleep of 6 seconds", () => vi.setSystemTime(Date.parse(secondsAfter(6))), 0],
    ["sends nothing when another message was sent", () => w.event(2, { mobile: pending("v_9") }), 0],
    ["sends nothing when the channel was verified", () => w.event(2, { mobile: green("v_9") }), 0],
    ["sends when another channel was verified", () => w.event(2, { mail: green("v_9") }), 1],
    ["sends when the same contact was read again", () => relaunch(moved("+1 ••• ••• 4821")), 1],
    ["sends nothing when the number is another one", () => relaunch(moved("+1 ••• ••• 7777")), 0],
    ["sends nothing when the channel is gone", () => relaunch(pod("4711", [contact("dana", 2, [channel("mail")])])), 0],
    [
      "sends nothing when the contact is gone",
      () => relaunch(pod("4711", [contact("sam", 2, [channel("mobile")])])),
      0,
    ],
  ])("%s", async (_, change, want) => {
    press();
    await change();
    for (const load of w.loads) await load.arrive();
    expect([sends().length, Object.keys(state().busy).length, state().errors]).toEqual([want, want, {}]);
  });

  it("shows the button as busy until it is sent", async () => {
    press();
    expect([sends().length, pendingAction(state(), where, w.shield())]).toEqual([0, "sms_code"]);
    await w.loads[0]?.arrive();
    expect([sends().length, pendingAction(state(), where, w.shield())]).toEqual([1, "sms_code"]);
    await w.call().yes(answer("v_1", 2, pending("v_1")));
    expect([w.shield().state, state().busy]).toEqual(["pending", {}]);
  });

  it("sends with the contact as it is now", async () => {
    press();
    await relaunch(pod("4711", [contact("dana", 2, [channel("mobile")], false)]));
    await w.loads[0]?.arrive();
    expect(sends()).toHaveLength(0); // the contact is no longer the ticket's, so a note is required
  });

  it("is not busy after 5 seconds, and can be pressed again", async () => {
    press();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(state().busy).toEqual({});
    press();
    for (const load of w.loads) await load.arrive();
    expect(sends()).toHaveLength(1);
  });

  it("on two channels sends to the last one only", async () => {
    press();
    void w.controller.send(w.dana(), w.reach("mail"), "email_link");
    expect(Object.keys(state().busy)).toEqual(["dana/mail"]);
    for (const load of w.loads) await load.arrive();
    expect(sends().map((c) => c.given[3])).toEqual([{ contact_id: "dana", channel_id: "mail", method: "email_link" }]);
  });

  it("sends nothing when they do not load; the next press loads them again", async () => {
    press();
    await w.loads[0]?.fail();
    expect([sends().length, lazy.value.missing, state().busy]).toEqual([0, true, {}]);
    press();
    await w.loads[1]?.arrive();
    expect([sends().length, lazy.value.missing]).toEqual([1, undefined]);
  });

  it("sends nothing when another ticket is on screen meanwhile", async () => {
    press();
    w.refresh();
    await w.launch(pod("4712"));
    await w.loads[0]?.arrive();
    expect([sends().length, state().busy, state().errors]).toEqual([0, {}, {}]);
  });
});

describe("commands that did not load", () => {
  beforeEach(async () => {
    w = createHarness({ late: true });
    w.controller.start();
    await w.launch();
    press();
    await w.loads[0]?.fail();
  });

  it.each<[string, () => unknown, number]>([
    ["are not loaded again by a change of the state", () => w.event(2, { mobile: pending("v_9") }), 0],
    [
      "are not loaded again by a countdown",
      () => {
        w.event(2, { mobile: pending("v_9") });
        return vi.advanceTimersByTimeAsync(30_000);
      },
      0,
    ],
    ["are loaded again once when the page wakes", () => w.controller.wake(), 1],
    ["are loaded again once by a press", press, 1],
    ["are loaded again once by Try again", () => w.controller.retry(), 1],
  ])("%s", async (_, act, want) => {
    await act();
    expect(w.loads.length - 1).toBe(want);
    await w.loads[1]?.fail();
    expect(w.loads.length - 1).toBe(want);
  });
});
