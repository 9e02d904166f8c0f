import { describe, expect, it } from "vitest";
import { shortMask } from "../lazy/strings";
import { agoOf, leftUntil, shareLeft } from "./format";
import { spokenLabel } from "./strings";

describe("times", () => {
  const now = Date.parse("2026-03-02T14:00:00Z");
  it.each([
    ["2026-03-02T14:04:31Z", "4:31"],
    ["2026-03-02T14:00:00.200Z", "0:01"],
    ["2026-03-02T14:00:00Z", "0:00"],
    ["2026-03-02T13:59:00Z", "0:00"],
    ["2026-03-02T15:00:00Z", "60:00"],
  ])("until %s are left %s", (until, want) => {
    expect(leftUntil(until, now)).toBe(want);
  });

  it("formats the age in the largest unit that fits", () => {
    expect(agoOf("2026-03-02T13:57:01Z", now)).toBe("2 minutes ago");
    expect(agoOf("2026-03-02T11:00:00Z", now)).toBe("3 hours ago");
    expect(agoOf("2026-02-28T14:00:00Z", now)).toBe("2 days ago");
  });

  it("drains from one to nothing", () => {
    const [at, until] = ["2026-03-02T13:58:00Z", "2026-03-02T14:02:00Z"];
    expect(shareLeft(at, until, now)).toBe(0.5);
    expect(shareLeft(at, until, now - 600_000)).toBe(1);
    expect(shareLeft(at, until, now + 600_000)).toBe(0);
  });
});

describe("destinations", () => {
  it.each([
    ["phone" as const, "mobile", "+1 ••• ••• 4821", "mobile ending in 4821", "••4821"],
    ["phone" as const, "mobile", "••• ••• 4821", "mobile ending in 4821", "••4821"],
    ["email" as const, "work", "d•••@contoso.com", "work d…@contoso.com", "d•••@contoso.com"],
  ])("%s %s %s is spoken as %s and shortened to %s", (kind, label, masked, heard, short) => {
    expect(spokenLabel({ id: "c", kind, label, masked, methods: [], shield: { state: "unverified" } })).toBe(heard);
    expect(shortMask(masked)).toBe(short);
  });
});
