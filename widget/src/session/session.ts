// One ticket's session: launch, renewal, and the way back when it is refused. All that it begins ends with
// the ticket: `drop` aborts every request, and an answer that comes late all the same never arrives.

import { type Api, Refusal, Unreachable } from "../api";
import { backOff, type Clock, pause } from "../clock";
import type { Ears, Host } from "../hosts/host";
import type { Feed, FeedDeps, Updates } from "../lazy/polling";
import { type Early, early, type Link, type Live, openLive, type Socket } from "../live/connection";
import type { ClientFrame, Pod, PodFrame, SessionOpened } from "../types";

/** A relaunch so soon after the last one means that relaunching does not help. */
const relaunchEvery = 30_000;
/** How long before its end a bearer is renewed by request, if the socket has not brought a new one. */
const renewBefore = 60_000;
/** Timers stand still while a machine sleeps: the clock is looked at this often. */
const beatEvery = 15_000;
/** A beat that comes so late was slept through (a page in the background has one a minute): no connection outlives that for sure. */
const sleptAfter = 90_000;
/** Launches that follow one another faster than this, as when tickets rush by, dial no socket ahead. */
const calm = 1_000;
/** The longest wait before a busy server is asked again, whatever it says. */
const longestWait = 60_000;

/** What was asked for belongs to a ticket that is no longer on screen. */
export class Dropped extends Error {}

export interface SessionDeps {
  api: Api;
  /** Makes the host. */
  host: (ears: Ears) => Host;
  dial: () => Socket;
  clock: Clock;
  chance: () => number;
  /** The time by the server's clock. */
  serverNow: () => number;
  /** How far the pod on screen has come, and under which rules. */
  known: () => Pick<ClientFrame, "since" | "policy">;
  /** The ticket is being saved: the reasons why it may not be. */
  onSave: () => string[];
  onDrop: () => void;
  /** `resumed`: the same ticket as before, so that what was typed stays. Tells whether there was news in it. */
  onPod: (pod: Pod, resumed: boolean) => boolean;
  onFrame: (frame: PodFrame) => void;
  onUpdates: (updates: Updates) => void;
  /** Makes what polls while the socket is blocked; undefined: it is not there yet. */
  feed?: (deps: FeedDeps) => Feed | undefined;
  /** Whether something on screen waits for an answer. */
  waiting: () => boolean;
  /** The launch does not get on, and is tried again by itself. */
  onWait: (why: Refusal) => void;
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
  /** Launches anew, as the technician presses for it; what was typed stays if it is the same ticket still. */
  again(): void;
  ticket(): Ticket;
  say: Host["say"];
  /** The screen is looked at again, or the network is back: what waits does so no longer. */
  wake(): void;
}

export const createSession = (deps: SessionDeps): Session => {
  const { api, clock } = deps;
  const host = deps.host({
    turn: () => start(),
    again: () => (ticketId === null ? start() : void launch()),
    save: deps.onSave,
  });
  let ticket = new AbortController();
  let attempt = new AbortController();
  let attemptedAt = Number.NEGATIVE_INFINITY;
  let ticketId: string | null = null;
  let token = "";
  let renewAt = Number.POSITIVE_INFINITY;
  let renewing = false;
  let live: Live | null = null;
  let feed: Feed | undefined;
  let link: Link = "open";
  let failures = 0;
  let beatAt = clock.now();
  let callOffBeat = () => {};
  let relaunching: Promise<boolean> | null = null;
  let relaunchedAt = Number.NEGATIVE_INFINITY;

  const quiet = () => {
    live?.close();
    feed?.close();
    live = null;
    feed = undefined;
    callOffBeat();
    renewAt = Number.POSITIVE_INFINITY;
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
    renewAt = Math.max(Date.parse(expiresAt) - renewBefore, deps.serverNow() + 1_000);
    beatAt = clock.now();
    beat();
  };

  /** Looks at the clock: after a sleep the socket is dialled anew, and a bearer that is near its end, or past it, renewed. */
  const beat = () => {
    callOffBeat();
    const slept = clock.now() - beatAt > sleptAfter;
    beatAt = clock.now();
    if (slept) live?.redial();
    const left = renewAt - deps.serverNow();
    if (left <= 0) void renew();
    callOffBeat = clock.after(left > 0 ? Math.min(left, beatEvery) : beatEvery, beat);
  };

  /** Takes a launched pod; one of another ticket first drops all that belongs to the old one. */
  const accept = ({ token: newToken, expires_at, pod }: SessionOpened): boolean => {
    const resumed = ticketId === pod.ticket.id;
    if (!resumed && ticketId !== null) drop();
    ticketId = pod.ticket.id;
    const news = deps.onPod(pod, resumed);
    keep(newToken, expires_at);
    return news;
  };

  const onLink = (now: Link, failed: number) => {
    [link, failures] = [now, failed];
    follow();
  };

  /** Hands on what became of the socket, also to a feed that is there only now. */
  const follow = () => {
    feed ??= deps.feed?.({
      clock,
      waiting: deps.waiting,
      ask: renew,
      hurry: () => live?.hurry(),
      onUpdates: deps.onUpdates,
    });
    if (feed) feed.onLink(link, failures);
    else deps.onUpdates(link === "down" ? "none" : "live");
  };

  const listen = (first?: Socket) => {
    live?.close();
    [link, failures] = ["open", 0];
    live = openLive({
      dial: deps.dial,
      clock,
      chance: deps.chance,
      auth: () => ({ type: "auth", token, ...deps.known() }),
      onLink,
      onFrame: (frame) => {
        if (frame.type === "session") keep(frame.token, frame.expires_at);
        else deps.onFrame(frame);
      },
      onStop: () => void relaunch(),
      ...(first && { first }),
    });
  };

  /** The host's own way to a session; where nobody answers, or somebody is busy, again and again while the ticket lasts. */
  const exchange = async (signal: AbortSignal, pressed: boolean): Promise<SessionOpened> => {
    for (let tries = 0, late = 0; ; tries++) {
      try {
        const launched = await host.open(signal, pressed && tries === 0);
        signal.throwIfAborted();
        return launched;
      } catch (e) {
        signal.throwIfAborted();
        if (e instanceof Refusal && e.code === "context_expired" && late++ === 0) continue;
        const busy = e instanceof Refusal && (e.status === 503 || e.status === 429);
        if (!busy && !(e instanceof Unreachable)) throw e;
        if (busy) deps.onWait(e);
        else deps.onUpdates("none");
        const told = busy ? Math.min(e.retryAfter * 1000, longestWait) : 0;
        await pause(clock, Math.max(told, backOff(tries, deps.chance())), signal);
        signal.throwIfAborted();
      }
    }
  };

  /** One attempt at a time; the socket is dialled meanwhile, so that it is there when the session is. */
  const open = async (pressed: boolean): Promise<boolean> => {
    attempt.abort(new Dropped());
    attempt = new AbortController();
    const signal = AbortSignal.any([ticket.signal, attempt.signal]);
    const ahead: Early | null = clock.now() - attemptedAt < calm ? null : early(deps.dial, clock);
    attemptedAt = clock.now();
    if (ahead) signal.addEventListener("abort", ahead.letGo);
    try {
      accept(await exchange(signal, pressed));
      listen(ahead?.take());
      return true;
    } catch (e) {
      ahead?.letGo();
      if (!signal.aborted) stop(e instanceof Refusal ? e : new Refusal("invalid_response", ""));
      return false;
    }
  };

  const launch = (pressed = false): Promise<boolean> => {
    quiet();
    const mine = open(pressed).finally(() => {
      if (relaunching === mine) relaunching = null;
    });
    relaunching = mine;
    return mine;
  };

  const relaunch = (): Promise<boolean> => {
    if (relaunching) return relaunching;
    if (clock.now() - relaunchedAt < relaunchEvery) {
      stop(new Refusal("session_ended", ""));
      return Promise.resolve(false);
    }
    relaunchedAt = clock.now();
    return launch();
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
        for (;;) {
          const shown = token;
          try {
            return await guarded(ask);
          } catch (e) {
            if (!(e instanceof Refusal) || e.status !== 401) throw e;
            if (shown !== token) continue; // it was replaced while the refusal was on its way
            if (!(await relaunch())) throw e;
            return guarded(ask);
          }
        }
      },
      async wait(tries) {
        await pause(clock, backOff(tries, deps.chance()), signal);
        signal.throwIfAborted();
      },
    };
  };

  /**
   * Asks for the pod and a new bearer. One that does not arrive is asked for again at the next beat; one that a
   * newer bearer has overtaken is of the past.
   */
  const renew = async (): Promise<"news" | "same" | "lost"> => {
    if (renewing) return "same";
    renewing = true;
    const { signal } = ticket;
    const shown = token;
    const overtaken = () => signal.aborted || token !== shown;
    try {
      const launched = await api.pod(shown, signal);
      return !overtaken() && accept(launched) ? "news" : "same";
    } catch (e) {
      if (!overtaken() && e instanceof Refusal && e.status === 401) void relaunch();
      return "lost";
    } finally {
      renewing = false;
    }
  };

  const start = () => {
    drop();
    void launch();
  };

  return {
    start,
    again() {
      if (ticketId === null) drop();
      void launch(true);
    },
    ticket: current,
    say: host.say,
    wake() {
      live?.hurry();
      if (feed) feed.wake();
      else if (live) follow();
      if (renewAt !== Number.POSITIVE_INFINITY) beat();
    },
  };
};
