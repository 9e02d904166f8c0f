// Mounts pods on a host page. Plain and pure: everything of the page comes in through `page`.

import { type HostMessage, parsePodMessage, type VerificationDetail, type VerificationEvent } from "./protocol";

export interface MountOptions {
  /** The tenant's slug: the pod's page is `/pod/{tenant}`. */
  tenant: string;
  /** Asks the host's own server for a signed launch context for the ticket on screen that carries this nonce. */
  getContextToken: (request: { nonce: string }) => Promise<string>;
  theme?: "light" | "dark" | "auto";
  /** Accent colour, corner radius and font of the pod, to fit the host's. */
  variables?: { accent?: string; radius?: string; font?: string };
}

export interface Events extends Record<VerificationEvent, VerificationDetail> {
  ready: Record<string, never>;
  resize: { height: number };
  error: { code: string };
}

export interface PodHandle {
  /** Calls back on the event; gives the function that stops it. Hints for the host's screen, not proofs. */
  on<E extends keyof Events>(event: E, heard: (detail: Events[E]) => void): () => void;
  off<E extends keyof Events>(event: E, heard: (detail: Events[E]) => void): void;
  /** The ticket on screen has changed: the pod drops the old one at once and asks for a new context. */
  refresh(): void;
  destroy(): void;
}

/** The part of `window` that a mount needs. */
export type Page = Pick<Window, "addEventListener" | "removeEventListener" | "location" | "document" | "reportError">;

type Heard = (detail: unknown) => void;

export const mount = (page: Page, podOrigin: string, place: Element, options: MountOptions): PodHandle => {
  const frame = frameFor(page, podOrigin, options);
  const listeners = new Map<string, Set<Heard>>();
  const emit = (event: string, detail: unknown) => {
    for (const heard of listeners.get(event) ?? []) heard(detail);
  };
  const say = (message: HostMessage) => frame.contentWindow?.postMessage(message, podOrigin);

  const answer = async (nonce: string) => {
    try {
      const context: unknown = await options.getContextToken({ nonce });
      if (typeof context !== "string" || context === "") throw new TypeError("getContextToken gave no token");
      say({ type: "shieldpod:context", nonce, context });
    } catch (e) {
      say({ type: "shieldpod:context-refused", nonce });
      page.reportError(e); // the host's own fault, told where the host's other faults are told
    }
  };

  const hear = (e: MessageEvent) => {
    if (e.origin !== podOrigin || e.source !== frame.contentWindow) return;
    const message = parsePodMessage(e.data);
    if (message === null) return;
    if (message.type === "shieldpod:context-request") {
      void answer(message.nonce);
      return;
    }
    if (message.type === "shieldpod:resize") frame.style.height = `${Math.ceil(message.height)}px`;
    const { type, ...detail } = message;
    emit(type.slice("shieldpod:".length), detail);
  };

  const off: PodHandle["off"] = (event, heard) => {
    listeners.get(event)?.delete(heard as Heard);
  };

  place.append(frame);
  page.addEventListener("message", hear);
  return {
    on(event, heard) {
      listeners.set(event, (listeners.get(event) ?? new Set()).add(heard as Heard));
      return () => off(event, heard);
    },
    off,
    refresh: () => say({ type: "shieldpod:refresh" }),
    destroy() {
      page.removeEventListener("message", hear);
      listeners.clear();
      frame.remove();
    },
  };
};

/** The frame, styled through the CSSOM: a host's policy may forbid style attributes. */
const frameFor = (page: Page, podOrigin: string, { tenant, theme, variables }: MountOptions): HTMLIFrameElement => {
  const frame = page.document.createElement("iframe");
  const words = new URLSearchParams({ parent: page.location.origin });
  if (theme === "light" || theme === "dark") words.set("theme", theme);
  for (const name of ["accent", "radius", "font"] as const) {
    const value = variables?.[name];
    if (value) words.set(name, value);
  }
  frame.title = "Caller verification";
  frame.setAttribute(
    "sandbox",
    "allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox",
  );
  frame.setAttribute("allow", "clipboard-write");
  frame.referrerPolicy = "no-referrer";
  Object.assign(frame.style, { display: "block", width: "100%", height: "280px", border: "0" });
  frame.style.colorScheme = theme === "light" || theme === "dark" ? theme : "light dark";
  frame.src = `${podOrigin}/pod/${encodeURIComponent(tenant)}#${words}`;
  return frame;
};
