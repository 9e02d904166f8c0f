// Mounts pods on a host page. Plain and pure: everything of the page comes in through `page`.

import {
  type ErrorCode,
  type HostMessage,
  type Look,
  parsePodMessage,
  type VerificationDetail,
  type VerificationEvent,
} from "./protocol.js";

export interface Appearance {
  theme?: "light" | "dark" | "auto";
  /**
   * Accent colour, corner radius and font of the pod, to fit the host's. What is left out comes from the CSS
   * variables --shieldpod-accent, --shieldpod-radius and --shieldpod-font of the place, where they are set.
   */
  variables?: { accent?: string; radius?: string; font?: string };
}

export interface MountOptions extends Appearance {
  /** The tenant's slug: the pod's page is `/pod/{tenant}`. */
  tenant: string;
  /** Asks the host's own server for a signed launch context for the ticket on screen that carries this nonce. */
  getContextToken: (request: { nonce: string }) => Promise<string>;
}

export interface Events extends Record<VerificationEvent, VerificationDetail> {
  ready: Record<string, never>;
  resize: { height: number };
  /** `pod_timeout`: the frame never said a word. Else a code of the pod, such as `context_refused`. */
  error: { code: ErrorCode };
}

export interface PodHandle {
  /** Calls back on the event; gives the function that stops it. Hints for the host's screen, not proofs. */
  on<E extends keyof Events>(event: E, heard: (detail: Events[E]) => void): () => void;
  off<E extends keyof Events>(event: E, heard: (detail: Events[E]) => void): void;
  /** The ticket on screen has changed: the pod drops the old one at once and asks for a new context. */
  refresh(): void;
  /** Changes how the pod looks; what is typed in it stays. */
  update(appearance: Appearance): void;
  /** Takes the pod away for good. Once is enough, twice does no harm. */
  destroy(): void;
}

/** The part of `window` that a mount needs. */
export type Page = Pick<
  Window,
  | "addEventListener"
  | "removeEventListener"
  | "location"
  | "document"
  | "reportError"
  | "getComputedStyle"
  | "setTimeout"
  | "clearTimeout"
>;

export const events: readonly (keyof Events)[] = [
  "ready",
  "resize",
  "verification:sent",
  "verification:verified",
  "verification:denied",
  "verification:expired",
  "verification:failed",
  "error",
];

/** How long a frame may load and say nothing, before the host is told. */
const patience = 20_000;

type Heard = (detail: unknown) => void;

/** Who stands where: a place that is mounted into again shows one pod, the newer one. */
const standing = new WeakMap<Element, PodHandle>();

/** Mounts a pod into the place; `into` is where in it. Throws a TypeError where no pod could ever open. */
export const mount = (
  page: Page,
  podOrigin: string,
  place: Element | null,
  options: MountOptions,
  into: ParentNode | null = place,
): PodHandle => {
  refuse(page, podOrigin, options);
  if (!place?.append || !into) throw wrong("there is no such element");
  standing.get(place)?.destroy();

  let appearance: Appearance = options;
  const first = lookOf(page, place, appearance);
  const frame = frameFor(page, podOrigin, options.tenant, first);

  const listeners = new Map<string, Set<Heard>>();
  const emit = (event: string, detail: unknown) => {
    for (const heard of [...(listeners.get(event) ?? [])]) {
      try {
        heard(detail);
      } catch (e) {
        page.reportError(e); // one listener's fault is not the next one's
      }
    }
  };
  // Nobody is told anything before the pod has spoken: until then the frame is no page of the pod's.
  let awake = false;
  const silence = page.setTimeout(() => emit("error", { code: "pod_timeout" }), patience);
  const say = (message: HostMessage) => {
    if (awake) frame.contentWindow?.postMessage(message, podOrigin);
  };

  let worn = JSON.stringify(first);
  const dress = () => {
    const look = lookOf(page, place, appearance);
    frame.style.colorScheme = schemeOf(look);
    if (!awake || JSON.stringify(look) === worn) return;
    worn = JSON.stringify(look);
    say({ type: "shieldpod:look", ...look });
  };

  const answer = async (nonce: string) => {
    worn = JSON.stringify(first); // it may be a frame that was loaded again, and looks as its address says
    dress();
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
    awake = true;
    page.clearTimeout(silence);
    if (message.type === "shieldpod:context-request") {
      void answer(message.nonce);
      return;
    }
    if (message.type === "shieldpod:resize") frame.style.height = `${Math.ceil(message.height)}px`;
    const { type, ...detail } = message;
    emit(type.slice("shieldpod:".length), detail);
  };

  const handle: PodHandle = {
    on(event, heard) {
      listeners.set(event, (listeners.get(event) ?? new Set()).add(heard as Heard));
      return () => handle.off(event, heard);
    },
    off(event, heard) {
      listeners.get(event)?.delete(heard as Heard);
    },
    refresh: () => say({ type: "shieldpod:refresh" }),
    update(changes) {
      appearance = { ...appearance, ...changes };
      dress();
    },
    destroy() {
      page.removeEventListener("message", hear);
      page.removeEventListener("load", dress);
      page.clearTimeout(silence);
      listeners.clear();
      frame.remove();
      if (standing.get(place) === handle) standing.delete(place);
    },
  };
  standing.set(place, handle);
  page.addEventListener("message", hear);
  page.addEventListener("load", dress); // by then the page's style sheets are there
  into.append(frame);
  return handle;
};

const wrong = (why: string) => new TypeError(`Shieldpod can't mount: ${why}`);

const refuse = (page: Page, podOrigin: string, { tenant }: MountOptions) => {
  if (!tenant) throw wrong("no tenant");
  if (!isOrigin(podOrigin)) throw wrong(`the pod's origin is like https://pod.example, not ${podOrigin}`);
  if (!isOrigin(page.location.origin))
    throw wrong("this page has no origin that the pod could trust (a file, or a sandbox)");
};

/** Exactly what an event's origin would be: no path, no slash, no default port, no capitals. */
export const isOrigin = (given: unknown): given is string =>
  typeof given === "string" && /^https?:/.test(given) && URL.canParse(given) && new URL(given).origin === given;

const lookOf = (page: Page, place: Element, { theme, variables }: Appearance): Look => {
  const look: Look = theme === "light" || theme === "dark" ? { theme } : {};
  const style = page.getComputedStyle(place);
  for (const name of ["accent", "radius", "font"] as const) {
    const value = variables?.[name] ?? style.getPropertyValue(`--shieldpod-${name}`).trim();
    if (value) look[name] = value;
  }
  return look;
};

const schemeOf = ({ theme }: Look) => theme ?? "light dark";

/** The frame, styled through the CSSOM: a host's policy may forbid style attributes. */
const frameFor = (page: Page, podOrigin: string, tenant: string, look: Look): HTMLIFrameElement => {
  const frame = page.document.createElement("iframe");
  const words = new URLSearchParams({ parent: page.location.origin, ...look });
  frame.title = "Caller verification";
  frame.setAttribute(
    "sandbox",
    "allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox",
  );
  frame.setAttribute("allow", "clipboard-write");
  frame.referrerPolicy = "no-referrer";
  Object.assign(frame.style, { display: "block", width: "100%", height: "280px", maxHeight: "100%", border: "0" });
  frame.style.colorScheme = schemeOf(look);
  frame.src = `${podOrigin}/pod/${encodeURIComponent(tenant)}#${words}`;
  return frame;
};
