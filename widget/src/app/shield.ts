// Shields as of a time: verified and pending shields expire as in the server's own projection
// (bff/internal/verify/shield.go). Times are Unix milliseconds by the server's clock.

import type { Channel, Shield } from "../types";

/** In milliseconds, more than the clocks of nodes differ. A later time was recorded before the clock was set back. */
const clockTolerance = 10_000;

export const isFuture = (at: string | undefined, now: number): boolean =>
  at !== undefined && Date.parse(at) > now + clockTolerance;

/** The same shield until it expires; afterwards, or where the clock was set back, the state that follows it. */
export const shieldAt = (shield: Shield, now: number): Shield => {
  switch (shield.state) {
    case "pending":
      return hasEnded(shield, now) || isFuture(shield.at, now)
        ? shieldAt(afterExpiry(dropFutureBeneath(shield, now)), now)
        : dropInvalidBeneath(shield, now);
    case "verified":
      return hasEnded(shield, now) || isFuture(shield.at, now)
        ? { state: "unverified", at: shield.until, resend_at: shield.resend_at }
        : shield;
  }
  return shield;
};

export const hasEnded = ({ until }: Shield, now: number): boolean => until !== undefined && now >= Date.parse(until);

/** The pending shield without the shield beneath it, once that is no longer valid. */
const dropInvalidBeneath = (shield: Shield, now: number): Shield => {
  return !shield.reverts_to || isValid(shield.reverts_to, now) ? shield : { ...shield, reverts_to: undefined };
};

const isValid = (reverts_to: Shield, now: number): boolean =>
  reverts_to.state !== "verified" || !(hasEnded(reverts_to, now) || isFuture(reverts_to.at, now));

/** The shield without a verified one beneath it that is dated in the future. */
const dropFutureBeneath = (shield: Shield, now: number): Shield => {
  return shield.reverts_to?.state === "verified" && isFuture(shield.reverts_to.at, now)
    ? { ...shield, reverts_to: undefined }
    : shield;
};

/** A cooldown lasts longer than the shield that caused it. */
const afterExpiry = ({ until, resend_at, verification_id, method, reverts_to }: Shield): Shield =>
  reverts_to && isValid(reverts_to, until === undefined ? 0 : Date.parse(until))
    ? { ...reverts_to, resend_at }
    : { state: "unverified", verification_id, method, at: until, reason: "expired", resend_at };

/** The next time at which one of these shields changes or one of the other times is reached; undefined: never. */
export const nextChange = (shields: Shield[], now: number, others: (string | undefined)[] = []): number | undefined => {
  const ends = [...shields.flatMap((s) => [s.until, s.reverts_to?.until, s.resend_at]), ...others]
    .map((at) => (at ? Date.parse(at) : 0))
    .filter((at) => at > now);
  return ends.length > 0 ? Math.min(...ends) : undefined;
};

const byImportance = ["denied", "pending", "verified", "failed", "unverified"] as const;

/** Of several shields the most important one, for when there is room for one. */
export const mostImportant = (shields: Shield[]): Shield =>
  shields.toSorted((a, b) => byImportance.indexOf(a.state) - byImportance.indexOf(b.state))[0] ?? {
    state: "unverified",
  };

/** Whether another message to this channel has to wait. */
export const isCooling = ({ resend_at }: Shield, now: number): boolean =>
  resend_at !== undefined && Date.parse(resend_at) > now;

/** Whether the channel can get texts, or could once its value in the ticket system is corrected. */
export const canReceiveTexts = ({ kind, unusable, methods }: Channel): boolean =>
  kind === "phone" && (unusable ? unusable.reason !== "landline" : methods.some((m) => m.reason !== "landline"));
