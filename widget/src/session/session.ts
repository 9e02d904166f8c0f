// One ticket's session: launch, renewal and updates. Everything it starts ends with the ticket: `start` aborts
// every request of the previous ticket, and a late response is dropped.

import type { Api, ApiError } from "../api";
import type { Clock } from "../clock";
import type { Host, HostEvents } from "../hosts/host";
import type { Polling, PollingDeps, Updates } from "../lazy/polling";
import type { Socket } from "../live/socket";
import type { ClientFrame, Pod, PodFrame, SessionOpened } from "../types";
import { createLauncher } from "./launcher";
import { createRenewal } from "./renewal";
import { createScope, createTicket, type TicketScope } from "./ticket";
import { createUpdates } from "./updates";

export interface SessionDeps {
  api: Api;
  host: (events: HostEvents) => Host;
  dial: () => Socket;
  clock: Clock;
  /** From 0 to 1, for back-off. */
  random: () => number;
  /** The server's time, in Unix milliseconds. */
  serverNow: () => number;
  /** The sequence number that the pod on screen has reached, and its policy version. */
  resumePoint: () => Pick<ClientFrame, "since" | "policy">;
  /** The ticket is about to be saved; returns the reasons against it. */
  onSave: () => string[];
  /** The ticket has left the screen. */
  onReset: () => void;
  /** `resumed`: the same ticket as before, so input is kept. Returns whether the pod has news. */
  onPod: (pod: Pod, resumed: boolean) => boolean;
  onFrame: (frame: PodFrame) => void;
  onUpdates: (updates: Updates) => void;
  /** Creates the polling fallback; undefined while its code has not been loaded. */
  createPolling?: (deps: PollingDeps) => Polling | undefined;
  /** Whether a verification on screen is pending. */
  isWaiting: () => boolean;
  /** The server is busy; the launch is retried without user action. */
  onWait: (reason: ApiError) => void;
  onStop: (reason: ApiError) => void;
}

export interface Session {
  /** Drops the current ticket, if any, and launches the one that the host has on screen. */
  start(): void;
  /** Launches again because the technician asked; input is kept if the ticket is still the same. */
  retry(): void;
  /** Requests for the ticket that is on screen now. */
  scope(): TicketScope;
  post: Host["post"];
  /** The page is visible again, or the network is back: waiting ends now. */
  wake(): void;
}

export const createSession = (deps: SessionDeps): Session => {
  const host = deps.host({
    ticketChanged: () => start(),
    ticketUpdated: () => (ticket.id === null ? start() : void launcher.launch()),
    beforeSave: deps.onSave,
  });
  let ticket = createTicket();
  const current = () => ticket;

  const disconnect = () => {
    updates.close();
    renewal.stop();
  };

  const drop = () => {
    ticket.drop();
    ticket = createTicket();
    launcher.reset();
    disconnect();
    deps.onReset();
  };

  const storeToken = (token: string, expiresAt: string) => {
    ticket.token = token;
    renewal.schedule(expiresAt);
  };

  /** Stores a launched or renewed session; one of another ticket first drops everything of the previous one. */
  const accept = ({ token, expires_at, pod }: SessionOpened): boolean => {
    const resumed = ticket.id === pod.ticket.id;
    if (!resumed && ticket.id !== null) drop();
    ticket.id = pod.ticket.id;
    const news = deps.onPod(pod, resumed);
    storeToken(token, expires_at);
    return news;
  };

  const relaunch = () => launcher.relaunch();

  const renewal = createRenewal({
    ...deps,
    ticket: current,
    accept,
    relaunch,
    onSleep: () => updates.reconnect(),
  });

  const updates = createUpdates({
    ...deps,
    renew: renewal.renew,
    auth: () => ({ type: "auth", token: ticket.token, ...deps.resumePoint() }),
    onFrame(frame) {
      if (frame.type === "session") storeToken(frame.token, frame.expires_at);
      else deps.onFrame(frame);
    },
    onStop: relaunch,
  });

  const launcher = createLauncher({
    ...deps,
    host,
    ticket: current,
    disconnect,
    accept,
    connect: updates.connect,
  });

  const start = () => {
    drop();
    void launcher.launch();
  };

  return {
    start,
    retry() {
      if (ticket.id === null) drop();
      void launcher.launch(true);
    },
    scope: () => createScope(ticket, { ...deps, relaunch }),
    post: host.post,
    wake() {
      updates.wake();
      renewal.check();
    },
  };
};
