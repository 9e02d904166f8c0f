// The socket on which shield changes arrive. It comes back by itself; when the server says that coming
// back is no use it stops and says so.

import { backOff, type Clock } from "../clock";
import type { ClientFrame, ServerFrame } from "../types";

/** The part of WebSocket that is used. */
export interface Socket {
  readonly readyState: number;
  send(text: string): void;
  close(): void;
  onopen: ((e: Event) => void) | null;
  onmessage: ((e: MessageEvent) => void) | null;
  onclose: ((e: CloseEvent) => void) | null;
}

export interface LiveDeps {
  dial: () => Socket;
  /** One that was dialled already. */
  first?: Socket;
  clock: Clock;
  chance: () => number;
  /** The first frame of each connection. */
  auth: () => ClientFrame;
  onFrame: (frame: ServerFrame) => void;
  /** `failures`: connections in a row that did not open, or were gone at once. One that hangs counts twice. */
  onLink: (link: Link, failures: number) => void;
  /** Close codes 4500 to 4999: a new session is needed. */
  onStop: (code: number) => void;
}

/** proven: a frame has come on this connection, so nothing on the way holds frames back. */
export type Link = "down" | "open" | "proven";

export interface Live {
  /** Comes back now instead of at the end of the wait. */
  hurry(): void;
  /** Lets the connection go and makes a new one: this one may be dead without knowing it. */
  redial(): void;
  close(): void;
}

/** A connection that held this long was a good one: the waits start short again. */
export const steady = 5_000;
/** A connection that takes longer than this to open is given up: proxies may never answer. */
const openWithin = 5_000;
/** The server hangs up on who does not say in five seconds who he is. */
const freshFor = 3_000;

const types: readonly unknown[] = ["snapshot", "event", "policy", "session"];

/** Unknown in, a frame or null out. What a frame holds is the server's word, checked against the contract there. */
export const parseFrame = (data: unknown): ServerFrame | null => {
  if (typeof data !== "string") return null;
  try {
    const frame = JSON.parse(data) as { type?: unknown } | null;
    return types.includes(frame?.type) ? (frame as ServerFrame) : null;
  } catch {
    return null;
  }
};

/** A socket on its way while there is no session yet to use it for. */
export interface Early {
  /** The socket, if it is good still. */
  take(): Socket | undefined;
  letGo(): void;
}

export const early = (dial: () => Socket, clock: Clock): Early => {
  const socket = dial();
  const since = clock.now();
  return {
    take() {
      if (socket.readyState <= 1 && clock.now() - since < freshFor) return socket;
      letGo(socket);
      return undefined;
    },
    letGo: () => letGo(socket),
  };
};

const letGo = (it: Socket) => {
  it.onopen = it.onmessage = it.onclose = null;
  it.close();
};

export const openLive = ({ dial, first, clock, chance, auth, onFrame, onLink, onStop }: LiveDeps): Live => {
  let tries = 0;
  let failures = 0;
  let upAt: number | null = null;
  let socket: Socket | null = null;
  let callOff = () => {};
  let waits = false;

  const connect = (mine = dial()) => {
    waits = false;
    socket = mine;
    let proven = false;
    const opened = () => {
      callOff();
      upAt = clock.now();
      mine.send(JSON.stringify(auth()));
      onLink("open", failures);
    };
    const lost = (code: number, weight: number) => {
      callOff();
      letGo(mine);
      socket = null;
      const held = upAt !== null && clock.now() - upAt >= steady;
      if (held) tries = 0;
      failures = held || proven ? 0 : failures + weight;
      upAt = null;
      onLink("down", failures);
      if (code >= 4500 && code <= 4999) return onStop(code);
      waits = true;
      callOff = clock.after(backOff(tries++, chance()), () => connect());
    };
    mine.onmessage = ({ data }) => {
      const frame = parseFrame(data);
      if (!frame) return;
      if (!proven) onLink("proven", failures);
      proven = true;
      onFrame(frame);
    };
    mine.onclose = ({ code }) => lost(code, 1);
    callOff = clock.after(openWithin, () => lost(1006, 2));
    if (mine.readyState === 1) opened();
    else mine.onopen = opened;
  };

  const redial = () => {
    callOff();
    if (socket) letGo(socket);
    if (socket) onLink("down", 0);
    tries = failures = 0;
    upAt = null;
    connect();
  };

  connect(first);
  return {
    hurry() {
      if (waits) redial();
    },
    redial,
    close() {
      callOff();
      waits = false;
      if (socket) letGo(socket);
      socket = null;
    },
  };
};
