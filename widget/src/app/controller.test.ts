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
import { warningNow } from "../lazy/warning";
import { bannerAt } from "./banner";
import { historyOf, noteStatus } from "./state";

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

describe("the override note", () => {
  const { policy } = pod();
  const sam = contact("sam", 1, [], false);
  it.each([
    ["the ticket's own contact needs none", contact("dana", 1, []), policy, "", "none"],
    ["another contact needs one", sam, policy, "", "missing"],
    ["blanks are none", sam, policy, "   ", "missing"],
    ["two characters are too few", sam, policy, "ok", "short"],
    ["three are enough", sam, policy, "yes", "ok"],
    ["where it is optional, none is fine", sam, { ...policy, override_note: "optional" as const }, "", "ok"],
    ["but a short one is not", sam, { ...policy, override_note: "optional" as const }, "ok", "short"],
    ["where it is off, none is needed", sam, { ...policy, override_note: "off" as const }, "ok", "none"],
  ])("%s", (_, who, rules, note, want) => {
    expect(noteStatus(who, rules, note)).toBe(want);
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

describe("changes are reported", () => {
  const turns = () => w.said.slice(1);
  const ids = { contact_id: "dana", channel_id: "mobile", method: "sms_code" };

  it("to the host in ids and states, and to the live region in a sentence, each once", () => {
    w.event(2, { mobile: pending("v_1") });
    expect(state().announcement).toBe("dana, mobile ending in 4821: Code on its way");
    w.event(3, { mobile: { ...pending("v_1"), stage: "delivered" } });
    expect(state().announcement).toBe("mobile ending in 4821: Code delivered");
    w.event(4, { mobile: green("v_1") });
    w.event(4, { mobile: green("v_1") });
    expect(state().announcement).toBe("dana, mobile ending in 4821: verified");
    expect(turns()).toEqual([
      { type: "shieldpod:verification:sent", verification_id: "v_1", ...ids },
      { type: "shieldpod:verification:verified", verification_id: "v_1", ...ids },
    ]);
  });

  it("when a verification expires, by the pod's own clock", async () => {
    w.event(2, { mobile: pending("v_1") });
    await vi.advanceTimersByTimeAsync(299_000);
    expect(turns()).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(turns().slice(1)).toEqual([{ type: "shieldpod:verification:expired", verification_id: "v_1", ...ids }]);
    expect(state().announcement).toBe("dana, mobile ending in 4821: expired unanswered");
  });

  it("but not changes from before the launch", async () => {
    w.refresh();
    w.said.length = 0;
    await w.launch(pod("4712", [contact("dana", 1, [channel("mobile", green("v_0"))])]));
    expect([w.said, state().announcement]).toEqual([[{ type: "shieldpod:ready" }], ""]);
  });
});

describe("the clock", () => {
  it("is the server's", async () => {
    w.refresh();
    await w.launch({ ...pod(), now: secondsAfter(-7200) });
    expect(state().now).toBe(Date.parse(secondsAfter(-7200)));
  });

  it("ticks each second while a countdown runs, and not otherwise", async () => {
    const ticks = vi.fn();
    w.controller.state.subscribe(ticks);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(ticks).not.toHaveBeenCalled();
    w.event(2, { mobile: pending("v_1") });
    ticks.mockClear();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(ticks).toHaveBeenCalledTimes(10);
  });

  it("ticks every fifteen seconds while a shield is green, for a machine that slept", async () => {
    w.event(2, { mobile: green("v_1") });
    const ticks = vi.fn();
    w.controller.state.subscribe(ticks);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ticks).toHaveBeenCalledTimes(4);
  });

  it("follows the server when it jumps ahead", () => {
    w.event(2, { mobile: pending("v_1") });
    w.event(2, { mobile: pending("v_1") }, secondsAfter(400));
    expect(state().announcement).toBe("dana, mobile ending in 4821: expired unanswered");
  });

  it("row 24: is not set back by a late frame", () => {
    w.event(2, { mobile: green("v_1") }, secondsAfter(60));
    w.event(3, { mobile: green("v_1") }, t0);
    expect(state().now).toBe(Date.parse(secondsAfter(60)));
  });

  it("is corrected by a snapshot", () => {
    w.event(2, { mobile: green("v_1") }, secondsAfter(60));
    w.socket().say({ type: "snapshot", pod: pod() });
    expect(state().now).toBe(Date.parse(t0));
  });
});

describe("after a policy change", () => {
  const other = { note_min: 5 };

  it("the selected contact, the notes and the typed code stay, and the change is announced once", () => {
    w.event(2, { mobile: pending("v_1") });
    w.controller.setCode("v_1", "48");
    w.controller.selectContact("dana");
    w.controller.setNote(w.dana(), "Manager approval");
    w.rules(other);
    expect(state()).toMatchObject({
      selected: "dana",
      codes: { v_1: "48" },
      notes: { dana: "Manager approval" },
      announcement: "The rules for Contoso have changed.",
    });
    w.event(3, { mobile: { ...pending("v_1"), stage: "delivered" } });
    expect(state().announcement).toBe("mobile ending in 4821: Code delivered");
  });

  it("a green shield that ends is announced too", () => {
    w.event(2, { mobile: green("v_1") });
    w.rules(other, { contacts: [contact("dana", 2, [channel("mobile"), channel("mail")])] });
    expect(state().announcement).toBe(
      "The rules for Contoso have changed. dana, mobile ending in 4821: no longer verified",
    );
  });

  it("a response that is newer than its contact stays", async () => {
    press();
    await w.call().yes(answer("v_1", 2, pending("v_1")));
    w.rules(other, { contacts: [contact("dana", 1, [channel("mobile"), channel("mail")])] });
    expect([w.shield().state, state().pod?.policy.note_min]).toEqual(["pending", 5]);
  });

  it("the clock is not set back by a late frame", () => {
    w.event(2, { mobile: green("v_1") }, secondsAfter(60));
    w.rules(other, { now: t0 });
    expect(state().now).toBe(Date.parse(secondsAfter(60)));
  });

  it("the next connection sends the policy version on screen", async () => {
    w.rules(other);
    w.socket().lose();
    await vi.advanceTimersByTimeAsync(1_000);
    w.socket().open();
    expect(w.socket().sent[0]).toEqual({ type: "auth", token: "token-1", since: 1, policy: "2.0" });
  });
});

describe("the panel", () => {
  const open = async (rules: { show_on_load: boolean }, first_open: boolean, shield?: ReturnType<typeof pending>) => {
    w.refresh();
    const fresh = pod("4712", [contact("dana", 1, [channel("mobile", shield), channel("mail")])]);
    await w.launch({ ...fresh, first_open, policy: { ...fresh.policy, ...rules } });
  };
  const [on, off] = [{ show_on_load: true }, { show_on_load: false }];

  it.each([
    ["opens the first time", on, true, undefined, true],
    ["stays closed the second time", on, false, undefined, false],
    ["stays closed where the policy says so", off, true, undefined, false],
    ["opens when a verification is pending", off, false, pending("v_1"), true],
  ])("%s", async (_, rules, first, shield, want) => {
    await open(rules, first, shield);
    expect(state().expanded).toBe(want);
  });

  it("opens and closes with the policy", async () => {
    await open(off, true);
    w.rules(on);
    expect(state().expanded).toBe(true);
    w.rules(off);
    expect(state().expanded).toBe(false);
  });

  it("stays closed after a policy change when it is not the first time", async () => {
    await open(off, false);
    w.rules(on);
    expect(state().expanded).toBe(false);
  });

  it("does not change with other policy fields", async () => {
    await open(on, true);
    w.rules({ note_min: 5 }, { first_open: false });
    expect(state().expanded).toBe(true);
  });

  it.each<[string, () => void]>([
    ["the technician asked for it", () => w.controller.expand()],
    ["a verification is pending", () => w.event(2, { mobile: pending("v_1") })],
    ["a note is typed", () => w.controller.setNote(w.dana(), "Man")],
  ])("stays open when %s", async (_, begin) => {
    await open(on, true);
    begin();
    w.rules(off);
    expect(state().expanded).toBe(true);
  });
});

describe("the banner", () => {
  it("appears and disappears by the server's clock", async () => {
    const banner = {
      text: "Change freeze.",
      tone: "warning" as const,
      from: secondsAfter(7200 + 20),
      until: secondsAfter(7200 + 40),
    };
    w.refresh();
    const fresh = pod();
    await w.launch({ ...fresh, now: secondsAfter(7200), policy: { ...fresh.policy, banner } });
    const shown = () => bannerAt(state().pod?.policy.banner, state().now)?.text;
    expect(shown()).toBeUndefined();
    await vi.advanceTimersByTimeAsync(20_000);
    expect([shown(), state().announcement]).toEqual(["Change freeze.", "Warning: Change freeze."]);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(shown()).toBeUndefined();
  });

  it("of a policy change is announced after the change", () => {
    w.rules({ banner: { text: "VIP client." } });
    expect(state().announcement).toBe("The rules for Contoso have changed. Information: VIP client.");
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

describe("a ticket that is saved", () => {
  const reasons = ["Verify the caller before you save: nobody on this ticket is verified yet (Shieldpod)."];
  const why = "Set by Contoso’s policy, version 7, by Ana on 24 Nov 2026.";

  it.each([
    ["off", [], "off"],
    ["warn", [], "warn"],
    ["block", [...reasons, why], "block"],
  ] as const)("with an unverified caller, under %s", (before_save, want, saved) => {
    w.rules({ before_save, explanations: { before_save: why } });
    expect([w.hostEvents().beforeSave(), w.controller.state.value.saveNotice]).toEqual([want, saved]);
  });

  it("is saved while a contact on it is verified, and not afterwards", async () => {
    w.rules({ before_save: "block" });
    w.event(2, { mobile: green("v_1") });
    expect(w.hostEvents().beforeSave()).toEqual([]);
    await vi.advanceTimersByTimeAsync(1_800_000);
    expect(w.hostEvents().beforeSave()).toEqual(reasons);
  });

  it("is saved while the pod has stopped", async () => {
    w.rules({ before_save: "block" });
    w.socket().lose(4503);
    await settle();
    await w.call().no("psa_misconfigured", 502);
    expect([w.controller.state.value.phase, w.hostEvents().beforeSave()]).toEqual(["stopped", []]);
  });

  it("is saved while there is no pod", () => {
    w.rules({ before_save: "block" });
    w.refresh();
    expect([w.hostEvents().beforeSave(), w.controller.state.value.saveNotice]).toEqual([[], "off"]);
  });
});
