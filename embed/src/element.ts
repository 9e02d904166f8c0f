// <shield-pod tenant="acme" ticket="4711" context-url="/shieldpod-context"></shield-pod>: a pod without a
// script of the host's own. Start with define.

import { type Appearance, type Events, events, type MountOptions, mount, type PodHandle } from "./loader.js";

const tag = "shield-pod";

/** The properties that reflect attributes. */
const reflected = { tenant: "tenant", ticket: "ticket", theme: "theme", contextUrl: "context-url" } as const;

/** The attributes and properties of <shield-pod> as JSX has them; jsx-react.ts and jsx-preact.ts declare the tag. */
export interface ShieldPodAttributes {
  tenant?: string | null;
  /** Which ticket is on screen, in the host's own words. */
  ticket?: string | number | null;
  theme?: "light" | "dark" | "auto" | null;
  "context-url"?: string | null;
  /** Only where the element is defined without an origin of its own. */
  origin?: string | null;
  /** A property: React sets it from version 19, Preact always. */
  getContextToken?: ((request: { nonce: string }) => Promise<string>) | null;
}

/** What the element dispatches; it bubbles, also out of a shadow. */
export type ShieldPodEvents = { [E in keyof Events as `shieldpod:${E}`]: CustomEvent<Events[E]> };

declare global {
  interface HTMLElementTagNameMap {
    "shield-pod": ShieldPodElement;
  }
  interface GlobalEventHandlersEventMap extends ShieldPodEvents {}
}

let pinned: string | undefined;

/**
 * Defines <shield-pod>, once: later calls do nothing. With an origin every pod comes from there, whatever
 * the page's markup says; without one, each element's `origin` attribute says where from.
 */
export const define = (podOrigin?: string): void => {
  if (customElements.get(tag)) return;
  pinned = podOrigin;
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

const Base: typeof HTMLElement = globalThis.HTMLElement ?? class {}; // a server has no elements, and may import this

export class ShieldPodElement extends Base {
  static readonly observedAttributes = ["tenant", "ticket", "theme", "origin"];

  /** The tenant's slug. Another one mounts another pod. */
  declare tenant: string | null;
  /** Which ticket is on screen, in the host's own words. Another one makes the pod turn to it. */
  declare ticket: string | null;
  declare theme: Appearance["theme"] | null;
  /** Where the pod's nonce is posted to, on the host's own origin: `{ticket, nonce}` in, `{context}` out. */
  declare contextUrl: string | null;
  /** Instead of `context-url`: as for mount. It may be set before this class is there. */
  declare getContextToken?: ((request: { nonce: string }) => Promise<string>) | null;

  readonly #root = this.attachShadow({ mode: "open" }); // hides what stands in its place until there is a pod
  #pod: PodHandle | null = null;
  #shown: { pod: string; ticket: string | null } | null = null;
  #due = false;

  /** As for mount: the same `ticket` again, with something new in it. */
  refresh() {
    this.#pod?.refresh();
  }

  connectedCallback() {
    for (const name of Object.keys(reflected) as (keyof typeof reflected)[]) {
      if (!Object.hasOwn(this, name)) continue;
      const early = this[name]; // set before this class was there: it hides the property that reflects
      Reflect.deleteProperty(this, name);
      Reflect.set(this, name, early);
    }
    this.#soon();
  }

  disconnectedCallback() {
    this.#soon();
  }

  /** Moved by moveBefore, which keeps the frame and all that is in it. */
  connectedMoveCallback() {}

  /** In another window the frame has another parent. */
  adoptedCallback() {
    this.#leave();
  }

  attributeChangedCallback(_: string, was: string | null, is: string | null) {
    if (was !== is) this.#soon();
  }

  /** Once for all that changes in a breath: an element that is moved is taken out and put in again. */
  #soon() {
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      this.#settle();
    });
  }

  #settle() {
    const view = this.ownerDocument.defaultView;
    const { tenant, ticket, theme } = this;
    const origin = pinned ?? this.getAttribute("origin");
    if (!this.isConnected || !view || !tenant || !origin) return this.#leave();
    const pod = `${origin}/${tenant}`;
    const shown = this.#shown;
    this.#shown = { pod, ticket };
    if (shown?.pod !== pod) return this.#enter(view, origin, tenant);
    this.#pod?.update({ theme: theme ?? "auto" });
    if (shown.ticket !== ticket) this.#pod?.refresh();
  }

  #enter(view: Window & typeof globalThis, origin: string, tenant: string) {
    this.#pod?.destroy();
    const sheet = new view.CSSStyleSheet(); // not a style element: a host's policy may forbid it
    sheet.replaceSync(":host{display:block}:host([hidden]){display:none}");
    this.#root.adoptedStyleSheets = [sheet];
    const options: MountOptions = {
      tenant,
      theme: this.theme ?? "auto",
      getContextToken: (request) =>
        this.getContextToken ? this.getContextToken(request) : this.#post(view, request.nonce),
    };
    this.#pod = mount(view, origin, this, options, this.#root);
    for (const event of events) {
      this.#pod.on(event, (detail) => {
        this.dispatchEvent(new view.CustomEvent(`shieldpod:${event}`, { detail, bubbles: true, composed: true }));
      });
    }
  }

  #leave() {
    this.#pod?.destroy();
    this.#pod = null;
    this.#shown = null;
  }

  /** Asks the host's own server, and no other: markup that somebody slipped in can't make a stranger vouch. */
  async #post(view: Window, nonce: string): Promise<string> {
    if (!this.contextUrl) throw new TypeError(`<${tag}> has neither context-url nor getContextToken`);
    const url = new URL(this.contextUrl, this.ownerDocument.baseURI);
    if (url.origin !== view.location.origin) throw new TypeError(`context-url is of another origin: ${url.origin}`);
    const answer = await view.fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ ticket: this.ticket ?? undefined, nonce }),
      redirect: "error",
    });
    if (!answer.ok) throw new Error(`context-url answered ${answer.status}`);
    return (await answer.json()).context;
  }
}
