// A host that signs nothing: the technician signs in, in a window of our own, and the ticket is looked up by the
// server. The code that the window brings is believed from our own origin and from that very window.

import { type Api, Refusal } from "../api";
import type { Clock } from "../clock";
import type { Host } from "../hosts/host";

/** How often it is looked whether the window is still there. */
const glance = 500;

/** The part of `window` that opens another, and hears what that says. */
export interface OpenerWindow {
  open(url: string, name: string, features: string): { readonly closed: boolean; close(): void } | null;
  addEventListener(type: "message", heard: (e: MessageEvent) => void): void;
  removeEventListener(type: "message", heard: (e: MessageEvent) => void): void;
}

export interface SignInPage {
  window: OpenerWindow;
  /** Our own. */
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
  /** A window that nobody pressed for would be blocked. */
  const code = (signal: AbortSignal) =>
    new Promise<string>((resolve, reject) => {
      const popup = window.open(`/signin/${encodeURIComponent(tenant)}`, "_blank", "popup,width=480,height=640");
      if (!popup) return reject(new Refusal("popup_blocked", ""));
      const hear = (e: MessageEvent) => {
        const given = e.origin === origin && e.source === popup ? parseSignedIn(e.data) : null;
        if (given) end(() => resolve(given));
      };
      let gone = false;
      /** A window that is done closes itself: its last word may be on its way yet. */
      const look = () => {
        if (gone) return end(() => reject(new Refusal("signin_closed", "")));
        gone = popup.closed;
        callOff = clock.after(glance, look);
      };
      const dropped = () => end(() => reject(signal.reason));
      const end = (settle: () => void) => {
        callOff();
        window.removeEventListener("message", hear);
        signal.removeEventListener("abort", dropped);
        popup.close();
        settle();
      };
      let callOff = clock.after(glance, look);
      window.addEventListener("message", hear);
      signal.addEventListener("abort", dropped);
    });

  return {
    async open(signal, pressed) {
      if (!pressed) throw new Refusal("signin_required", "");
      const given = await code(signal);
      signal.throwIfAborted();
      return api.launchSignIn({ tenant, code: given, ticket, ...(psa && { psa }) }, signal);
    },
    say() {},
  };
};
