import { describe, expect, it } from "vitest";
import { channel, contact, green, pending, pod, secondsAfter, t0 } from "../../test/harness";
import type { Channel, Contact, Pod, Shield } from "../types";
import { initialState, needsLazy, noteStatus } from "./state";

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

describe("what is loaded before the pod is drawn", () => {
  const dana = (shield: Shield, more: Partial<Channel> = {}, lock?: Contact["lock"]): Partial<Pod> => ({
    contacts: [{ ...contact("dana", 1, [{ ...channel("mobile", shield), ...more }]), lock }],
  });
  const grey: Shield = { state: "unverified" };
  const limits = { failures: 0, limit: 10 };
  const { policy } = pod();

  it.each<[string, Partial<Pod>, boolean]>([
    ["nothing for shields at rest", dana(grey), false],
    ["nothing for a verified shield", dana(green("v_1")), false],
    ...(["policy", "landline", "no_carrier"] as const).map((reason): [string, Partial<Pod>, boolean] => [
      `nothing for a method that is refused by ${reason}`,
      dana(grey, { methods: [{ method: "sms_code", reason }] }),
      false,
    ]),
    ["nothing for wrong codes before the lock", dana(grey, {}, { ...limits, failures: 9, locked: false }), false],
    ["nothing without a contact", { contacts: [] }, false],
    ["the code field for a pending shield", dana(pending("v_1")), true],
    ["nothing for a pending shield that has ended", dana({ ...pending("v_1"), until: t0 }), false],
    ["the reason for a failed shield", dana({ state: "failed", reason: "undelivered" }), true],
    ["the reason for a denied shield", dana({ state: "denied" }), true],
    ["the reason for a lock by codes", dana(grey, {}, { ...limits, locked: true }), true],
    ["the reason for a lock by denial", dana(grey, {}, { ...limits, locked: false, denied: true }), true],
    ["the reason for an unusable number", dana(grey, { unusable: { reason: "extension", text: "ext. 5" } }), true],
    ["the text of a rare refusal", dana(grey, { methods: [{ method: "sms_code", reason: "voip" }] }), true],
    [
      "the notice for the technician's own contact",
      dana(grey, { methods: [{ method: "sms_code", reason: "own_channel" }] }),
      true,
    ],
    ["the note for a contact who is not the ticket's", { contacts: [contact("sam", 1, [], false)] }, true],
    ["the hint for an unknown technician", { technician_known: false }, true],
    ["the banner", { policy: { ...policy, banner: { text: "VIP client." } } }, true],
    [
      "nothing for a banner of another time",
      { policy: { ...policy, banner: { text: "VIP client.", from: secondsAfter(60) } } },
      false,
    ],
  ])("%s", (_, more, want) => {
    expect(needsLazy({ ...initialState, pod: { ...pod(), ...more }, now: Date.parse(t0) })).toBe(want);
  });

  it("nothing while there is no pod", () => {
    expect(needsLazy(initialState)).toBe(false);
  });

  it("is decided by the contact on screen", () => {
    const locked = { ...contact("sam", 1, [channel("mobile", pending("v_1"))]), default: false };
    const both = { ...pod(), contacts: [contact("dana", 1, []), locked] };
    expect(needsLazy({ ...initialState, pod: both, now: Date.parse(t0), selected: "dana" })).toBe(false);
  });
});
