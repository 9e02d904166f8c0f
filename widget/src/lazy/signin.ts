// A host without signed contexts: the technician signs in in a window of our own, and the server looks the ticket up. The
// window's code is accepted only from our own origin and from that window.

import { type Api, ApiError } from "../api";
import type { Clock } from "../clock";
import type { Host } from "../hosts/host";

/** In milliseconds: how often the window is checked for having been closed. */
const closedCheckInterval = 500;

/** The part of `window` that opens another window and receives its message. */
export interface OpenerWindow {
  open(url: string, name: string, features: string): { readonly closed: boolean; close(): void } | null;
  addEventListener(type: "message", heard: (e: MessageEvent) => void): void;
  removeEventListener(type: "message", heard: (e: MessageEvent) => void): void;
}

export interface SignInPage {
  window: OpenerWindow;
  /** Our own origin. */
  origin: string;
  tenant: string;
  psa: string;
  ticket: string;
  api: Pick<Api, "launchSignIn">;
  clock: Clock;
}

/** Unknown in, the code or null out. */
export const parseSignedIn = (data: unknown): string | null => {
  if (typeof data !== "object" || data === null) return null;
  const { type, code } = data as Record<string, unknown>;
  return type === "shieldpod:signed-in" && typeof code === "string" && code !== "" && code.length <= 4096 ? code : null;
};

export const createSignIn = ({ window, origin, tenant, psa, ticket, api, clock }: SignInPage): Host => {
  /** Opens the window; browsers block it without a press. */
  const requestCode = (signal: AbortSignal) =>
    new Promise<string>((resolve, reject) => {
      const popup = window.open(`/signin/${encodeURIComponent(tenant)}`, "_blank", "popup,width=480,height=640");
      if (!popup) return reject(new ApiError("popup_blocked"));
      const onMessage = (e: MessageEvent) => {
        const given = e.origin === origin && e.source === popup ? parseSignedIn(e.data) : null;
        if (given) finish(() => resolve(given));
      };
      let closed = false;
      /** Checks twice: a window that closes itself may have posted a message that has not arrived yet. */
      const check = () => {
        if (closed) return finish(() => reject(new ApiError("signin_closed")));
        closed = popup.closed;
        cancel = clock.after(closedCheckInterval, check);
      };
      const onAbort = () => finish(() => reject(signal.reason));
      const finish = (settle: () => void) => {
        cancel();
        window.removeEventListener("message", onMessage);
        signal.removeEventListener("abort", onAbort);
        popup.close();
        settle();
      };
      let cancel = clock.after(closedCheckInterval, check);
      window.addEventListener("message", onMessage);
      signal.addEventListener("abort", onAbort);
    });

  return {
    async open(signal, pressed) {
      if (!pressed) throw new ApiError("signin_required");
      const given = await requestCode(signal);
      signal.throwIfAborted();
      return api.launchSignIn({ tenant, code: given, ticket, ...(psa && { psa }) }, signal);
    },
    post() {},
  };
};
