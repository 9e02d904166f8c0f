// Our own loader as the host: it names the host page's origin in the fragment, and passes on contexts that the host's
// server signs. A message is trusted by origin, source and shape.

import type { HostMessage, PodMessage, ThemeOptions } from "../../../embed/src/protocol";
import { type Api, ApiError } from "../api";
import type { Clock } from "../clock";
import { type Host, type HostEvents, type HostWindow, listenToParent } from "./host";
import type { Nonces } from "./nonces";

/** In milliseconds: how long the host's own server may take to sign a context. */
const contextTimeout = 15_000;

export interface LoaderPage {
  window: HostWindow;
  origin: string;
  nonces: Nonces;
  api: Pick<Api, "launch">;
  clock: Clock;
  applyTheme: (theme: ThemeOptions) => void;
}

/** Unknown in, theme options out: only the known fields, each at most 100 characters long. */
export const parseTheme = ({ theme, ...given }: Record<string, unknown>): ThemeOptions => {
  const options: ThemeOptions = theme === "light" || theme === "dark" ? { theme } : {};
  for (const name of ["accent", "radius", "font"] as const) {
    const value = given[name];
    if (typeof value === "string" && value.length > 0 && value.length <= 100) options[name] = value;
  }
  return options;
};

/** Unknown in, typed or null out. */
export const parseHostMessage = (data: unknown): HostMessage | null => {
  if (typeof data !== "object" || data === null) return null;
  const { type, nonce, context, ...rest } = data as Record<string, unknown>;
  const isText = (value: unknown): value is string => typeof value === "string" && value.length > 0;
  switch (type) {
    case "shieldpod:refresh":
      return { type };
    case "shieldpod:look":
      return { type, ...parseTheme(rest) };
    case "shieldpod:context-refused":
      return isText(nonce) ? { type, nonce } : null;
    case "shieldpod:context":
      return isText(nonce) && isText(context) && context.length <= 8192 ? { type, nonce, context } : null;
  }
  return null;
};

/** The origin in the fragment; null unless it is spelled exactly as `event.origin` would be. */
export const parentOrigin = (fragment: URLSearchParams): string | null => {
  const given = fragment.get("parent") ?? "";
  return URL.canParse(given) && new URL(given).origin === given ? given : null;
};

export const createLoader = (page: LoaderPage, events: HostEvents): Host => {
  const { window, origin, nonces, api, clock, applyTheme } = page;
  const listen = (listener: (message: HostMessage) => void) =>
    listenToParent(window, origin, (data) => {
      const message = parseHostMessage(data);
      if (message) listener(message);
    });
  const post = (message: PodMessage) => window.parent.postMessage(message, origin);

  listen((message) => {
    if (message.type === "shieldpod:refresh") events.ticketChanged();
    if (message.type === "shieldpod:look") applyTheme(message);
  });

  /** Requests a signed launch context with this nonce. ApiError: host_timeout, context_refused. */
  const requestContext = (nonce: string, signal: AbortSignal) =>
    new Promise<string>((resolve, reject) => {
      const done = () => {
        cancel();
        stopListening();
      };
      const stopListening = listen((message) => {
        if (!("nonce" in message) || message.nonce !== nonce) return;
        done();
        if (message.type === "shieldpod:context") resolve(message.context);
        else reject(new ApiError("context_refused"));
      });
      const cancel = clock.after(contextTimeout, () => {
        done();
        reject(new ApiError("host_timeout"));
      });
      signal.addEventListener(
        "abort",
        () => {
          done();
          reject(signal.reason);
        },
        { once: true },
      );
      post({ type: "shieldpod:context-request", nonce });
    });

  const open: Host["open"] = async (signal) => {
    const nonce = await nonces(signal);
    const body = { context: await requestContext(nonce, signal), nonce };
    signal.throwIfAborted();
    const launched = await api.launch(body, signal);
    if (launched.pod.origin && launched.pod.origin !== origin) throw new ApiError("origin_mismatch");
    return launched;
  };

  return { open, post };
};
