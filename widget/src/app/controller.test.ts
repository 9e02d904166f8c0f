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
import { lazy } from "../lazy/registry";

let w: ReturnType<typeof createHarness>;

beforeEach(async () => {
  vi.useFakeTimers({ now: Date.parse(t0) });
  w = createHarness();
  w.controller.start();
  await w.launch();
});

const state = () => w.controller.state.value;
const press = () => void w.controller.send(w.dana(), w.reach("mobile"), "sms_code");

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

  it("is saved while the pod is a skeleton, because it needs what has not been loaded", async () => {
    w = createHarness({ late: true });
    w.controller.start();
    const fresh = pod("4711", [contact("dana", 1, [channel("mobile", pending("v_1"))])]);
    await w.launch({ ...fresh, policy: { ...fresh.policy, before_save: "block" } });
    expect([state().phase, state().drawn, w.hostEvents().beforeSave()]).toEqual(["open", false, []]);
    lazy.value = { missing: true };
    expect([state().drawn, w.hostEvents().beforeSave()]).toEqual([true, reasons]);
  });

  it("is not saved while a pod that was drawn waits for what it needs now", async () => {
    w = createHarness({ late: true });
    w.controller.start();
    const fresh = pod();
    await w.launch({ ...fresh, policy: { ...fresh.policy, before_save: "block" } });
    w.event(2, { mobile: pending("v_1") });
    expect([state().drawn, w.hostEvents().beforeSave()]).toEqual([true, reasons]);
  });

  it("is saved while there is no pod", () => {
    w.rules({ before_save: "block" });
    w.refresh();
    expect([w.hostEvents().beforeSave(), w.controller.state.value.saveNotice]).toEqual([[], "off"]);
  });
});
