// Mounts pods on a host window. The host's window is a parameter, so that tests can replace it.

import {
  type ErrorCode,
  type HostMessage,
  parsePodMessage,
  type ThemeOptions,
  type VerificationDetail,
  type VerificationEvent,
} from "./protocol.js";

export interface Appearance {
  theme?: "light" | "dark" | "auto";
  /**
   * Accent color, corner radius and font of the pod. A missing value is read from the container's CSS variable
   * --shieldpod-accent, --shieldpod-radius or --shieldpod-font, if it is set.
   */
  variables?: { accent?: string; radius?: string; font?: string };
}

export interface MountOptions extends Appearance {
  /** The tenant's slug: the pod's page is `/pod/{tenant}`. */
  tenant: string;
  /** Requests a signed launch context with this nonce for the ticket on screen, from the host's own server. */
  getContextToken: (request: { nonce: string }) => Promise<string>;
}

export interface Events extends Record<VerificationEvent, VerificationDetail> {
  ready: Record<string, never>;
  resize: { height: number };
  /** `pod_timeout`: the frame sent no message in time. Else a code of the pod, such as `context_refused`. */
  error: { code: ErrorCode };
}

export interface PodHandle {
  /** Adds a listener; returns the function that removes it. Events are hints for the host's screen, not evidence. */
  on<E extends keyof Events>(event: E, listener: (detail: Events[E]) => void): () => void;
  off<E extends keyof Events>(event: E, listener: (detail: Events[E]) => void): void;
  /** The ticket on screen has changed: the pod drops the old one at once and requests a new context. */
  refresh(): void;
  /** Changes the theme; typed input stays. */
  update(appearance: Appearance): void;
  /** Removes the pod for good. Later calls do nothing. */
  destroy(): void;
}

/** The part of the host's `window` that mount uses. */
export type HostWindow = Pick<
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

/** In milliseconds: a frame that sends no message for this long is reported as an error. */
const silenceTimeout = 20_000;

type Listener = (detail: unknown) => void;

/** The pod of each container: mounting again replaces it. */
const mountedPods = new WeakMap<Element, PodHandle>();

/** Mounts a pod into the container; `root` is the node that gets the frame. Throws a TypeError where no pod can open. */
export const mount = (
  window: HostWindow,
  podOrigin: string,
  container: Element | null,
  options: MountOptions,
  root: ParentNode | null = container,
): PodHandle => {
  validate(window, podOrigin, options);
  if (!container?.append || !root) throw mountError("there is no such element");
  mountedPods.get(container)?.destroy();

  let appearance: Appearance = options;
  const first = themeOf(window, container, appearance);
  const frame = createFrame(window, podOrigin, options.tenant, first);

  const listeners = new Map<string, Set<Listener>>();
  const emit = (event: string, detail: unknown) => {
    for (const listener of [...(listeners.get(event) ?? [])]) {
      try {
        listener(detail);
      } catch (e) {
        window.reportError(e); // the other listeners still run
      }
    }
  };
  // Nothing is posted before the pod's first message: until then the frame may show another page.
  let connected = false;
  const silence = window.setTimeout(() => emit("error", { code: "pod_timeout" }), silenceTimeout);
  const post = (message: HostMessage) => {
    if (connected) frame.contentWindow?.postMessage(message, podOrigin);
  };

  let applied = JSON.stringify(first);
  const applyTheme = () => {
    const theme = themeOf(window, container, appearance);
    frame.style.colorScheme = colorSchemeOf(theme);
    if (!connected || JSON.stringify(theme) === applied) return;
    applied = JSON.stringify(theme);
    post({ type: "shieldpod:look", ...theme });
  };

  const sendContext = async (nonce: string) => {
    applied = JSON.stringify(first); // a reloaded frame has the theme of its address again
    applyTheme();
    try {
      const context: unknown = await options.getContextToken({ nonce });
      if (typeof context !== "string" || context === "") throw new TypeError("getContextToken gave no token");
      post({ type: "shieldpod:context", nonce, context });
    } catch (e) {
      post({ type: "shieldpod:context-refused", nonce });
      window.reportError(e); // an error of the host's own code
    }
  };

  const onMessage = (e: MessageEvent) => {
    if (e.origin !== podOrigin || e.source !== frame.contentWindow) return;
    const message = parsePodMessage(e.data);
    if (message === null) return;
    connected = true;
    window.clearTimeout(silence);
    if (message.type === "shieldpod:context-request") {
      void sendContext(message.nonce);
      return;
    }
    if (message.type === "shieldpod:resize") frame.style.height = `${Math.ceil(message.height)}px`;
    const { type, ...detail } = message;
    emit(type.slice("shieldpod:".length), detail);
  };

  const handle: PodHandle = {
    on(event, listener) {
      listeners.set(event, (listeners.get(event) ?? new Set()).add(listener as Listener));
      return () => handle.off(event, listener);
    },
    off(event, listener) {
      listeners.get(event)?.delete(listener as Listener);
    },
    refresh: () => post({ type: "shieldpod:refresh" }),
    update(changes) {
      appearance = { ...appearance, ...changes };
      applyTheme();
    },
    destroy() {
      window.removeEventListener("message", onMessage);
      window.removeEventListener("load", applyTheme);
      window.clearTimeout(silence);
      listeners.clear();
      frame.remove();
      if (mountedPods.get(container) === handle) mountedPods.delete(container);
    },
  };
  mountedPods.set(container, handle);
  window.addEventListener("message", onMessage);
  window.addEventListener("load", applyTheme); // the page's style sheets have loaded by then
  root.append(frame);
  return handle;
};

const mountError = (why: string) => new TypeError(`Shieldpod can't mount: ${why}`);

const validate = (window: HostWindow, podOrigin: string, { tenant }: MountOptions) => {
  if (!tenant) throw mountError("no tenant");
  if (!isOrigin(podOrigin)) throw mountError(`the pod's origin is like https://pod.example, not ${podOrigin}`);
  if (!isOrigin(window.location.origin))
    throw mountError("this page has no origin that the pod could trust (a file, or a sandbox)");
};

/** Whether it is spelled exactly as `event.origin`: no path, no slash, no default port, no capitals. */
export const isOrigin = (given: unknown): given is string =>
  typeof given === "string" && /^https?:/.test(given) && URL.canParse(given) && new URL(given).origin === given;

const themeOf = (window: HostWindow, container: Element, { theme, variables }: Appearance): ThemeOptions => {
  const given: ThemeOptions = theme === "light" || theme === "dark" ? { theme } : {};
  const style = window.getComputedStyle(container);
  for (const name of ["accent", "radius", "font"] as const) {
    const value = variables?.[name] ?? style.getPropertyValue(`--shieldpod-${name}`).trim();
    if (value) given[name] = value;
  }
  return given;
};

const colorSchemeOf = ({ theme }: ThemeOptions) => theme ?? "light dark";

/** The frame, styled through the CSSOM, since a host's Content-Security-Policy may forbid style attributes. */
const createFrame = (window: HostWindow, podOrigin: string, tenant: string, theme: ThemeOptions): HTMLIFrameElement => {
  const frame = window.document.createElement("iframe");
  const fragment = new URLSearchParams({ parent: window.location.origin, ...theme });
  frame.title = "Caller verification";
  frame.setAttribute(
    "sandbox",
    "allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox",
  );
  frame.setAttribute("allow", "clipboard-write");
  frame.referrerPolicy = "no-referrer";
  Object.assign(frame.style, { display: "block", width: "100%", height: "280px", maxHeight: "100%", border: "0" });
  frame.style.colorScheme = colorSchemeOf(theme);
  frame.src = `${podOrigin}/pod/${encodeURIComponent(tenant)}#${fragment}`;
  return frame;
};
