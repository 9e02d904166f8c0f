// History entries as of a time: an open one expires as in the server's own projection.

import { isFuture } from "../app/shield";
import type { HistoryEntry } from "../types";

/** The same entry until it expires, or where the clock was set back; afterwards an expired one. */
export const entryAt = (entry: HistoryEntry, now: number): HistoryEntry =>
  entry.outcome === "open" && (now >= Date.parse(entry.expires_at) || isFuture(entry.requested_at, now))
    ? { ...entry, outcome: "expired", ended_at: entry.expires_at }
    : entry;
