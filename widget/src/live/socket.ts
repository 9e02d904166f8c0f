// The part of WebSocket that the pod uses, and a socket that is opened before there is a session for it.

import type { Clock } from "../clock";

export interface Socket {
  readonly readyState: number;
  send(text: string): void;
  close(): void;
  onopen: ((e: Event) => void) | null;
  onmessage: ((e: MessageEvent) => void) | null;
  onclose: ((e: CloseEvent) => void) | null;
}

/** In milliseconds: the server closes a connection that does not authenticate within five seconds. */
const preconnectMaxAge = 3_000;

export interface Preconnection {
  /** The socket, if it is still usable; else it is closed. */
  take(): Socket | undefined;
  detach(): void;
}

/** Opens a socket while the launch is in progress. */
export const preconnect = (dial: () => Socket, clock: Clock): Preconnection => {
  const socket = dial();
  const since = clock.now();
  return {
    take() {
      if (socket.readyState <= 1 && clock.now() - since < preconnectMaxAge) return socket;
      detach(socket);
      return undefined;
    },
    detach: () => detach(socket),
  };
};

/** Closes the socket and stops listening to it. */
export const detach = (socket: Socket) => {
  socket.onopen = socket.onmessage = socket.onclose = null;
  socket.close();
};
