// The strings that the pod starts with, in its language; those of lazy/ are in lazy/strings.ts. Times are passed in
// formatted.

import type { LazyStrings } from "../lazy/english";
import type { Banner, Channel, Method, Person, Shield } from "../types";
import { initial as english, type InitialStrings } from "./languages/en";

/** The catalog of a language: one file of languages/. */
export interface Language {
  initial: InitialStrings;
  lazy: LazyStrings;
}

/** The strings of the current language. They change with it, so they are read when they are drawn. */
export let strings: InitialStrings = english;

/** The strings of lazy/; undefined: English, which lazy/ contains. */
export let lazyStrings: LazyStrings | undefined;

/** The value of the page's `lang` attribute. */
export let languageTag = "en";

const files = import.meta.glob<Language>(["./languages/*.ts", "!./languages/en.ts"]);

/** Changes the language of the pod; a language without a file becomes English. Rejects if the file does not load. */
export const setLanguage = async (wanted: string): Promise<void> => {
  const [base = ""] = wanted.toLowerCase().split("-");
  const load = files[`./languages/${base}.ts`];
  const language = await load?.();
  strings = language?.initial ?? english;
  lazyStrings = language?.lazy;
  languageTag = language ? base : "en";
};

export const usesCode = (method?: Method): boolean => method?.endsWith("code") ?? false;
export const usesEmail = (method?: Method): boolean => method?.startsWith("email") ?? false;

export const sendLong = (method: Method) => strings.sendLong[secretKind(method)];
export const sendShort = (method: Method) => strings.sendShort[secretKind(method)];
export const methodAction = (method: Method, channel: Channel): string =>
  strings.methodAction[method](spokenLabel(channel));

/** A destination for screen readers, which cannot read the dots of a mask. */
export const spokenLabel = ({ kind, label, masked }: Channel): string =>
  kind === "phone"
    ? strings.spokenNumber(label, masked.split(/[•\s]+/).at(-1) ?? "")
    : strings.spokenAddress(label, masked.replaceAll(/•+/g, "…"));

export const actorName = (by: Person | undefined, me: Person | undefined): string =>
  by && me && by.id === me.id ? strings.you : (by?.name ?? "");

/** The word for the tone of a banner. */
export const toneName = ({ tone = "info" }: Banner): string => strings.toneName[tone];

export const secretKind = (method?: Method) => (usesCode(method) ? "code" : "link");

export const unverified = (reason?: Shield["reason"]): string =>
  (reason && strings.lapsed[reason]) ?? strings.unverified;
