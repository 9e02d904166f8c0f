// Which limit the last message came close to.

import { mark, type State } from "../app/state";
import type { Quota, Shield } from "../types";

/** Of the quotas that the channel's last message has all but used up, the one that is nearest to its end. */
export const warningNow = (s: State, where: string, shield: Shield): Quota | undefined => {
  const warning = s.warnings[where];
  if (warning?.mark !== mark(shield)) return undefined;
  return warning.quotas.toSorted((a, b) => b.used / b.limit - a.used / a.limit)[0];
};
