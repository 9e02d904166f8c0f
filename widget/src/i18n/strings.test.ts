import { describe, expect, it } from "vitest";
import { channel, contact } from "../../test/harness";
import type { Lock, Method, MethodOption, Reason } from "../types";
import * as w from "./strings";

const [mobile, mail] = [channel("mobile"), channel("mail")];

describe("a refused method shows the reason", () => {
  it.each<[Reason, string]>([
    ["policy", "Not allowed for this client"],
    ["landline", "Can’t get texts"],
    ["locked", "Too many wrong codes"],
    ["own_channel", "This contact is you"],
    ["changed_channel", "Not allowed so soon after a change"],
    ["country_not_allowed", "Texts to this country are not allowed"],
    ["premium_rate", "Premium-rate number: no texts"],
    ["voip", "Internet number: no texts"],
    ["opted_out", "Texted STOP. An admin can clear it"],
    ["no_carrier", "No text carrier is set up. Ask your administrator."],
    ["indeterminate", "Not possible here"],
  ])("%s", (refusal, want) => {
    const option: MethodOption = { method: "sms_code", reason: refusal };
    expect(w.refusalText(option, true)).toBe(want);
    expect(w.refusalText(option, false)).toBe(`Code: ${want.charAt(0).toLowerCase()}${want.slice(1)}`);
    expect(w.fullRefusalText({ ...option, explanation: "Set by Ana." })).toBe(`${want}. Set by Ana.`);
  });
});

it("shows which carrier is missing", () => {
  expect(w.refusalText({ method: "email_link", reason: "no_carrier" }, true)).toBe(
    "No e-mail carrier is set up. Ask your administrator.",
  );
});

describe("a failure shows the reason, whose it was, and what to do next", () => {
  const dana = { ...contact("dana", 1, [mobile, mail]), name: "Dana Reyes" };
  it.each<[Reason, Method, string]>([
    ["invalid_recipient", "sms_code", "The carrier says this number can’t get texts. Try e-mail."],
    ["invalid_recipient", "email_link", "The carrier says this address is no good. Try the phone."],
    ["blocked", "sms_link", "Dana Reyes’s number blocks our messages. Try e-mail."],
    ["blocked", "email_code", "Dana Reyes’s mailbox blocks our messages. Try the phone."],
    ["landline", "sms_code", "The carrier says this is a landline. Try e-mail."],
    ["mailbox_full", "email_link", "Dana Reyes’s mailbox refused it: it is full. Try the phone."],
    ["opted_out", "sms_code", "Dana Reyes’s number has told us to stop: it texted STOP. Try e-mail."],
    ["undelivered", "sms_link", "The carrier could not deliver it. Try e-mail."],
    ["carrier_misconfigured", "email_link", "The carrier refuses our account. Try the phone. Tell your admin."],
    [
      "address_not_supported",
      "email_link",
      "Our mail server can’t send to an address with such letters. Try the phone.",
    ],
    ["carrier_down", "sms_code", "Texting did not answer in time. Try e-mail."],
    ["out_of_tries", "sms_code", "Out of tries. Send a new code."],
    [
      "wrong_number",
      "sms_link",
      "A wrong number was picked. Ask who is on the line. If you are sure, send a new link.",
    ],
  ])("%s by %s", (reason, method, want) => {
    expect(w.failed({ state: "failed", reason, method }, dana)).toBe(want);
  });

  it("suggests only channels that exist", () => {
    const barred = { ...mail, methods: [{ method: "email_link" as const, reason: "policy" as const }] };
    for (const alone of [contact("dana", 1, [mobile]), contact("dana", 1, [mobile, barred])]) {
      expect(w.failed({ state: "failed", reason: "undelivered", method: "sms_code" }, alone)).toBe(
        "The carrier could not deliver it. Follow your procedure.",
      );
    }
  });
});

describe("the lock", () => {
  const lock: Lock = { failures: 10, limit: 10, locked: true };

  it("shows who can clear it", () => {
    expect(w.locked(lock, "Acme IT")).toBe(
      "Locked after 10 wrong codes in a row. A verified link clears it, or an admin of Acme IT.",
    );
    expect(w.locked({ failures: 0, limit: 10, locked: false, denied: true }, "Acme IT")).toBe(
      "Locked: this contact said “I did not ask for this”. Follow your procedure; an admin of Acme IT unlocks.",
    );
  });
});
