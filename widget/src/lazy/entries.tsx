// The entries of the open history.

import { useRef, useState } from "preact/hooks";
import { historyOf } from "../app/state";
import { agoOf, timeOf } from "../i18n/format";
import { actorName } from "../i18n/strings";
import type { HistoryEntry, Shield } from "../types";
import { Button } from "../views/button";
import type { ContactProps, Controller } from "../views/controller";
import { ShieldIcon } from "../views/icons";
import { entryAt } from "./entry";
import * as w from "./strings";

const stateOf: Record<HistoryEntry["outcome"], Shield["state"]> = {
  open: "pending",
  verified: "verified",
  denied: "denied",
  failed: "failed",
  cancelled: "unverified",
  superseded: "unverified",
  expired: "unverified",
};

export const Entries = ({ controller, contact }: ContactProps) => {
  const s = controller.state.value;
  const entries = historyOf(s, contact).map((entry) => entryAt(entry, s.now));
  const older = s.older[contact.id];
  return (
    <div class="entries">
      {entries.length === 0 && <p class="hint">{w.strings().noHistory}</p>}
      <ul>
        {entries.map((entry) => (
          <Entry key={entry.verification_id} controller={controller} entry={entry} />
        ))}
      </ul>
      {older?.error && (
        <p class="fault" role="alert">
          {older.error}
        </p>
      )}
      {older?.state === "done"
        ? entries.length > 0 && (
            <p class="end" tabIndex={-1}>
              {w.strings().noOlder}
            </p>
          )
        : entries.length > 0 && (
            <Button kind="quiet" busy={older?.state === "loading"} onPress={() => void controller.loadOlder(contact)}>
              {w.strings().older}
            </Button>
          )}
    </div>
  );
};

const Entry = ({ controller, entry }: { controller: Controller; entry: HistoryEntry }) => {
  const s = controller.state.value;
  return (
    <li class={`entry-row ${stateOf[entry.outcome]}`}>
      <ShieldIcon state={stateOf[entry.outcome]} size={16} />
      <div class="body">
        <p class="what">
          <span>{[w.strings().methodName[entry.method], w.shortMask(entry.masked)].join(" · ")}</span>
          <span class="outcome">
            {[entry.denied_after, entry.outcome]
              .filter((o) => o !== undefined)
              .map(w.outcome)
              .join(" → ")}
          </span>
        </p>
        <p class="when">
          <time dateTime={entry.requested_at} title={agoOf(entry.requested_at, s.now)}>
            {timeOf(entry.requested_at, s.now)}
          </time>
          {` · ${actorName(entry.technician, s.pod?.technician)} · ${w.onTicket(entry.ticket_number)}`}
        </p>
        {entry.note && <p class="said">{entry.note}</p>}
        {entry.changed_channel && <p class="said">{w.strings().hadChanged}</p>}
        {entry.note_written_at ? (
          <p class="said" title={agoOf(entry.note_written_at, s.now)}>
            {w.strings().noted}
          </p>
        ) : (
          s.pod?.policy.ticket_note && entry.ticket_note && <CopyNote text={entry.ticket_note} />
        )}
      </div>
    </li>
  );
};

/** Copies where the host page permits it; else shows the text, selected. */
const CopyNote = ({ text }: { text: string }) => {
  const [state, setState] = useState<"idle" | "copied" | "blocked">("idle");
  const field = useRef<HTMLTextAreaElement>(null);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setState("copied");
    } catch {
      setState("blocked");
      requestAnimationFrame(() => field.current?.select());
    }
  };
  return (
    <>
      <button
        type="button"
        class="copy"
        aria-label={w.strings().copyNote}
        title={w.strings().copyNote}
        onClick={() => void copy()}
      >
        <svg class="icon" width="16" height="16" aria-hidden="true">
          {state === "copied" ? (
            <path d="m3.5 8.5 3 3 6-6.5" />
          ) : (
            <path d="M7 5.5h5a1.5 1.5 0 0 1 1.5 1.5v5a1.5 1.5 0 0 1-1.5 1.5H7A1.5 1.5 0 0 1 5.5 12V7A1.5 1.5 0 0 1 7 5.5m3.5 0V4A1.5 1.5 0 0 0 9 2.5H4A1.5 1.5 0 0 0 2.5 4v5A1.5 1.5 0 0 0 4 10.5h1.5" />
          )}
        </svg>
      </button>
      <span class="sr" role="status">
        {state === "copied" ? w.strings().copied : ""}
      </span>
      {state === "blocked" && (
        <label class="by-hand">
          {w.strings().copyBlocked}
          <textarea ref={field} readOnly rows={5} value={text} />
        </label>
      )}
    </>
  );
};
