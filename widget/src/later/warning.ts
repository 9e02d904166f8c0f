// Which limit the last message came close to.

import { mark, type State } from "../state";
import type { Budget, Shield } from "../types";

/** Of the budgets that the channel's last message has all but used up, the one that is nearest to its end. */
export const warningNow = (s: State, where: string, shield: Shield): Budget | undefined => {
  const warning = s.warnings[where];
  if (warning?.mark !== mark(shield)) return undefined;
  return warning.budgets.toSorted((a, b) => b.used / b.limit - a.used / a.limit)[0];
};
