import { describe, expect, it } from "vitest";
import type { MethodOption, Reason } from "../types";
import * as w from "./strings";

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
