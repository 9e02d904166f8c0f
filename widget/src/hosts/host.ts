// What surrounds the pod. hosts/ has one file for each kind of host: how it opens sessions, and what it reports.

import type { PodMessage } from "../../../embed/src/protocol";
import type { SessionOpened } from "../types";

export interface Host {
  /**
   * Opens a session for the ticket on screen. `userInitiated`: the technician has just pressed a button, so a window
   * may be opened. Throws ApiError or NetworkError; may be called again.
   */
  open(signal: AbortSignal, userInitiated: boolean): Promise<SessionOpened>;
  /** Posts a message to the host; hosts that take none ignore it. */
  post(message: PodMessage): void;
}

/** What a host reports to the pod. */
export interface HostEvents {
  /** Another ticket is on screen. */
  ticketChanged(): void;
  /** The ticket on screen may have new content. */
  ticketUpdated(): void;
  /** The ticket is about to be saved; returns the reasons against it. */
  beforeSave(): string[];
}

/** The part of `window` that exchanges messages with the host. */
export interface HostWindow {
  parent: { postMessage(message: unknown, targetOrigin: string): void };
  addEventListener(type: "message", listener: (e: MessageEvent) => void): void;
  removeEventListener(type: "message", listener: (e: MessageEvent) => void): void;
}

/** Listens to messages of the parent window in this origin only; returns the function that stops listening. */
export const listenToParent = (window: HostWindow, origin: string, listener: (data: unknown) => void): (() => void) => {
  const onMessage = (e: MessageEvent) => {
    if (e.origin === origin && e.source === window.parent) listener(e.data);
  };
  window.addEventListener("message", onMessage);
  return () => window.removeEventListener("message", onMessage);
};
