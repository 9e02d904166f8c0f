// The strings of lazy/ in the pod's language. Times are passed in formatted.

import { strings as initialStrings, lazyStrings, secretKind, spokenLabel, toneName, usesEmail } from "../i18n/strings";
import type { Banner, Channel, Contact, HistoryEntry, Lock, Method, Quota, Reason, Shield, Unusable } from "../types";
import { english, type Problem } from "./english";
import type { Transition } from "./transition";

/** All strings of lazy/ in the current language. */
export const strings = () => lazyStrings ?? english;

export const pollingText = () => strings().polling;
export const noteTooShort = (min: number) => strings().noteTooShort(min);
export const codeTooShort = (length: number) => strings().codeTooShort(length);
export const resendIn = (left: string) => strings().resendIn(left);

export const triesLeft = (tries: number | undefined): string => (tries === undefined ? "" : strings().triesLeft(tries));

/** What the technician says to the caller while a verification is pending: the tenant's own script, if there is one. */
export const script = (method: Method, { code_length = 6, match }: Shield, own: Contact["scripts"] = {}): string => {
  const written = match ? own.number?.replaceAll("{number}", match) : own[method];
  return written || (match ? strings().scripts.number(match) : strings().scripts[method](code_length));
};

/** The number of wrong codes left before the lock; empty while there are more than three. */
export const lockNear = (lock?: Lock): string => {
  const left = lock && !lock.locked ? lock.limit - lock.failures : 0;
  return left < 1 || left > 3 ? "" : strings().lockNear(left);
};

/** What to try next: a channel of the other kind, if the contact has one that is offered. */
const nextStep = ({ channels }: Contact, mail: boolean): string => {
  const kind = mail ? "phone" : "email";
  return channels.some((c) => c.kind === kind && c.methods.some((m) => !m.reason))
    ? strings().tryNext[kind]
    : strings().tryNext.none;
};

/** Why the verification failed, and what to do next. */
export const failureText = ({ reason, method }: Shield, contact: Contact): string => {
  const mail = usesEmail(method);
  const failures = strings().failures(contact.name, mail, nextStep(contact, mail));
  return (reason && failures[reason]) ?? failures.other;
};

/** Why nothing can be sent to the contact, and who can change that. */
export const lockText = ({ failures, denied }: Lock, tenant: string): string =>
  denied ? strings().lockedByDenial(tenant) : strings().lockedByCodes(failures, tenant);

/** Why a method is refused, for the reasons that are not frequent. */
export const rareRefusal = (reason: Reason): string | undefined => strings().refusals[reason];

/** The text of an error: the server's sentence, unless the pod's language has its own. */
export const errorText = (code: string, detail: string, seconds: number): string =>
  strings().errors[code]?.(seconds) ?? detail;

/** Why nothing is sent to an address or number; empty for a reason that this pod does not know. */
export const unusable = ({ reason }: Unusable, kind: Channel["kind"]): string => {
  const because: string | Record<Channel["kind"], string> | undefined = strings().unusable[reason];
  return typeof because === "string" ? because : (because?.[kind] ?? "");
};

/** The usage of a quota: "8 of 10 messages to this number today." */
export const nearLimit = ({ name, used, limit }: Quota, { kind }: Channel): string => {
  const [, whose = "", span = ""] = /^quota_(.+)_(minute|hour|day)$/.exec(name) ?? [];
  const during = (strings().spans as Record<string, string>)[span];
  if (whose === "tenant_spend" && during) return strings().nearMoney(Math.floor((100 * used) / limit), during);
  const of = (strings().whose as Record<string, string | Record<Channel["kind"], string>>)[whose];
  return of && during
    ? strings().nearLimit(used, limit, typeof of === "string" ? of : of[kind], during)
    : strings().nearSome(used, limit);
};

export const onTicket = (number: string) => `#${number}`;

/** "••4821" of a number; a mailbox stays as it is. */
export const shortMask = (masked: string): string => masked.replace(/^.*•\s+(?=[^•\s]+$)/u, "••");

export const outcome = (of: HistoryEntry["outcome"]) => strings().outcome[of];

export const problem = (code: string, detail: string): Problem => {
  const known = strings().problems[code] ?? { title: strings().noPod, next: "" };
  return { ...known, next: known.next || detail || strings().reload };
};

export const announceBanner = (banner: Banner): string => `${toneName(banner)}: ${banner.text}`;

export const rulesChanged = (client: string) => strings().rulesChanged(client);

const transitionText = (turn: Transition, contact: Contact, shield: Shield): string => {
  switch (turn) {
    case "sent":
      return strings().transitions.sent[secretKind(shield.method)];
    case "denied":
      return strings().transitions.denied(`${initialStrings.denied(contact.name)}${initialStrings.procedure}`);
    case "failed":
      return strings().transitions.failed(failureText(shield, contact));
  }
  return strings().transitions[turn];
};

/** One sentence for the live region. */
export const announce = (turn: Transition, contact: Contact, channel: Channel, shield: Shield): string =>
  `${contact.name}, ${spokenLabel(channel)}: ${transitionText(turn, contact, shield)}`;

/** The stage of a pending verification. `counts`: the time that is left is shown behind it. */
export const stage = ({ method, stage: at = "queued" }: Shield, until: string): { text: string; counts: boolean } => {
  if (at === "delayed") return { text: strings().delayed(usesEmail(method), until), counts: false };
  if (at === "indeterminate") return { text: strings().indeterminate(until), counts: false };
  return { text: strings().stages[at][secretKind(method)], counts: true };
};

export const announceStage = (channel: Channel, shield: Shield, until: string): string =>
  `${spokenLabel(channel)}: ${stage(shield, until).text}`;
