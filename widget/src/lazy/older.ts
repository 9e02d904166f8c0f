// Loads pages of history older than the pod's own.

import type { OlderEntries, State } from "../app/state";
import type { Observable } from "../observable";
import { StaleTicketError } from "../session/ticket";
import type { Contact, HistoryPage } from "../types";

export interface OlderDeps {
  store: { state: Observable<State>; setEntry: (field: "older", key: string, value: OlderEntries) => void };
  /** Requests the page at this cursor; the first one without it. */
  fetchPage: (cursor?: string) => Promise<HistoryPage>;
  /** The text that is shown for an error. */
  textOf: (e: unknown) => string;
}

/** Appends the next page; does nothing while a page is loading or after the last one. */
export const loadOlder = async (contact: Contact, { store, fetchPage, textOf }: OlderDeps) => {
  const before = store.state.value.older[contact.id];
  if (before?.state === "loading" || before?.state === "done") return;
  const entries = before?.entries ?? [];
  const update = (older: OlderEntries) => store.setEntry("older", contact.id, older);
  update({ ...before, entries, state: "loading" });
  try {
    const page = await fetchPage(before?.next);
    update({
      entries: [...entries, ...page.entries],
      state: page.next ? "ready" : "done",
      ...(page.next && { next: page.next }),
    });
  } catch (e) {
    if (e instanceof StaleTicketError) return;
    update({ ...before, entries, state: "ready", error: textOf(e) });
  }
};
