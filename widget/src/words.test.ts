import { describe, expect, it } from "vitest";
import type { Channel, Lock, MethodOption, Reason, Shield } from "./types";
import * as w from "./words";
import { channel, pending, t0 } from "./world";

const [mobile, mail] = [channel("mobile"), channel("mail")];

describe("a method that is refused says why", () => {
  it.each<[Reason, string]>([
    ["policy", "Not allowed for this client"],
    ["landline", "Can’t get texts"],
    ["locked", "Too many wrong codes"],
    ["own_channel", "This contact is you"],
    ["changed_channel", "Not allowed so soon after a change"],
    ["country", "Texts to this country are not allowed"],
    ["premium", "Premium-rate number: no texts"],
    ["voip", "Internet number: no texts"],
    ["unsure", "Not possible here"],
  ])("%s", (refusal, want) => {
    const option: MethodOption = { method: "sms_code", refusal };
    expect(w.refusal(option, true)).toBe(want);
    expect(w.refusal(option, false)).toBe(`Code: ${want.charAt(0).toLowerCase()}${want.slice(1)}`);
    expect(w.refusalInFull({ ...option, why: "Set by Ana." })).toBe(`${want}. Set by Ana.`);
  });
});

describe("what is read aloud", () => {
  const link: Shield = { ...pending("v_1", "sms_link"), match: "47" };
  it.each<[string, Shield, string]>([
    ["under number matching it is the number", link, "Say: “Pick 47 on the page.”"],
    [
      "else a link's own words",
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

  it("after a wrong number it says what to do", () => {
    expect(w.failed({ state: "failed", reason: "wrong_number", method: "sms_link" })).toBe(
      "A wrong number was picked. Ask who is on the line. If you are sure, send a new link.",
    );
  });
});

describe("the lock", () => {
  const lock = (failures: number, limit = 10): Lock => ({ failures, limit, locked: failures >= limit });

  it("says who can clear it", () => {
    expect(w.locked(lock(10), "Acme IT")).toBe(
      "Locked after 10 wrong codes in a row. A verified link clears it, or an admin of Acme IT.",
    );
  });

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
});

describe("a budget that is all but used", () => {
  it.each<[string, Channel, string]>([
    ["budget_destination_day", mobile, "8 of 10 messages to this number today."],
    ["budget_destination_day", mail, "8 of 10 messages to this address today."],
    ["budget_prefix_hour", mobile, "8 of 10 messages to numbers like this one this hour."],
    ["budget_technician_minute", mobile, "8 of 10 messages by you this minute."],
    ["budget_technician_hour", mobile, "8 of 10 messages by you this hour."],
    ["budget_client_hour", mobile, "8 of 10 messages to this client this hour."],
    ["budget_country_hour", mobile, "8 of 10 messages to this country this hour."],
    ["budget_tenant_minute", mobile, "8 of 10 messages by your whole team this minute."],
    ["budget_tenant_day", mobile, "8 of 10 messages by your whole team today."],
    ["budget_tenant_spend_day", mobile, "80 % of the money for messages today."],
    ["budget_planet_week", mobile, "8 of 10 messages: a limit is near."],
    ["budget_planet_day", mobile, "8 of 10 messages: a limit is near."],
  ])("%s", (name, to, want) => {
    expect(w.nearLimit({ name, used: 8, limit: 10, frees_at: t0 }, to)).toBe(want);
  });
});

describe("the banner aloud", () => {
  it("begins with its tone, which is information where none is given", () => {
    expect(w.announceBanner({ text: "Change freeze." })).toBe("Information: Change freeze.");
    expect(w.announceBanner({ text: "Change freeze.", tone: "critical" })).toBe("Critical: Change freeze.");
  });
});
