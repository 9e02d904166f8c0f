// The socket on which shield changes arrive. It reconnects without help, and stops when the server says that
// reconnecting is useless.

import { backOff, type Clock } from "../clock";
import type { ClientFrame, ServerFrame } from "../types";
import { parseFrame } from "./frames";
import { detach, type Socket } from "./socket";

export interface ConnectionDeps {
  dial: () => Socket;
  /** A socket that was opened earlier. */
  preconnected?: Socket;
  clock: Clock;
  /** From 0 to 1, for back-off. */
  random: () => number;
  /** The first frame of each connection. */
  auth: () => ClientFrame;
  onFrame: (frame: ServerFrame) => void;
  /** `failures`: successive connections that did not open or closed at once. One that hangs counts twice. */
  onState: (state: ConnectionState, failures: number) => void;
  /** Close codes 4500 to 4999: a new session is needed. */
  onStop: (code: number) => void;
}

/** active: a frame has arrived on this connection, so nothing on the way holds frames back. */
export type ConnectionState = "down" | "open" | "active";

export interface Connection {
  /** Connects now instead of at the end of the wait. */
  reconnectNow(): void;
  /** Replaces the connection: the current one may be dead without a sign. */
  reconnect(): void;
  close(): void;
}

/** In milliseconds: a connection that lasted this long was stable, so the back-off starts again. */
export const stableAfter = 5_000;
/** In milliseconds: a connection that takes longer to open is abandoned, since a proxy may never answer. */
const openTimeout = 5_000;

export const openConnection = (deps: ConnectionDeps): Connection => {
  const { clock, onState } = deps;
  let [tries, failures] = [0, 0];
  let openedAt: number | null = null;
  let socket: Socket | null = null;
  let cancel = () => {};
  let waiting = false;

  const connect = (mine = deps.dial()) => {
    waiting = false;
    socket = mine;
    let active = false;
    const onOpen = () => {
      cancel();
      openedAt = clock.now();
      mine.send(JSON.stringify(deps.auth()));
      onState("open", failures);
    };
    const onLost = (code: number, weight: number) => {
      cancel();
      detach(mine);
      socket = null;
      const stable = openedAt !== null && clock.now() - openedAt >= stableAfter;
      if (stable) tries = 0;
      failures = stable || active ? 0 : failures + weight;
      openedAt = null;
      onState("down", failures);
      if (code >= 4500 && code <= 4999) return deps.onStop(code);
      waiting = true;
      cancel = clock.after(backOff(tries++, deps.random()), () => connect());
    };
    mine.onmessage = ({ data }) => {
      const frame = parseFrame(data);
      if (!frame) return;
      if (!active) onState("active", failures);
      active = true;
      deps.onFrame(frame);
    };
    mine.onclose = ({ code }) => onLost(code, 1);
    cancel = clock.after(openTimeout, () => onLost(1006, 2));
    if (mine.readyState === 1) onOpen();
    else mine.onopen = onOpen;
  };

  const reconnect = () => {
    cancel();
    if (socket) detach(socket);
    if (socket) onState("down", 0);
    tries = failures = 0;
    openedAt = null;
    connect();
  };

  connect(deps.preconnected);
  return {
    reconnectNow() {
      if (waiting) reconnect();
    },
    reconnect,
    close() {
      cancel();
      waiting = false;
      if (socket) detach(socket);
      socket = null;
    },
  };
};
