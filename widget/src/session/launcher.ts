// Launches: opens a session through the host, and retries while the server is unreachable or busy.

import { ApiError, NetworkError } from "../api";
import { backOff, type Clock, pause } from "../clock";
import type { Host } from "../hosts/host";
import type { Updates } from "../lazy/polling";
import { type Preconnection, preconnect, type Socket } from "../live/socket";
import type { SessionOpened } from "../types";
import { StaleTicketError, type Ticket } from "./ticket";

/** In milliseconds: a second relaunch within this time means that relaunching does not help. */
const minRelaunchGap = 30_000;
/** In milliseconds: launches that follow one another faster do not preconnect. */
const minPreconnectGap = 1_000;
/** In milliseconds: the longest wait before a busy server is asked again, even if it demands longer. */
const maxRetryAfter = 60_000;

export interface LauncherDeps {
  host: Host;
  /** The ticket on screen. */
  ticket: () => Ticket;
  clock: Clock;
  random: () => number;
  dial: () => Socket;
  /** Closes what the previous session left open. */
  disconnect: () => void;
  /** Stores the new session. */
  accept: (launched: SessionOpened) => void;
  /** Connects, with the socket that was opened during the launch if it is still usable. */
  connect: (preconnected?: Socket) => void;
  /** "none": the server cannot be reached; the launch is retried. */
  onUpdates: (updates: Updates) => void;
  /** The server is busy; the launch is retried. */
  onWait: (reason: ApiError) => void;
  onStop: (reason: ApiError) => void;
}

export interface Launcher {
  /** Launches now and ends an earlier launch. Resolves to whether a session was opened. */
  launch(userInitiated?: boolean): Promise<boolean>;
  /** Joins the launch in progress or starts one; stops the session if the last relaunch was moments ago. */
  relaunch(): Promise<boolean>;
  /** Forgets earlier launches: another ticket is on screen. */
  reset(): void;
}

export const createLauncher = (deps: LauncherDeps): Launcher => {
  const { clock, disconnect } = deps;
  let attempt = new AbortController();
  let attemptedAt = Number.NEGATIVE_INFINITY;
  let current: Promise<boolean> | null = null;
  let relaunchedAt = Number.NEGATIVE_INFINITY;

  const stop = (reason: ApiError) => {
    disconnect();
    deps.onStop(reason);
  };

  /** One attempt at a time. The socket is opened meanwhile, so that it is ready when the session is. */
  const open = async (userInitiated: boolean): Promise<boolean> => {
    attempt.abort(new StaleTicketError());
    attempt = new AbortController();
    const signal = AbortSignal.any([deps.ticket().signal, attempt.signal]);
    const early: Preconnection | null =
      clock.now() - attemptedAt < minPreconnectGap ? null : preconnect(deps.dial, clock);
    attemptedAt = clock.now();
    if (early) signal.addEventListener("abort", early.detach);
    try {
      deps.accept(await openWithRetry(deps, signal, userInitiated));
      deps.connect(early?.take());
      return true;
    } catch (e) {
      early?.detach();
      if (!signal.aborted) stop(e instanceof ApiError ? e : new ApiError("invalid_response"));
      return false;
    }
  };

  const launch = (userInitiated = false): Promise<boolean> => {
    disconnect();
    const mine = open(userInitiated).finally(() => {
      if (current === mine) current = null;
    });
    current = mine;
    return mine;
  };

  return {
    launch,
    async relaunch() {
      if (current) return current;
      if (clock.now() - relaunchedAt < minRelaunchGap) {
        stop(new ApiError("session_ended"));
        return false;
      }
      relaunchedAt = clock.now();
      return launch();
    },
    reset() {
      current = null;
      relaunchedAt = Number.NEGATIVE_INFINITY;
    },
  };
};

/** Asks the host for a session until there is one, an error is final, or the signal aborts. */
const openWithRetry = async (
  deps: LauncherDeps,
  signal: AbortSignal,
  userInitiated: boolean,
): Promise<SessionOpened> => {
  for (let tries = 0, expired = 0; ; tries++) {
    try {
      const launched = await deps.host.open(signal, userInitiated && tries === 0);
      signal.throwIfAborted();
      return launched;
    } catch (e) {
      signal.throwIfAborted();
      if (e instanceof ApiError && e.code === "context_expired" && expired++ === 0) continue;
      const busy = e instanceof ApiError && (e.status === 503 || e.status === 429);
      if (!busy && !(e instanceof NetworkError)) throw e;
      if (busy) deps.onWait(e);
      else deps.onUpdates("none");
      const retryAfter = busy ? Math.min(e.retryAfter * 1000, maxRetryAfter) : 0;
      await pause(deps.clock, Math.max(retryAfter, backOff(tries, deps.random())), signal);
      signal.throwIfAborted();
    }
  }
};
