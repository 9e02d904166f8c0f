// The socket on which shield changes arrive. It comes back by itself; when the server says that coming
// back is no use it stops and says so.

import { backOff, type Clock } from "./clock";
import type { ClientFrame, ServerFrame } from "./types";

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
  onUp: (up: boolean) => void;
  /** Close codes 4500 to 4999: a new session is needed. */
  onStop: (code: number) => void;
}

export interface Live {
  /** Comes back now instead of at the end of the wait. */
  hurry(): void;
  /** Lets the connection go and makes a new one: this one may be dead without knowing it. */
  redial(): void;
  close(): void;
}

/** A connection that held this long was a good one: the waits start short again. */
const steady = 5_000;
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

export const openLive = ({ dial, first, clock, chance, auth, onFrame, onUp, onStop }: LiveDeps): Live => {
  let tries = 0;
  let upAt: number | null = null;
  let socket: Socket | null = null;
  let callOff: (() => void) | null = null;

  const connect = (mine = dial()) => {
    callOff = null;
    socket = mine;
    const opened = () => {
      upAt = clock.now();
      mine.send(JSON.stringify(auth()));
      onUp(true);
    };
    if (mine.readyState === 1) opened();
    else mine.onopen = opened;
    mine.onmessage = ({ data }) => {
      const frame = parseFrame(data);
      if (frame) onFrame(frame);
    };
    mine.onclose = ({ code }) => {
      socket = null;
      if (upAt !== null && clock.now() - upAt >= steady) tries = 0;
      upAt = null;
      onUp(false);
      if (code >= 4500 && code <= 4999) onStop(code);
      else callOff = clock.after(backOff(tries++, chance()), () => connect());
    };
  };

  const redial = () => {
    callOff?.();
    if (socket) letGo(socket);
    if (socket) onUp(false);
    tries = 0;
    upAt = null;
    connect();
  };

  connect(first);
  return {
    hurry() {
      if (callOff !== null) redial();
    },
    redial,
    close() {
      callOff?.();
      callOff = null;
      if (socket) letGo(socket);
      socket = null;
    },
  };
};
