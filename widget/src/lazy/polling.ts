// Where updates come from: the socket, or polls while something on the way blocks it (a proxy that refuses WebSockets,
// hangs, hangs up at once, or lets no frame pass).

import type { Clock } from "../clock";
import { type Link, steady } from "../live/connection";

/** polling: by request, and everything can be sent; none: not now, and nothing can be sent. */
export type Updates = "live" | "polling" | "none";

export interface FeedDeps {
  clock: Clock;
  /** Asks the server for the pod: with the session's bearer, so that limits by address do not count it. */
  ask: () => Promise<"news" | "same" | "lost">;
  /** Whether something on screen waits for an answer. */
  waiting: () => boolean;
  /** Has the socket tried at once. */
  hurry: () => void;
  onUpdates: (updates: Updates) => void;
  hidden?: () => boolean;
}

export interface Feed {
  onLink(link: Link, failures: number): void;
  /** The screen is looked at again, or the network is back. */
  wake(): void;
  close(): void;
}

/** How often the pod is asked for while something waits for an answer. */
const step = 2_500;
/** And while nothing does. Beside a socket that has opened but carried no frame yet, twice as long after each time. */
const idle = 15_000;
const longestIdle = 240_000;
/** So many sockets in a row have to fail before the pod polls: a server that starts again costs one or two. */
const enough = 2;

export const createFeed = (deps: FeedDeps): Feed => {
  const { clock, ask, waiting, hurry, onUpdates, hidden = () => document.hidden } = deps;
  let updates: Updates | null = null;
  let link: Link = "down";
  let [failures, openedAt, askedAt] = [0, 0, Number.NEGATIVE_INFINITY];
  let gap = idle;
  let asking = false;
  /** The last poll was answered; it was not. */
  let [answered, lost] = [false, false];
  /** A poll has brought what the socket should have; and it still has not brought anything. */
  let [suspect, deaf] = [false, false];
  let closed = false;
  let callOff = () => {};

  const judge = () => {
    const trusted = updates !== "polling" || clock.now() - openedAt >= steady;
    const open = link === "proven" || (link === "open" && trusted && !deaf);
    const now = open ? "live" : answered ? "polling" : "none";
    if (now === updates) return;
    updates = now;
    onUpdates(now);
  };

  const poll = async () => {
    askedAt = clock.now();
    asking = true;
    const found = await ask();
    asking = false;
    if (closed) return;
    if (found === "lost") {
      lost = true;
      answered = false;
    } else if (lost && link === "down") {
      lost = false; // the server is back: the socket may open as well
      failures = 0;
      hurry();
    } else if (link !== "proven") {
      answered = true;
      suspect ||= link === "open" && found === "news";
    }
    judge();
  };

  /** Polls if it is time, and comes again when it next may be; at least once a step, since `waiting` may change. */
  const tick = () => {
    callOff();
    if (closed || link === "proven") return;
    if (suspect) deaf = true;
    judge();
    const left = () => askedAt + (waiting() ? step : gap) - clock.now();
    const due = link === "open" || failures >= enough;
    if (due && !asking && !hidden() && left() <= 0) {
      if (link === "open" && !deaf && !waiting()) gap = Math.min(2 * gap, longestIdle);
      void poll();
    }
    callOff = clock.after(Math.min(step, Math.max(left(), 1_000)), tick);
  };

  return {
    onLink(now, failed) {
      if (now === "down" && link !== "down") {
        askedAt = Number.NEGATIVE_INFINITY;
        answered = answered && updates === "polling";
      }
      if (now === "open") [openedAt, askedAt] = [clock.now(), clock.now()];
      if (now === "proven") answered = lost = false;
      [link, failures, gap, suspect, deaf] = [now, failed, idle, false, false];
      judge();
      tick();
    },
    wake() {
      if (updates === "polling") askedAt = Number.NEGATIVE_INFINITY;
      tick();
    },
    close() {
      closed = true;
      callOff();
    },
  };
};
