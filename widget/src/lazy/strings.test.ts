import { describe, expect, it } from "vitest";
import { channel, contact, pending, t0 } from "../../test/harness";
import type { Channel, Lock, Method, Reason, Shield } from "../types";
import * as w from "./strings";

const [mobile, mail] = [channel("mobile"), channel("mail")];

describe("the script for the technician", () => {
  const link: Shield = { ...pending("v_1", "sms_link"), match: "47" };
  it.each<[string, Shield, string]>([
    ["under number matching it is the number", link, "Say: “Pick 47 on the page.”"],
    [
      "else that of a link",
      pending("v_1", "sms_link"),
      "Say: “We just texted you a link. Open it and press Validate.”",
    ],
    [
      "a code has its length",
      { ...pending("v_1"), code_length: 8 },
      "Ask: “Read me the eight digits we just texted you.”",
    ],
  ])("%s", (_, shield, want) => {
    expect(w.script(shield.method ?? "sms_code", shield)).toBe(want);
  });

  it("is the tenant's own, where there is one", () => {
    const own = { sms_code: "“Bitte den Code.”", number: "“Die {number}, bitte.”" };
    expect(w.script("sms_code", pending("v_1"), own)).toBe("“Bitte den Code.”");
    expect(w.script("sms_link", link, own)).toBe("“Die 47, bitte.”");
    expect(w.script("sms_link", link, { number: "“{number}. Yes, {number}.”" })).toBe("“47. Yes, 47.”");
    expect(w.script("email_link", pending("v_1", "email_link"), own)).toContain("We just e-mailed you a link.");
  });
});

describe("the lock", () => {
  const lock = (failures: number, limit = 10): Lock => ({ failures, limit, locked: failures >= limit });

  it.each<[string, Lock | undefined, string]>([
    ["without wrong codes nothing", undefined, ""],
    ["four before it nothing", lock(6), ""],
    ["three before it", lock(7), "3 more wrong codes lock this contact."],
    ["one before it", lock(9), "1 more wrong code locks this contact."],
    ["once it is locked nothing: the line above says it", lock(10), ""],
    ["a short limit warns from the first", lock(1, 3), "2 more wrong codes lock this contact."],
  ])("near it: %s", (_, given, want) => {
    expect(w.lockNear(given)).toBe(want);
  });

  it("shows who can clear it", () => {
    expect(w.lockText({ failures: 10, limit: 10, locked: true }, "Acme IT")).toBe(
      "Locked after 10 wrong codes in a row. A verified link clears it, or an admin of Acme IT.",
    );
    expect(w.lockText({ failures: 0, limit: 10, locked: false, denied: true }, "Acme IT")).toBe(
      "Locked: this contact said “I did not ask for this”. Follow your procedure; an admin of Acme IT unlocks.",
    );
  });
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
    expect(w.failureText({ state: "failed", reason, method }, dana)).toBe(want);
  });

  it("suggests only channels that exist", () => {
    const barred = { ...mail, methods: [{ method: "email_link" as const, reason: "policy" as const }] };
    for (const alone of [contact("dana", 1, [mobile]), contact("dana", 1, [mobile, barred])]) {
      expect(w.failureText({ state: "failed", reason: "undelivered", method: "sms_code" }, alone)).toBe(
        "The carrier could not deliver it. Follow your procedure.",
      );
    }
  });
});

describe("a quota that is nearly used up", () => {
  it.each<[string, Channel, string]>([
    ["quota_destination_day", mobile, "8 of 10 messages to this number today."],
    ["quota_destination_day", mail, "8 of 10 messages to this address today."],
    ["quota_prefix_hour", mobile, "8 of 10 messages to numbers like this one this hour."],
    ["quota_technician_minute", mobile, "8 of 10 messages by you this minute."],
    ["quota_technician_hour", mobile, "8 of 10 messages by you this hour."],
    ["quota_client_hour", mobile, "8 of 10 messages to this client this hour."],
    ["quota_country_hour", mobile, "8 of 10 messages to this country this hour."],
    ["quota_tenant_minute", mobile, "8 of 10 messages by your whole team this minute."],
    ["quota_tenant_day", mobile, "8 of 10 messages by your whole team today."],
    ["quota_tenant_spend_day", mobile, "80 % of the money for messages today."],
    ["quota_planet_week", mobile, "8 of 10 messages: a limit is near."],
    ["quota_planet_day", mobile, "8 of 10 messages: a limit is near."],
  ])("%s", (name, to, want) => {
    expect(w.nearLimit({ name, used: 8, limit: 10, frees_at: t0 }, to)).toBe(want);
  });
});

describe("the announcement of the banner", () => {
  it("begins with its tone, which is information by default", () => {
    expect(w.announceBanner({ text: "Change freeze." })).toBe("Information: Change freeze.");
    expect(w.announceBanner({ text: "Change freeze.", tone: "critical" })).toBe("Critical: Change freeze.");
  });
});
