// Formats times in the technician's locale and time zone.

import { languageTag } from "./strings";

/** Creates the value at the first call: the browser's first formatter takes longer than the rest of the pod's start. */
const lazily = <T>(create: () => T): (() => T) => {
  let value: T | undefined;
  return () => {
    value ??= create();
    return value;
  };
};

const clockTime = lazily(() => new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" }));
const dayTime = lazily(
  () => new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "numeric", minute: "2-digit" }),
);
/** In words, so in the language of the pod. */
const relative = lazily(() => new Intl.RelativeTimeFormat(languageTag, { numeric: "auto" }));

const sameDay = (a: number, b: number) => new Date(a).toDateString() === new Date(b).toDateString();

/** "14:02", with the day when it is not today's. */
export const timeOf = (iso: string | undefined, now: number): string => {
  if (iso === undefined) return "";
  const at = Date.parse(iso);
  return (sameDay(at, now) ? clockTime : dayTime)().format(at);
};

/** "3 minutes ago". */
export const agoOf = (iso: string | undefined, now: number): string => {
  if (iso === undefined) return "";
  const seconds = Math.round((Date.parse(iso) - now) / 1000);
  const steps: [Intl.RelativeTimeFormatUnit, number][] = [
    ["day", 86_400],
    ["hour", 3600],
    ["minute", 60],
  ];
  const [unit, size] = steps.find(([, s]) => Math.abs(seconds) >= s) ?? ["second" as const, 1];
  return relative().format(Math.trunc(seconds / size), unit);
};

/** The time left as m:ss; the last second is 0:01. */
export const leftUntil = (iso: string | undefined, now: number): string => {
  const seconds = iso === undefined ? 0 : Math.max(0, Math.ceil((Date.parse(iso) - now) / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
};

/** The share of a pending shield's time that is left, from 1 to 0. */
export const shareLeft = (at: string | undefined, until: string | undefined, now: number): number => {
  if (at === undefined || until === undefined) return 1;
  const [from, to] = [Date.parse(at), Date.parse(until)];
  return to > from ? Math.min(1, Math.max(0, (to - now) / (to - from))) : 0;
};
