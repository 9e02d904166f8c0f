// Where changes come from: the socket, or polling while something on the way blocks the socket.

import type { Clock } from "../clock";
import type { Polling, PollingDeps, Updates } from "../lazy/polling";
import { type Connection, type ConnectionState, openConnection } from "../live/connection";
import type { Socket } from "../live/socket";
import type { ClientFrame, ServerFrame } from "../types";

export interface UpdateDeps extends Omit<PollingDeps, "reconnectNow" | "hidden"> {
  clock: Clock;
  random: () => number;
  dial: () => Socket;
  /** The first frame of each connection. */
  auth: () => ClientFrame;
  /** Creates the polling fallback; undefined while its code has not been loaded. */
  createPolling?: (deps: PollingDeps) => Polling | undefined;
  onFrame: (frame: ServerFrame) => void;
  onUpdates: (updates: Updates) => void;
  /** The server demands a new session. */
  onStop: () => void;
}

export interface UpdateSource {
  connect(preconnected?: Socket): void;
  /** Replaces the connection: the current one may be dead. */
  reconnect(): void;
  /** The page is visible again, or the network is back. */
  wake(): void;
  close(): void;
}

export const createUpdates = (deps: UpdateDeps): UpdateSource => {
  let connection: Connection | null = null;
  let polling: Polling | undefined;
  let [state, failures]: [ConnectionState, number] = ["open", 0];

  /** Reports the state of the socket, also to a polling fallback that was loaded only now. */
  const report = () => {
    polling ??= deps.createPolling?.({ ...deps, reconnectNow: () => connection?.reconnectNow() });
    if (polling) polling.onState(state, failures);
    else deps.onUpdates(state === "down" ? "none" : "live");
  };

  return {
    connect(preconnected) {
      connection?.close();
      [state, failures] = ["open", 0];
      connection = openConnection({
        ...deps,
        onState(now, failed) {
          [state, failures] = [now, failed];
          report();
        },
        preconnected,
      });
    },
    reconnect: () => connection?.reconnect(),
    wake() {
      connection?.reconnectNow();
      if (polling) polling.wake();
      else if (connection) report();
    },
    close() {
      connection?.close();
      polling?.close();
      connection = null;
      polling = undefined;
    },
  };
};
