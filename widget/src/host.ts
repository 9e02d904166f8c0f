// The page around the pod. A message from it earns trust by origin, source and shape.

import type { HostMessage, Look, PodMessage } from "../../embed/src/protocol";
import { Refusal } from "./api";
import type { Clock } from "./clock";

/** How long the host's own server may take to sign a context. */
const patience = 15_000;

export interface Host {
  readonly origin: string;
  /** A signed launch context that carries the nonce. Refusal: host_silent, context_refused. */
  context(nonce: string, signal: AbortSignal): Promise<string>;
  say(message: PodMessage): void;
}

/** The part of `window` that talks to the host. */
export interface HostWindow {
  parent: { postMessage(message: unknown, targetOrigin: string): void };
  addEventListener(type: "message", heard: (e: MessageEvent) => void): void;
  removeEventListener(type: "message", heard: (e: MessageEvent) => void): void;
}

/** Unknown in, a look out: only the words that there are, and no value longer than a real one. */
export const parseLook = ({ theme, ...given }: Record<string, unknown>): Look => {
  const look: Look = theme === "light" || theme === "dark" ? { theme } : {};
  for (const name of ["accent", "radius", "font"] as const) {
    const value = given[name];
    if (typeof value === "string" && value.length > 0 && value.length <= 100) look[name] = value;
  }
  return look;
};

/** Unknown in, typed or null out. */
export const parseHostMessage = (data: unknown): HostMessage | null => {
  if (typeof data !== "object" || data === null) return null;
  const { type, nonce, context, ...rest } = data as Record<string, unknown>;
  const carries = (value: unknown): value is string => typeof value === "string" && value.length > 0;
  switch (type) {
    case "shieldpod:refresh":
      return { type };
    case "shieldpod:look":
      return { type, ...parseLook(rest) };
    case "shieldpod:context-refused":
      return carries(nonce) ? { type, nonce } : null;
    case "shieldpod:context":
      return carries(nonce) && carries(context) && context.length <= 8192 ? { type, nonce, context } : null;
  }
  return null;
};

/** The origin that the loader wrote into the fragment, in the one spelling that an event's origin has. */
export const parentOrigin = (fragment: URLSearchParams): string | null => {
  const given = fragment.get("parent") ?? "";
  return URL.canParse(given) && new URL(given).origin === given ? given : null;
};

export const createHost = (
  window: HostWindow,
  origin: string,
  clock: Clock,
  onRefresh: () => void,
  onLook: (look: Look) => void,
): Host => {
  const listen = (heard: (message: HostMessage) => void) => {
    const hear = (e: MessageEvent) => {
      if (e.origin !== origin || e.source !== window.parent) return;
      const message = parseHostMessage(e.data);
      if (message) heard(message);
    };
    window.addEventListener("message", hear);
    return () => window.removeEventListener("message", hear);
  };
  const say = (message: PodMessage) => window.parent.postMessage(message, origin);

  listen((message) => {
    if (message.type === "shieldpod:refresh") onRefresh();
    if (message.type === "shieldpod:look") onLook(message);
  });

  const context = (nonce: string, signal: AbortSignal) =>
    new Promise<string>((resolve, reject) => {
      const done = () => {
        callOff();
        deafen();
      };
      const deafen = listen((message) => {
        if (!("nonce" in message) || message.nonce !== nonce) return;
        done();
        if (message.type === "shieldpod:context") resolve(message.context);
        else reject(new Refusal("context_refused", ""));
      });
      const callOff = clock.after(patience, () => {
        done();
        reject(new Refusal("host_silent", ""));
      });
      signal.addEventListener(
        "abort",
        () => {
          done();
          reject(signal.reason);
        },
        { once: true },
      );
      say({ type: "shieldpod:context-request", nonce });
    });

  return { origin, context, say };
};
