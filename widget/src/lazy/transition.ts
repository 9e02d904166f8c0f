// The transition of a shield between two states of the pod.

import { hasEnded } from "../app/shield";
import type { Shield } from "../types";

export type Transition = "sent" | "verified" | "denied" | "failed" | "expired" | "cancelled" | "ended";

/** The transition between two shields of a channel; null: none that is reported. */
export const transition = (before: Shield, after: Shield, now: number): Transition | null => {
  if (before.state === "pending" && after.state !== "pending") return pendingOutcome(before, after, now);
  if (after.state === "unverified") return before.state === "verified" ? "ended" : null;
  if (before.state === after.state && before.verification_id === after.verification_id) return null;
  return after.state === "pending" ? "sent" : after.state;
};

/** How a pending verification ended. The shield beneath it may show again; that is older, and not reported. */
const pendingOutcome = (before: Shield, after: Shield, now: number): Transition => {
  const later = before.at !== undefined && after.at !== undefined && Date.parse(after.at) > Date.parse(before.at);
  if (after.state !== "unverified" && after.state !== "pending") {
    if (later || before.verification_id === after.verification_id) return after.state;
    if (after.state === "denied" && after.reason) return "failed";
  }
  return after.reason === "expired" || hasEnded(before, now) ? "expired" : "cancelled";
};
