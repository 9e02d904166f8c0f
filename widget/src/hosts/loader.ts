// Our own loader around the pod: it names the host's origin in the fragment, and hands contexts over as the host's
// server signs them. A message earns trust by origin, source and shape.

import type { HostMessage, Look, PodMessage } from "../../../embed/src/protocol";
import { type Api, Refusal } from "../api";
import type { Clock } from "../clock";
import { type Ears, type Host, type HostWindow, listen } from "./host";
import type { Nonces } from "./nonces";

/** How long the host's own server may take to sign a context. */
const patience = 15_000;

export interface LoaderPage {
  window: HostWindow;
  origin: string;
  nonces: Nonces;
  api: Pick<Api, "launch">;
  clock: Clock;
  wear: (look: Look) => void;
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

export const createLoader = ({ window, origin, nonces, api, clock, wear }: LoaderPage, ears: Ears): Host => {
  const hear = (heard: (message: HostMessage) => void) =>
    listen(window, origin, (data) => {
      const message = parseHostMessage(data);
      if (message) heard(message);
    });
  const say = (message: PodMessage) => window.parent.postMessage(message, origin);

  hear((message) => {
    if (message.type === "shieldpod:refresh") ears.turn();
    if (message.type === "shieldpod:look") wear(message);
  });

  /** A signed launch context that carries the nonce. Refusal: host_timeout, context_refused. */
  const context = (nonce: string, signal: AbortSignal) =>
    new Promise<string>((resolve, reject) => {
      const done = () => {
        callOff();
        deafen();
      };
      const deafen = hear((message) => {
        if (!("nonce" in message) || message.nonce !== nonce) return;
        done();
        if (message.type === "shieldpod:context") resolve(message.context);
        else reject(new Refusal("context_refused", ""));
      });
      const callOff = clock.after(patience, () => {
        done();
        reject(new Refusal("host_timeout", ""));
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

  const open: Host["open"] = async (signal) => {
    const nonce = await nonces(signal);
    const body = { context: await context(nonce, signal), nonce };
    signal.throwIfAborted();
    const launched = await api.launch(body, signal);
    if (launched.pod.origin && launched.pod.origin !== origin) throw new Refusal("origin_mismatch", "");
    return launched;
  };

  return { open, say };
};
