// <shield-pod tenant="acme" ticket="4711" context-url="/shieldpod-context"></shield-pod>: a pod without a script of the
// host. Start with define.

import { type Appearance, type Events, events, type MountOptions, mount, type PodHandle } from "./loader.js";

const tag = "shield-pod";

/** The properties that reflect attributes. */
const reflected = { tenant: "tenant", ticket: "ticket", theme: "theme", contextUrl: "context-url" } as const;

/** The attributes and properties of <shield-pod> as JSX has them; jsx-react.ts and jsx-preact.ts declare the tag. */
export interface ShieldPodAttributes {
  tenant?: string | null;
  /** The ticket on screen: any value that identifies it for the host. */
  ticket?: string | number | null;
  theme?: "light" | "dark" | "auto" | null;
  "context-url"?: string | null;
  /** Only where the element is defined without an origin of its own. */
  origin?: string | null;
  /** A property: React sets it from version 19, Preact always. */
  getContextToken?: ((request: { nonce: string }) => Promise<string>) | null;
}

/** The events of the element. They bubble, also out of a shadow root. */
export type ShieldPodEvents = { [E in keyof Events as `shieldpod:${E}`]: CustomEvent<Events[E]> };

declare global {
  interface HTMLElementTagNameMap {
    "shield-pod": ShieldPodElement;
  }
  interface GlobalEventHandlersEventMap extends ShieldPodEvents {}
}

let fixedOrigin: string | undefined;

/**
 * Defines <shield-pod> once: later calls do nothing. With an origin every pod is loaded from there, regardless of the
 * page's markup; without one, each element's `origin` attribute decides.
 */
export const define = (podOrigin?: string): void => {
  if (customElements.get(tag)) return;
  fixedOrigin = podOrigin;
  for (const [property, attribute] of Object.entries(reflected)) {
    Object.defineProperty(ShieldPodElement.prototype, property, {
      configurable: true,
      enumerable: true,
      get(this: Element) {
        return this.getAttribute(attribute);
      },
      set(this: Element, value: unknown) {
        if (value === null || value === undefined) this.removeAttribute(attribute);
        else this.setAttribute(attribute, String(value));
      },
    });
  }
  customElements.define(tag, ShieldPodElement);
};

const Base: typeof HTMLElement = globalThis.HTMLElement ?? class {}; // servers have no HTMLElement, but may import this module

export class ShieldPodElement extends Base {
  static readonly observedAttributes = ["tenant", "ticket", "theme", "origin"];

  /** The tenant's slug. Another one mounts another pod. */
  declare tenant: string | null;
  /** The ticket on screen: any value that identifies it for the host. A new value switches the pod to that ticket. */
  declare ticket: string | null;
  declare theme: Appearance["theme"] | null;
  /** The URL on the host's own origin that signs contexts: `{ticket, nonce}` in, `{context}` out. */
  declare contextUrl: string | null;
  /** Replaces `context-url`; as for mount. It may be set before the element is defined. */
  declare getContextToken?: ((request: { nonce: string }) => Promise<string>) | null;

  readonly #root = this.attachShadow({ mode: "open" }); // hides the element's content
  #pod: PodHandle | null = null;
  #current: { pod: string; ticket: string | null } | null = null;
  #updateScheduled = false;

  /** As for mount: the same `ticket` again, with something new in it. */
  refresh() {
    this.#pod?.refresh();
  }

  connectedCallback() {
    for (const name of Object.keys(reflected) as (keyof typeof reflected)[]) {
      if (!Object.hasOwn(this, name)) continue;
      const value = this[name]; // set before the element was defined: it hides the reflecting property
      Reflect.deleteProperty(this, name);
      Reflect.set(this, name, value);
    }
    this.#scheduleUpdate();
  }

  disconnectedCallback() {
    this.#scheduleUpdate();
  }

  /** Called for moveBefore, which keeps the frame and its content. */
  connectedMoveCallback() {}

  /** In another document the frame has another parent. */
  adoptedCallback() {
    this.#unmount();
  }

  attributeChangedCallback(_: string, was: string | null, is: string | null) {
    if (was !== is) this.#scheduleUpdate();
  }

  /** Updates once for all changes of a task: an element that is moved is removed and inserted again. */
  #scheduleUpdate() {
    if (this.#updateScheduled) return;
    this.#updateScheduled = true;
    queueMicrotask(() => {
      this.#updateScheduled = false;
      this.#update();
    });
  }

  #update() {
    const view = this.ownerDocument.defaultView;
    const { tenant, ticket, theme } = this;
    const origin = fixedOrigin ?? this.getAttribute("origin");
    if (!this.isConnected || !view || !tenant || !origin) return this.#unmount();
    const pod = `${origin}/${tenant}`;
    const before = this.#current;
    this.#current = { pod, ticket };
    if (before?.pod !== pod) return this.#mount(view, origin, tenant);
    this.#pod?.update({ theme: theme ?? "auto" });
    if (before.ticket !== ticket) this.#pod?.refresh();
  }

  #mount(view: Window & typeof globalThis, origin: string, tenant: string) {
    this.#pod?.destroy();
    const sheet = new view.CSSStyleSheet(); // not a style element: a host's policy may forbid it
    sheet.replaceSync(":host{display:block}:host([hidden]){display:none}");
    this.#root.adoptedStyleSheets = [sheet];
    const options: MountOptions = {
      tenant,
      theme: this.theme ?? "auto",
      getContextToken: (request) =>
        this.getContextToken ? this.getContextToken(request) : this.#fetchContext(view, request.nonce),
    };
    this.#pod = mount(view, origin, this, options, this.#root);
    for (const event of events) {
      this.#pod.on(event, (detail) => {
        this.dispatchEvent(new view.CustomEvent(`shieldpod:${event}`, { detail, bubbles: true, composed: true }));
      });
    }
  }

  #unmount() {
    this.#pod?.destroy();
    this.#pod = null;
    this.#current = null;
  }

  /** Requests a context from the host's own origin only: injected markup cannot make another server sign. */
  async #fetchContext(view: Window, nonce: string): Promise<string> {
    if (!this.contextUrl) throw new TypeError(`<${tag}> has neither context-url nor getContextToken`);
    const url = new URL(this.contextUrl, this.ownerDocument.baseURI);
    if (url.origin !== view.location.origin) throw new TypeError(`context-url is of another origin: ${url.origin}`);
    const response = await view.fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ ticket: this.ticket ?? undefined, nonce }),
      redirect: "error",
    });
    if (!response.ok) throw new Error(`context-url answered ${response.status}`);
    return (await response.json()).context;
  }
}
