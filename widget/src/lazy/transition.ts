// What has become of a shield between two readings of it.

import { over } from "../app/shield";
import type { Shield } from "../types";

export type Turn = "sent" | "verified" | "denied" | "failed" | "expired" | "cancelled" | "ended";

/** What has become of a channel between two readings of its shield; null: nothing worth a word. */
export const turn = (before: Shield, after: Shield, now: number): Turn | null => {
  if (before.state === "pending" && after.state !== "pending") return outcome(before, after, now);
  if (after.state === "unverified") return before.state === "verified" ? "ended" : null;
  if (before.state === after.state && before.verification_id === after.verification_id) return null;
  return after.state === "pending" ? "sent" : after.state;
};

/** How a pending verification ended. What lay beneath it may show again: that is older, and no news. */
const outcome = (before: Shield, after: Shield, now: number): Turn => {
  const later = before.at !== undefined && after.at !== undefined && Date.parse(after.at) > Date.parse(before.at);
  if (after.state !== "unverified" && after.state !== "pending") {
    if (later || before.verification_id === after.verification_id) return after.state;
    if (after.state === "denied" && after.reason) return "failed";
  }
  return after.reason === "expired" || over(before, now) ? "expired" : "cancelled";
};
