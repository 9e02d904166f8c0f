// What is around the pod. hosts/ has one file for each kind: how it opens sessions, and what it is told.

import type { PodMessage } from "../../../embed/src/protocol";
import type { SessionOpened } from "../types";

export interface Host {
  /**
   * Opens a session for the ticket on screen. `pressed`: the technician asks for it, in this very moment.
   * Throws Refusal or Unreachable; may be asked again.
   */
  open(signal: AbortSignal, pressed: boolean): Promise<SessionOpened>;
  /** Tells the host what becomes of the pod, as far as it listens. */
  say(message: PodMessage): void;
}

/** What a host has to tell the pod. */
export interface Ears {
  /** Another ticket is on screen. */
  turn(): void;
  /** The ticket on screen may read otherwise by now. */
  again(): void;
  /** The ticket is being saved: the reasons why it may not be, if there are any. */
  save(): string[];
}

/** The part of `window` that talks to the host. */
export interface HostWindow {
  parent: { postMessage(message: unknown, targetOrigin: string): void };
  addEventListener(type: "message", heard: (e: MessageEvent) => void): void;
  removeEventListener(type: "message", heard: (e: MessageEvent) => void): void;
}

/** Calls back on what the parent says in this origin; gives the function that ends it. */
export const listen = (window: HostWindow, origin: string, heard: (data: unknown) => void): (() => void) => {
  const hear = (e: MessageEvent) => {
    if (e.origin === origin && e.source === window.parent) heard(e.data);
  };
  window.addEventListener("message", hear);
  return () => window.removeEventListener("message", hear);
};
