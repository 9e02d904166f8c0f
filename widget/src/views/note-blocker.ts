// Why the override note prevents a send.

import { noteStatus, type State } from "../app/state";
import { strings } from "../i18n/strings";
import type { Contact } from "../types";

/** The id of the element that explains what the note needs. */
export const noteHelp = "note-help";

/** The reason why nothing can be sent to the contact; undefined: the note permits it. */
export const noteBlocker = ({ pod, notes }: State, contact: Contact): string | undefined => {
  const need = pod ? noteStatus(contact, pod.policy, notes[contact.id] ?? "") : "missing";
  return need === "missing" || need === "short" ? strings.noteFirst : undefined;
};
