// The words of what comes later, in the language that the pod speaks. Times arrive formatted.

import type { Channel, Contact, HistoryEntry, Lock, Method, Shield, Unusable } from "../types";
import { spokenLater } from "../words";
import { later as english, type Problem } from "./english";

const t = () => spokenLater ?? english;

export const words = () => t().words;

export const noteTooShort = (min: number) => t().noteTooShort(min);
export const codeTooShort = (length: number) => t().codeTooShort(length);
export const resendIn = (left: string) => t().resendIn(left);

export const triesLeft = (tries: number | undefined): string => (tries === undefined ? "" : t().triesLeft(tries));

/** What the technician says to the caller while a message is on its way: the tenant's own words, where it has some. */
export const script = (method: Method, { code_length = 6, match }: Shield, own: Contact["scripts"] = {}): string => {
  const written = match ? own.number?.replaceAll("{number}", match) : own[method];
  return written || (match ? t().scripts.number(match) : t().scripts[method](code_length));
};

/** How few wrong codes are left before the lock; empty while there are more than three. */
export const lockNear = (lock?: Lock): string => {
  const left = lock && !lock.locked ? lock.limit - lock.failures : 0;
  return left < 1 || left > 3 ? "" : t().lockNear(left);
};

/** Why nothing is sent to an address or number; empty for a reason that this pod does not know. */
export const unusable = ({ reason }: Unusable, kind: Channel["kind"]): string => {
  const because: string | Record<Channel["kind"], string> | undefined = t().unusable[reason];
  return typeof because === "string" ? because : (because?.[kind] ?? "");
};

export const onTicket = (number: string) => `#${number}`;

/** "••4821" of a number; a mailbox stays as it is. */
export const shortMask = (masked: string): string => masked.replace(/^.*•\s+(?=[^•\s]+$)/u, "••");

export const outcome = (of: HistoryEntry["outcome"]) => t().outcome[of];

export const problem = (code: string, detail: string): Problem => {
  const known = t().problems[code] ?? { title: t().noPod, next: "" };
  return { ...known, next: known.next || detail || t().reload };
};
