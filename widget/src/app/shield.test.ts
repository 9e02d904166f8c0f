import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { entryAt } from "../lazy/entry";
import { transition } from "../lazy/transition";
import type { HistoryEntry, Shield } from "../types";
import { mostImportant, nextChange, shieldAt } from "./shield";

interface Case {
  name: string;
  events: { at: string; channel: string; contact: string }[];
  readings: { at: string; contact?: string; shields: Record<string, Shield>; history: HistoryEntry[] }[];
}

const dir = new URL("../../../testdata/shields/", import.meta.url);
const cases = readdirSync(dir).map((file): Case => JSON.parse(readFileSync(new URL(file, dir), "utf8")));

/** Pairs of snapshots of one case without an event between them. */
const stillTimes = cases.flatMap(({ name, events, readings }) =>
  readings.slice(1).flatMap((later, i) => {
    const earlier = readings[i] as (typeof readings)[number];
    const happened = events.some(
      ({ at }) => Date.parse(at) > Date.parse(earlier.at) && Date.parse(at) <= Date.parse(later.at),
    );
    return happened || earlier.contact !== later.contact ? [] : [{ name, earlier, later }];
  }),
);

describe("a shield as of a later time equals the server's own projection", () => {
  it("has shared cases", () => {
    expect(stillTimes.length).toBeGreaterThanOrEqual(10);
  });

  it.each(stillTimes)("$name, from $earlier.at to $later.at", ({ earlier, later }) => {
    const now = Date.parse(later.at);
    const aged = Object.fromEntries(Object.entries(earlier.shields).map(([id, s]) => [id, shieldAt(s, now)]));
    expect(aged).toEqual(later.shields);
    expect(earlier.history.map((e) => entryAt(e, now))).toEqual(later.history);
  });

  it.each(cases)("$name: as of its own time a shield is the same object", ({ readings }) => {
    for (const { at, shields } of readings) {
      for (const shield of Object.values(shields)) expect(shieldAt(shield, Date.parse(at))).toBe(shield);
    }
  });
});

const at = (clock: string) => Date.parse(`2026-03-02T${clock}Z`);
const by = { id: "ana", name: "Ana Ortiz" };
const pending: Shield = {
  state: "pending",
  verification_id: "v_a",
  method: "sms_code",
  stage: "sent",
  at: "2026-03-02T14:00:00Z",
  until: "2026-03-02T14:05:00Z",
  resend_at: "2026-03-02T14:01:00Z",
  by,
};
const green: Shield = {
  state: "verified",
  verification_id: "v_a",
  method: "sms_code",
  at: "2026-03-02T14:02:00Z",
  until: "2026-03-02T14:32:00Z",
  by,
};
const older: Shield = { ...green, verification_id: "v_0", at: "2026-03-02T13:50:00Z", until: "2026-03-02T14:20:00Z" };
const red: Shield = { state: "denied", verification_id: "v_0", at: "2026-03-02T13:50:00Z" };
const grey: Shield = { state: "unverified" };

describe("the transition of a channel", () => {
  it.each<[string, Shield, Shield, string, string | null]>([
    ["a message is asked for", grey, pending, "14:00:00", "sent"],
    ["another one takes its place", pending, { ...pending, verification_id: "v_b" }, "14:02:00", "sent"],
    ["a message moves on", pending, { ...pending, stage: "delivered" }, "14:00:10", null],
    ["it is verified", pending, green, "14:02:00", "verified"],
    ["it is denied", pending, { ...red, verification_id: "v_a" }, "14:02:00", "denied"],
    [
      "it fails",
      pending,
      { state: "failed", verification_id: "v_a", reason: "invalid_recipient" },
      "14:02:00",
      "failed",
    ],
    ["there is no answer", pending, shieldAt(pending, at("14:05:00")), "14:05:00", "expired"],
    ["it is cancelled", pending, { ...grey, verification_id: "v_a", reason: "cancelled" }, "14:02:00", "cancelled"],
    ["an older green shows again after a cancel", { ...pending, reverts_to: older }, older, "14:02:00", "cancelled"],
    ["an older green shows again after the end", { ...pending, reverts_to: older }, older, "14:05:00", "expired"],
    [
      "an older denial shows again after a failure",
      pending,
      { ...red, reason: "invalid_recipient" },
      "14:02:00",
      "failed",
    ],
    [
      "a younger green that was pending out of sight",
      pending,
      { ...green, verification_id: "v_b" },
      "14:02:00",
      "verified",
    ],
    ["a green that was pending out of sight", grey, green, "14:02:00", "verified"],
    ["green ends", green, shieldAt(green, at("14:32:00")), "14:32:00", "ended"],
    ["nothing", green, green, "14:03:00", null],
    ["a cooldown is over", { ...grey, resend_at: "2026-03-02T14:01:00Z" }, grey, "14:02:00", null],
  ])("%s", (_, before, after, clock, want) => {
    expect(transition(before, after, at(clock))).toBe(want);
  });
});

describe("of several shields", () => {
  it("the most important one is shown where there is room for one", () => {
    expect(mostImportant([grey, green, pending, red]).state).toBe("denied");
    expect(mostImportant([grey, green, pending]).state).toBe("pending");
    expect(mostImportant([grey, green]).state).toBe("verified");
    expect(mostImportant([]).state).toBe("unverified");
  });

  it("the clock next changes one at its end, or at the end of its cooldown", () => {
    expect(nextChange([pending, green], at("14:00:30"))).toBe(at("14:01:00"));
    expect(nextChange([pending, green], at("14:01:00"))).toBe(at("14:05:00"));
    expect(nextChange([grey], at("14:00:30"))).toBeUndefined();
  });
});
