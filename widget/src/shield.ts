// Shields and history entries as they read at a time: green and pending end by themselves, as in the
// domain's own reading (bff/internal/verify/shield.go). Times are Unix milliseconds by the server's clock.

import type { Channel, HistoryEntry, Reason, Shield } from "./types";

/** The same shield while it lasts; afterwards what it has fallen to. */
export const shieldAt = (shield: Shield, now: number): Shield => {
  if (shield.until === undefined || now < Date.parse(shield.until)) return shield;
  switch (shield.state) {
    case "pending":
      return shieldAt(fallen(shield, "expired"), now);
    case "verified":
      return { state: "unverified", at: shield.until, ...kept(shield) };
  }
  return shield;
};

const fallen = (shield: Shield, reason: Reason): Shield =>
  shield.beneath
    ? { ...shield.beneath, ...kept(shield) }
    : {
        state: "unverified",
        ...(shield.verification_id && { verification_id: shield.verification_id }),
        ...(shield.method && { method: shield.method }),
        ...(shield.until && { at: shield.until }),
        reason,
        ...kept(shield),
      };

/** A cooldown outlives the shield that brought it. */
const kept = ({ resend_at }: Shield): Pick<Shield, "resend_at"> => (resend_at ? { resend_at } : {});

export const entryAt = (entry: HistoryEntry, now: number): HistoryEntry =>
  entry.outcome === "open" && now >= Date.parse(entry.expires_at)
    ? { ...entry, outcome: "expired", ended_at: entry.expires_at }
    : entry;

/** When the clock next changes what these shields say; undefined: never. */
export const nextEnd = (shields: Shield[], now: number): number | undefined => {
  const ends = shields
    .flatMap((s) => [s.until, s.beneath?.until, s.resend_at])
    .map((at) => (at ? Date.parse(at) : 0))
    .filter((at) => at > now);
  return ends.length > 0 ? Math.min(...ends) : undefined;
};

const telling = ["denied", "pending", "verified", "failed", "unverified"] as const;

/** Of several shields the one that a technician must see when there is room for one. */
export const mostTelling = (shields: Shield[]): Shield =>
  shields.toSorted((a, b) => telling.indexOf(a.state) - telling.indexOf(b.state))[0] ?? { state: "unverified" };

export type Turn = "sent" | "verified" | "denied" | "failed" | "expired" | "cancelled" | "ended";

/** What has become of a channel between two readings of its shield; null: nothing worth a word. */
export const turn = (before: Shield, after: Shield, now: number): Turn | null => {
  const same = before.verification_id === after.verification_id;
  if (before.state === "pending" && after.state !== "pending") {
    // Another verification's shield, or none at all, shows again: this one came to nothing.
    const timedOut = after.reason === "expired" || (before.until !== undefined && now >= Date.parse(before.until));
    if (!same && !supersededBy(before, after)) return timedOut ? "expired" : "cancelled";
    if (after.state === "unverified") return timedOut ? "expired" : "cancelled";
    return after.state;
  }
  if (after.state === "unverified") return before.state === "verified" ? "ended" : null;
  if (same && before.state === after.state) return null;
  return after.state === "pending" ? "sent" : after.state;
};

/** Whether the later shield is of a younger verification, whose pending we have not seen. */
const supersededBy = (before: Shield, after: Shield): boolean =>
  after.at !== undefined && before.at !== undefined && Date.parse(after.at) > Date.parse(before.at);

export const textable = (channel: Channel): boolean =>
  channel.kind === "phone" && channel.methods.some((m) => m.refusal !== "landline");
