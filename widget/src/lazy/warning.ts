// The quota that the last message brought close to its limit.

import { type State, shieldKeyOf } from "../app/state";
import type { Quota, Shield } from "../types";

/** Of the quotas that the channel's last message nearly used up, the one with the highest share. */
export const warningNow = (s: State, where: string, shield: Shield): Quota | undefined => {
  const warning = s.warnings[where];
  if (warning?.shieldKey !== shieldKeyOf(shield)) return undefined;
  return warning.quotas.toSorted((a, b) => b.used / b.limit - a.used / a.limit)[0];
};
