import { describe, expect, it } from "vitest";
import type { Lock, Shield } from "../types";
import { pending } from "../world";
import * as w from "./words";

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

  it("is what the tenant has written, where it has", () => {
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
});
