// What stands between a press and its message.

import { noteNeed, type State } from "../app/state";
import { words } from "../i18n/strings";
import type { Contact } from "../types";

/** The id of the words that say what the note still needs. */
export const noteHelp = "note-help";

/** Why nothing can be sent to the contact yet; undefined: the note is no hindrance. */
export const noteBar = ({ pod, notes }: State, contact: Contact): string | undefined => {
  const need = pod ? noteNeed(contact, pod.policy, notes[contact.id] ?? "") : "missing";
  return need === "missing" || need === "short" ? words.noteFirst : undefined;
};
