// The words of what comes later, in the language that the pod speaks. Times arrive formatted.

import { denied, failed, words as first, noun, spoken, spokenLater, stage, toneName } from "../i18n/strings";
import type { Banner, Channel, Contact, HistoryEntry, Lock, Method, Quota, Shield, Unusable } from "../types";
import { later as english, type Problem } from "./english";
import type { Turn } from "./transition";

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

/** What a quota is for: "8 of 10 messages to this number today." */
export const nearLimit = ({ name, used, limit }: Quota, { kind }: Channel): string => {
  const [, whose = "", span = ""] = /^quota_(.+)_(minute|hour|day)$/.exec(name) ?? [];
  const during = (t().spans as Record<string, string>)[span];
  if (whose === "tenant_spend" && during) return t().nearMoney(Math.floor((100 * used) / limit), during);
  const of = (t().whose as Record<string, string | Record<Channel["kind"], string>>)[whose];
  return of && during
    ? t().nearLimit(used, limit, typeof of === "string" ? of : of[kind], during)
    : t().nearSome(used, limit);
};

export const onTicket = (number: string) => `#${number}`;

/** "••4821" of a number; a mailbox stays as it is. */
export const shortMask = (masked: string): string => masked.replace(/^.*•\s+(?=[^•\s]+$)/u, "••");

export const outcome = (of: HistoryEntry["outcome"]) => t().outcome[of];

export const problem = (code: string, detail: string): Problem => {
  const known = t().problems[code] ?? { title: t().noPod, next: "" };
  return { ...known, next: known.next || detail || t().reload };
};

export const announceBanner = ({ tone = "info", text }: Banner): string => `${toneName(tone)}: ${text}`;

export const rulesChanged = (client: string) => t().rulesChanged(client);

const turned = (turn: Turn, contact: Contact, shield: Shield): string => {
  switch (turn) {
    case "sent":
      return t().turns.sent[noun(shield.method)];
    case "denied":
      return t().turns.denied(`${denied(contact.name)}${first.procedure}`);
    case "failed":
      return t().turns.failed(failed(shield, contact));
  }
  return t().turns[turn];
};

/** One sentence for the live region. */
export const announce = (turn: Turn, contact: Contact, channel: Channel, shield: Shield): string =>
  `${contact.name}, ${spoken(channel)}: ${turned(turn, contact, shield)}`;

export const announceStage = (channel: Channel, shield: Shield, until: string): string =>
  `${spoken(channel)}: ${stage(shield, until).text}`;
