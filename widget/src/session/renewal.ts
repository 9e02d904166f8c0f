// Keeps the bearer fresh: requests a new one before the old one expires.

import { type Api, ApiError } from "../api";
import type { Clock } from "../clock";
import type { SessionOpened } from "../types";
import type { Ticket } from "./ticket";

/** In milliseconds: a bearer is renewed by request this long before it expires, unless the socket brought one. */
const renewMargin = 60_000;
/** In milliseconds: timers stand still while a machine sleeps, so the clock is read this often. */
const checkInterval = 15_000;
/** In milliseconds: a check this late means that the machine slept. Background pages run timers once a minute. */
const sleepThreshold = 90_000;

export interface RenewalDeps {
  api: Pick<Api, "pod">;
  /** The ticket on screen. */
  ticket: () => Ticket;
  clock: Clock;
  serverNow: () => number;
  /** Stores a renewed session; returns whether its pod has news. */
  accept: (launched: SessionOpened) => boolean;
  /** The bearer was rejected. */
  relaunch: () => void;
  /** The machine slept: open connections may be dead. */
  onSleep: () => void;
}

/** news: the pod has changed; same: it has not, or the response came too late to count; lost: there was no answer. */
export type RenewalResult = "news" | "same" | "lost";

export interface Renewal {
  /** Requests the pod and a new bearer now. A failed request is repeated at the next check. */
  renew(): Promise<RenewalResult>;
  /** Renews in time for this expiry. */
  schedule(expiresAt: string): void;
  /** Reads the clock now, if a renewal is scheduled. */
  check(): void;
  stop(): void;
}

export const createRenewal = ({ api, ticket, clock, serverNow, accept, relaunch, onSleep }: RenewalDeps): Renewal => {
  let renewAt = Number.POSITIVE_INFINITY;
  let renewing = false;
  let checkedAt = clock.now();
  let cancel = () => {};

  /** A response that arrives after a newer bearer is ignored. */
  const renew = async (): Promise<RenewalResult> => {
    if (renewing) return "same";
    renewing = true;
    const mine = ticket();
    const { signal, token } = mine;
    const isStale = () => signal.aborted || mine.token !== token;
    try {
      const launched = await api.pod(token, signal);
      return !isStale() && accept(launched) ? "news" : "same";
    } catch (e) {
      if (!isStale() && e instanceof ApiError && e.status === 401) relaunch();
      return "lost";
    } finally {
      renewing = false;
    }
  };

  const check = () => {
    cancel();
    const slept = clock.now() - checkedAt > sleepThreshold;
    checkedAt = clock.now();
    if (slept) onSleep();
    const left = renewAt - serverNow();
    if (left <= 0) void renew();
    cancel = clock.after(left > 0 ? Math.min(left, checkInterval) : checkInterval, check);
  };

  return {
    renew,
    schedule(expiresAt) {
      renewAt = Math.max(Date.parse(expiresAt) - renewMargin, serverNow() + 1_000);
      checkedAt = clock.now();
      check();
    },
    check() {
      if (renewAt !== Number.POSITIVE_INFINITY) check();
    },
    stop() {
      cancel();
      renewAt = Number.POSITIVE_INFINITY;
    },
  };
};
