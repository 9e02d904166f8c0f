// Why a method is refused. The frequent reasons are among the strings that the pod starts with, the others in lazy/.

import { sendShort, strings, usesEmail } from "../i18n/strings";
import { lazy } from "../lazy/registry";
import type { MethodOption } from "../types";

/** `alone`: without the name of the method. */
export const refusalText = ({ method, reason: why }: MethodOption, alone: boolean): string => {
  const because =
    why === "no_carrier"
      ? strings.noCarrier[usesEmail(method) ? "email" : "phone"]
      : ((why && (strings.refusals[why] ?? lazy.value.rareRefusal?.(why))) ?? strings.notPossible);
  return alone ? because : strings.refusalOf(sendShort(method), because);
};

/** With the decision behind it, where there is one. */
export const fullRefusalText = (option: MethodOption): string =>
  [refusalText(option, true), option.explanation].filter(Boolean).join(". ");
