// One ticket's session: launch, renewal, and the way back when it is refused. All that it begins ends with
// the ticket: `drop` aborts every request, and an answer that comes late all the same never arrives.

import { type Api, Refusal, Unreachable } from "./api";
import { backOff, type Clock, pause } from "./clock";
import type { Host } from "./host";
import { type Live, openLive, type Socket } from "./live";
import type { ClientFrame, Launched, Pod, PodFrame } from "./types";

/** A relaunch so soon after the last one means that relaunching does not help. */
const relaunchEvery = 30_000;
/** How long before its end a bearer is renewed by request, if the socket has not brought a new one. */
const renewBefore = 60_000;

/** What was asked for belongs to a ticket that is no longer on screen. */
export class Dropped extends Error {}

export interface SessionDeps {
  api: Api;
  /** Makes the host, which asks for a refresh when its ticket changes. */
  host: (onRefresh: () => void) => Host;
  dial: () => Socket;
  clock: Clock;
  chance: () => number;
  /** The time by the server's clock. */
  serverNow: () => number;
  /** How far the pod on screen has come, and under which rules. */
  known: () => Pick<ClientFrame, "since" | "policy">;
  onDrop: () => void;
  /** `resumed`: the same ticket as before, so that what was typed stays. */
  onPod: (pod: Pod, resumed: boolean) => void;
  onFrame: (frame: PodFrame) => void;
  onUp: (up: boolean) => void;
  onStop: (why: Refusal) => void;
}

/** The ticket on screen, for as long as one thing that was begun on it takes. Everything throws Dropped once it is gone. */
export interface Ticket {
  /** Asks with the bearer; a refused bearer is replaced once. Throws Refusal or Unreachable. */
  call<T>(ask: (token: string, signal: AbortSignal) => Promise<T>): Promise<T>;
  wait(tries: number): Promise<void>;
}

export interface Session {
  /** Forgets the ticket, if any, and launches the one that the host has on screen. */
  start(): void;
  ticket(): Ticket;
  say: Host["say"];
  /** Comes back now, if it is waiting to. */
  hurry(): void;
}

export const createSession = (deps: SessionDeps): Session => {
  const { api, clock } = deps;
  const host = deps.host(() => start());
  let ticket = new AbortController();
  let ticketId: string | null = null;
  let token = "";
  let live: Live | null = null;
  let callOffRenewal = () => {};
  let relaunching: Promise<boolean> | null = null;
  let relaunchedAt = Number.NEGATIVE_INFINITY;

  const quiet = () => {
    live?.close();
    live = null;
    callOffRenewal();
  };

  const drop = () => {
    ticket.abort(new Dropped());
    ticket = new AbortController();
    ticketId = null;
    token = "";
    relaunching = null;
    relaunchedAt = Number.NEGATIVE_INFINITY;
    quiet();
    deps.onDrop();
  };

  const stop = (why: Refusal) => {
    quiet();
    deps.onStop(why);
  };

  const keep = (newToken: string, expiresAt: string) => {
    token = newToken;
    callOffRenewal();
    callOffRenewal = clock.after(Math.max(Date.parse(expiresAt) - deps.serverNow() - renewBefore, 1_000), () => {
      void renew(0);
    });
  };

  /** Takes a launched pod; one of another ticket first drops all that belongs to the old one. */
  const accept = ({ token: newToken, expires_at, pod }: Launched) => {
    const resumed = ticketId === pod.ticket.id;
    if (!resumed && ticketId !== null) drop();
    ticketId = pod.ticket.id;
    deps.onPod(pod, resumed);
    keep(newToken, expires_at);
  };

  const listen = () => {
    live?.close();
    live = openLive({
      dial: deps.dial,
      clock,
      chance: deps.chance,
      auth: () => ({ type: "auth", token, ...deps.known() }),
      onUp: deps.onUp,
      onFrame: (frame) => {
        if (frame.type === "session") keep(frame.token, frame.expires_at);
        else deps.onFrame(frame);
      },
      onStop: () => void relaunch(),
    });
  };

  /** Challenge, context, exchange; an unreachable server is tried again for as long as the ticket lasts. */
  const exchange = async (signal: AbortSignal): Promise<Launched> => {
    for (let tries = 0, late = 0; ; tries++) {
      try {
        const { nonce } = await api.challenge(signal);
        const context = await host.context(nonce, signal);
        signal.throwIfAborted();
        const launched = await api.launch(context, nonce, signal);
        signal.throwIfAborted();
        const { origin } = launched.pod;
        if (origin && origin !== host.origin) throw new Refusal("origin_mismatch", "");
        return launched;
      } catch (e) {
        signal.throwIfAborted();
        if (e instanceof Refusal && e.code === "context_expired" && late++ === 0) continue;
        if (!(e instanceof Unreachable)) throw e;
        deps.onUp(false);
        await pause(clock, backOff(tries, deps.chance()), signal);
      }
    }
  };

  const open = async (): Promise<boolean> => {
    const { signal } = ticket;
    try {
      accept(await exchange(signal));
      listen();
      return true;
    } catch (e) {
      if (!signal.aborted) stop(e instanceof Refusal ? e : new Refusal("broken", ""));
      return false;
    }
  };

  const relaunch = (): Promise<boolean> => {
    if (relaunching) return relaunching;
    if (clock.now() - relaunchedAt < relaunchEvery) {
      stop(new Refusal("session_over", ""));
      return Promise.resolve(false);
    }
    relaunchedAt = clock.now();
    quiet();
    const mine = open().finally(() => {
      if (relaunching === mine) relaunching = null;
    });
    relaunching = mine;
    return mine;
  };

  const current = (): Ticket => {
    const { signal } = ticket;
    const guarded = async <T>(ask: (token: string, signal: AbortSignal) => Promise<T>): Promise<T> => {
      signal.throwIfAborted();
      try {
        return await ask(token, signal);
      } finally {
        signal.throwIfAborted();
      }
    };
    return {
      async call(ask) {
        try {
          return await guarded(ask);
        } catch (e) {
          if (!(e instanceof Refusal) || e.status !== 401) throw e;
          const again = await relaunch();
          if (!again) throw e;
          return guarded(ask);
        }
      },
      async wait(tries) {
        await pause(clock, backOff(tries, deps.chance()), signal);
        signal.throwIfAborted();
      },
    };
  };

  const renew = async (tries: number) => {
    try {
      accept(await current().call(api.pod));
    } catch (e) {
      if (!(e instanceof Unreachable)) return;
      callOffRenewal = clock.after(backOff(tries + 3, deps.chance()), () => void renew(tries + 1));
    }
  };

  const start = () => {
    drop();
    void open();
  };

  return { start, ticket: current, say: host.say, hurry: () => live?.hurry() };
};
