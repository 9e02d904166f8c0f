// When the pod has to be redrawn because time has passed.

import type { Pod } from "../types";
import { isCooling, nextChange } from "./shield";
import { currentShield } from "./state";

/**
 * In milliseconds. Timers stand still while a machine sleeps: a verified shield outlives its end by at most this
 * long after waking.
 */
const maxTick = 15_000;

/**
 * Milliseconds until the next tick: each second while a countdown runs, else when the next shield ends or the banner
 * starts or ends. Undefined: nothing changes by itself.
 */
export const nextTick = (pod: Pod | null, now: number): number | undefined => {
  const shields = pod?.contacts.flatMap((c) => c.channels.map((ch) => currentShield(ch, now))) ?? [];
  const { from, until } = pod?.policy.banner ?? {};
  const end = nextChange(shields, now, [from, until]);
  if (end === undefined) return undefined;
  const counting = shields.some((s) => s.state === "pending" || isCooling(s, now));
  const step = counting ? 1000 - (now % 1000) : maxTick;
  return Math.max(1, Math.min(step, end - now));
};
