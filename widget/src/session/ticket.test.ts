import { beforeEach, describe, expect, it, vi } from "vitest";
import { channel, contact, createHarness, green, pending, pod, settle, t0 } from "../../test/harness";

let w: ReturnType<typeof createHarness>;

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse(t0) });
  w = createHarness();
  w.controller.start();
});

const state = () => w.controller.state.value;

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
