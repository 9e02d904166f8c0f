// Shields and history entries as they read at a time: green and pending end by themselves, as in the
// domain's own reading (bff/internal/verify/shield.go). Times are Unix milliseconds by the server's clock.

import type { Channel, HistoryEntry, Shield } from "../types";

/** More than the clocks of nodes differ by. What is later than now by more than this was begun before the clock was set back. */
const clockTolerance = 10_000;

const ahead = (at: string | undefined, now: number): boolean =>
  at !== undefined && Date.parse(at) > now + clockTolerance;

/** The same shield while it lasts; afterwards, or where the clock was set back, what it has fallen to. */
export const shieldAt = (shield: Shield, now: number): Shield => {
  switch (shield.state) {
    case "pending":
      return over(shield, now) || ahead(shield.at, now)
        ? shieldAt(expired(grounded(shield, now)), now)
        : upon(shield, now);
    case "verified":
      return over(shield, now) || ahead(shield.at, now)
        ? { state: "unverified", at: shield.until, resend_at: shield.resend_at }
        : shield;
  }
  return shield;
};

export const over = ({ until }: Shield, now: number): boolean => until !== undefined && now >= Date.parse(until);

/** The pending shield without what lies beneath, once that no longer stands. */
const upon = (shield: Shield, now: number): Shield => {
  if (!shield.reverts_to || standing(shield.reverts_to, now)) return shield;
  const { reverts_to: _, ...alone } = shield;
  return alone;
};

const standing = (beneath: Shield, now: number): boolean =>
  beneath.state !== "verified" || !(over(beneath, now) || ahead(beneath.at, now));

/** The shield without a green beneath it that is of a later time. */
const grounded = (shield: Shield, now: number): Shield => {
  if (shield.reverts_to?.state !== "verified" || !ahead(shield.reverts_to.at, now)) return shield;
  const { reverts_to: _, ...alone } = shield;
  return alone;
};

/** A cooldown outlives the shield that brought it. */
const expired = ({ until, resend_at, verification_id, method, reverts_to }: Shield): Shield =>
  reverts_to && standing(reverts_to, until === undefined ? 0 : Date.parse(until))
    ? { ...reverts_to, resend_at }
    : { state: "unverified", verification_id, method, at: until, reason: "expired", resend_at };

export const entryAt = (entry: HistoryEntry, now: number): HistoryEntry =>
  entry.outcome === "open" && (now >= Date.parse(entry.expires_at) || ahead(entry.requested_at, now))
    ? { ...entry, outcome: "expired", ended_at: entry.expires_at }
    : entry;

/** When the clock next changes what these shields say, or reaches one of the other times; undefined: never. */
export const nextEnd = (shields: Shield[], now: number, others: (string | undefined)[] = []): number | undefined => {
  const ends = [...shields.flatMap((s) => [s.until, s.reverts_to?.until, s.resend_at]), ...others]
    .map((at) => (at ? Date.parse(at) : 0))
    .filter((at) => at > now);
  return ends.length > 0 ? Math.min(...ends) : undefined;
};

const telling = ["denied", "pending", "verified", "failed", "unverified"] as const;

/** Of several shields the one that a technician must see when there is room for one. */
export const mostTelling = (shields: Shield[]): Shield =>
  shields.toSorted((a, b) => telling.indexOf(a.state) - telling.indexOf(b.state))[0] ?? { state: "unverified" };

/** Whether it is too soon for another message to this channel. */
export const isCooling = ({ resend_at }: Shield, now: number): boolean =>
  resend_at !== undefined && Date.parse(resend_at) > now;

/** Whether texts go there, or would once what the ticket system has there is corrected. */
export const textable = ({ kind, unusable, methods }: Channel): boolean =>
  kind === "phone" && (unusable ? unusable.reason !== "landline" : methods.some((m) => m.reason !== "landline"));
