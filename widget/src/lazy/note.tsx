// The override note: the reason for verifying a contact who is not the ticket's.

import { noteStatus } from "../app/state";
import { strings as initialStrings } from "../i18n/strings";
import type { ContactProps } from "../views/controller";
import { noteHelp } from "../views/note-blocker";
import { noteTooShort, strings } from "./strings";

const noteWhy = "note-why";

export const Note = ({ controller, contact }: ContactProps) => {
  const { pod, notes } = controller.state.value;
  const note = notes[contact.id] ?? "";
  if (!pod) return null;
  const need = noteStatus(contact, pod.policy, note);
  if (need === "none") return null;
  const help = {
    missing: initialStrings.noteFirst,
    short: noteTooShort(pod.policy.note_min),
    ok: note ? "" : strings().noteOptional,
  }[need];
  const why = pod.policy.explanations.override_note;
  return (
    <div class="note">
      <div class="ask">
        <label for="note">{strings().noteLabel}</label>
        <span class="help" id={noteHelp} title={why}>
          {help}
        </span>
      </div>
      <textarea
        id="note"
        rows={2}
        value={note}
        maxLength={pod.policy.note_max}
        placeholder={strings().notePlaceholder}
        autocomplete="off"
        aria-describedby={why ? `${noteHelp} ${noteWhy}` : noteHelp}
        onKeyDown={(e) => {
          if (e.key === "Enter") e.preventDefault(); // a note is one line, however it wraps
        }}
        onInput={(e) => controller.setNote(contact, e.currentTarget.value)}
      />
      {pod.policy.note_presets.length > 0 && (
        <fieldset class="chips">
          <legend class="sr">{strings().notePresets}</legend>
          {pod.policy.note_presets.map((preset) => (
            <button
              type="button"
              class="chip"
              key={preset}
              aria-pressed={note.trim() === preset}
              onClick={() => controller.setNote(contact, preset)}
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
