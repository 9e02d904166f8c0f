// Times as people read them: in the technician's own locale and zone.

import { tag } from "./strings";

/** Makes it when it is first asked for: the browser's first formatter takes longer than all else at the pod's start. */
const late = <T>(make: () => T): (() => T) => {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
};

const clockTime = late(() => new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" }));
const dayTime = late(
  () => new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "numeric", minute: "2-digit" }),
);
/** In words, so in the language of those around it. */
const relative = late(() => new Intl.RelativeTimeFormat(tag, { numeric: "auto" }));

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

/** What is left until then as m:ss; the last second reads 0:01. */
export const leftUntil = (iso: string | undefined, now: number): string => {
  const seconds = iso === undefined ? 0 : Math.max(0, Math.ceil((Date.parse(iso) - now) / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
};

/** The part of a pending shield's time that is left, from 1 to 0. */
export const shareLeft = (at: string | undefined, until: string | undefined, now: number): number => {
  if (at === undefined || until === undefined) return 1;
  const [from, to] = [Date.parse(at), Date.parse(until)];
  return to > from ? Math.min(1, Math.max(0, (to - now) / (to - from))) : 0;
};
