// The words that the pod opens with, in the language that it speaks; those of later/ are in later/words.ts.
// Times arrive formatted.

import type { Later } from "../lazy/english";
import type { Banner, Channel, Contact, Lock, Method, MethodOption, Person, Shield } from "../types";
import { first as english, type First } from "./languages/en";

/** A language's whole catalogue: one file of languages/. */
export interface Language {
  first: First;
  later: Later;
}

let t: First = english;

/** Plain words. They change with the language: read them when they are drawn. */
export let words = english.words;

/** What later/ speaks; undefined: English, which it brings itself. */
export let spokenLater: Later | undefined;

/** As pages declare it. */
export let tag = "en";

const files = import.meta.glob<Language>(["./languages/*.ts", "!./languages/en.ts"]);

/** Has the pod speak a language from now on; one that there is no file of is English. */
export const speak = async (wanted: string): Promise<void> => {
  const [base = ""] = wanted.toLowerCase().split("-");
  const load = files[`./languages/${base}.ts`];
  const language = await load?.();
  t = language?.first ?? english;
  words = t.words;
  spokenLater = language?.later;
  tag = language ? base : "en";
};

export const againIn = (left: string) => t.againIn(left);

export const byCode = (method?: Method): boolean => method?.endsWith("code") ?? false;
export const byMail = (method?: Method): boolean => method?.startsWith("email") ?? false;

export const sendLong = (method: Method) => t.sendLong[noun(method)];
export const sendShort = (method: Method) => t.sendShort[noun(method)];
export const methodName = (method: Method) => t.methodName[method];
export const methodAct = (method: Method, channel: Channel): string => t.methodAct[method](spoken(channel));

/** A destination to be heard: screen readers stumble over the dots of a mask. */
export const spoken = ({ kind, label, masked }: Channel): string =>
  kind === "phone"
    ? t.spokenNumber(label, masked.split(/[•\s]+/).at(-1) ?? "")
    : t.spokenAddress(label, masked.replaceAll(/•+/g, "…"));

export const byWhom = (by: Person | undefined, me: Person | undefined): string =>
  by && me && by.id === me.id ? words.you : (by?.name ?? "");

export const refusal = ({ method, reason: why }: MethodOption, alone: boolean): string => {
  const because =
    why === "no_carrier"
      ? t.noCarrier[byMail(method) ? "email" : "phone"]
      : ((why && t.refusals[why]) ?? t.notPossible);
  return alone ? because : t.refusalOf(sendShort(method), because);
};

/** With who decided it, where somebody did. */
export const refusalInFull = (option: MethodOption): string =>
  [refusal(option, true), option.explanation].filter(Boolean).join(". ");

export const noun = (method?: Method) => (byCode(method) ? "code" : "link");

export const stage = ({ method, stage: at = "queued" }: Shield, until: string): { text: string; counts: boolean } => {
  if (at === "delayed") return { text: t.delayed(byMail(method), until), counts: false };
  if (at === "indeterminate") return { text: t.indeterminate(until), counts: false };
  return { text: t.stages[at][noun(method)], counts: true };
};

export const verified = (at: string, by: string, until: string) => t.verified(at, by, until);

export const unverified = (reason?: Shield["reason"]): string => (reason && t.lapsed[reason]) ?? t.unverified;

export const denied = (name: string) => t.denied(name);

/** What to try next: a way of the other kind, where the contact has one that is offered. */
const otherWay = ({ channels }: Contact, mail: boolean): string => {
  const kind = mail ? "phone" : "email";
  return channels.some((c) => c.kind === kind && c.methods.some((m) => !m.reason)) ? t.tryNext[kind] : t.tryNext.none;
};

/** Why it failed, and what to do next. */
export const failed = ({ reason, method }: Shield, contact: Contact): string => {
  const mail = byMail(method);
  const failures = t.failures(contact.name, mail, otherWay(contact, mail));
  return (reason && failures[reason]) ?? failures.other;
};

export const shieldName = (state: Shield["state"]) => t.shieldName[state];

export const locked = ({ failures, denied }: Lock, tenant: string): string =>
  denied ? t.lockedByDenial(tenant) : t.lockedByCodes(failures, tenant);

export const changed = (ago: string) => t.changed(ago);
export const changedOn = (date: string) => t.changedOn(date);

export const toneName = (tone: NonNullable<Banner["tone"]>) => t.toneName[tone];

/** What the server refused: its own words, unless the pod speaks another language and has its own. */
export const fault = (code: string, detail: string, seconds: number): string => t.faults[code]?.(seconds) ?? detail;
