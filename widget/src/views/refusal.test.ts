import { beforeEach, describe, expect, it } from "vitest";
import { lazy } from "../lazy/registry";
import { rareRefusal } from "../lazy/strings";
import type { MethodOption, Reason } from "../types";
import { fullRefusalText, refusalText } from "./refusal";

beforeEach(() => {
  lazy.value = { rareRefusal };
});

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
    expect(refusalText(option, true)).toBe(want);
    expect(refusalText(option, false)).toBe(`Code: ${want.charAt(0).toLowerCase()}${want.slice(1)}`);
    expect(fullRefusalText({ ...option, explanation: "Set by Ana." })).toBe(`${want}. Set by Ana.`);
  });
});

it("shows which carrier is missing", () => {
  expect(refusalText({ method: "email_link", reason: "no_carrier" }, true)).toBe(
    "No e-mail carrier is set up. Ask your administrator.",
  );
});

it.each<[string, Reason, string]>([
  ["a frequent reason is shown", "policy", "Not allowed for this client"],
  ["a rare reason is that it is not possible", "voip", "Not possible here"],
])("before lazy/ has been loaded, %s", (_, reason, want) => {
  lazy.value = {};
  expect(refusalText({ method: "sms_code", reason }, true)).toBe(want);
});
