// Polling: requests the pod while something on the way blocks the socket (a proxy that refuses WebSockets, leaves them
// unanswered, closes them at once, or lets no frame pass).

import type { Clock } from "../clock";
import { type ConnectionState, stableAfter } from "../live/connection";

/** polling: updates come by request, and messages can be sent; none: no updates, and nothing can be sent. */
export type Updates = "live" | "polling" | "none";

export interface PollingDeps {
  clock: Clock;
  /** Requests the pod with the session's bearer, so that limits by address do not count the request. */
  renew: () => Promise<"news" | "same" | "lost">;
  /** Whether a verification on screen is pending. */
  isWaiting: () => boolean;
  /** Ends the socket's back-off. */
  reconnectNow: () => void;
  onUpdates: (updates: Updates) => void;
  hidden?: () => boolean;
}

export interface Polling {
  onState(state: ConnectionState, failures: number): void;
  /** The page is visible again, or the network is back. */
  wake(): void;
  close(): void;
}

/** In milliseconds: the interval while a verification is pending. */
const pendingInterval = 2_500;
/** In milliseconds: the interval otherwise. While a socket is open but has carried no frame, it doubles each time. */
const idleInterval = 15_000;
const maxIdleInterval = 240_000;
/** Polling starts after this many successive failures: a server restart costs one or two. */
const minFailures = 2;

export const createPolling = (deps: PollingDeps): Polling => {
  const { clock, renew, isWaiting, reconnectNow, onUpdates, hidden = () => document.hidden } = deps;
  let updates: Updates | null = null;
  let state: ConnectionState = "down";
  let [failures, openedAt, polledAt] = [0, 0, Number.NEGATIVE_INFINITY];
  let interval = idleInterval;
  let polling = false;
  /** Whether the last poll was answered, and whether it was lost. */
  let [answered, lost] = [false, false];
  /** suspect: a poll brought news that the socket should have brought. blocked: the socket still brought nothing. */
  let [suspect, blocked] = [false, false];
  let closed = false;
  let cancel = () => {};

  const publish = () => {
    const trusted = updates !== "polling" || clock.now() - openedAt >= stableAfter;
    const live = state === "active" || (state === "open" && trusted && !blocked);
    const now = live ? "live" : answered ? "polling" : "none";
    if (now === updates) return;
    updates = now;
    onUpdates(now);
  };

  const poll = async () => {
    polledAt = clock.now();
    polling = true;
    const result = await renew();
    polling = false;
    if (closed) return;
    if (result === "lost") {
      lost = true;
      answered = false;
    } else if (lost && state === "down") {
      lost = false; // the server is back, so the socket may open as well
      failures = 0;
      reconnectNow();
    } else if (state !== "active") {
      answered = true;
      suspect ||= state === "open" && result === "news";
    }
    publish();
  };

  /** Polls if it is time, and runs again at the next possible time: at least once an interval, since `isWaiting` may change. */
  const tick = () => {
    cancel();
    if (closed || state === "active") return;
    if (suspect) blocked = true;
    publish();
    const left = () => polledAt + (isWaiting() ? pendingInterval : interval) - clock.now();
    const needed = state === "open" || failures >= minFailures;
    if (needed && !polling && !hidden() && left() <= 0) {
      if (state === "open" && !blocked && !isWaiting()) interval = Math.min(2 * interval, maxIdleInterval);
      void poll();
    }
    cancel = clock.after(Math.min(pendingInterval, Math.max(left(), 1_000)), tick);
  };

  return {
    onState(now, failed) {
      if (now === "down" && state !== "down") {
        polledAt = Number.NEGATIVE_INFINITY;
        answered = answered && updates === "polling";
      }
      if (now === "open") [openedAt, polledAt] = [clock.now(), clock.now()];
      if (now === "active") answered = lost = false;
      [state, failures, interval, suspect, blocked] = [now, failed, idleInterval, false, false];
      publish();
      tick();
    },
    wake() {
      if (updates === "polling") polledAt = Number.NEGATIVE_INFINITY;
      tick();
    },
    close() {
      closed = true;
      cancel();
    },
  };
};
