// The reason for verifying somebody who is not the ticket's contact.

import type { Desk } from "../app/controller";
import { noteNeed } from "../app/state";
import * as shared from "../i18n/strings";
import type { Contact } from "../types";
import { noteHelp } from "../views/bar";
import { noteTooShort, words } from "./strings";

const noteWhy = "note-why";

export const Note = ({ desk, contact }: { desk: Desk; contact: Contact }) => {
  const { pod, notes } = desk.state.value;
  const note = notes[contact.id] ?? "";
  if (!pod) return null;
  const need = noteNeed(contact, pod.policy, note);
  if (need === "none") return null;
  const help = {
    missing: shared.words.noteFirst,
    short: noteTooShort(pod.policy.note_min),
    ok: note ? "" : words().noteOptional,
  }[need];
  const why = pod.policy.explanations.override_note;
  return (
    <div class="note">
      <div class="ask">
        <label for="note">{words().noteLabel}</label>
        <span class="help" id={noteHelp} title={why}>
          {help}
        </span>
      </div>
      <textarea
        id="note"
        rows={2}
        value={note}
        maxLength={pod.policy.note_max}
        placeholder={words().notePlaceholder}
        autocomplete="off"
        aria-describedby={why ? `${noteHelp} ${noteWhy}` : noteHelp}
        onKeyDown={(e) => {
          if (e.key === "Enter") e.preventDefault(); // a note is one line, however it wraps
        }}
        onInput={(e) => desk.setNote(contact, e.currentTarget.value)}
      />
      {pod.policy.note_presets.length > 0 && (
        <fieldset class="chips">
          <legend class="sr">{words().notePresets}</legend>
          {pod.policy.note_presets.map((preset) => (
            <button
              type="button"
              class="chip"
              key={preset}
              aria-pressed={note.trim() === preset}
              onClick={() => desk.setNote(contact, preset)}
            >
              {preset}
            </button>
          ))}
        </fieldset>
      )}
      {why && (
        <p class="help" id={noteWhy}>
          {why}
        </p>
      )}
    </div>
  );
};
