// For the tests with a document: what pods say and hear on a page of happy-dom, whose frames load nothing: whoever speaks for one is made here.

import { vi } from "vitest";

export const podOrigin = "https://pod.example";

const roots = (root: ParentNode): ParentNode[] => [
  root,
  ...[...root.querySelectorAll("*")].flatMap((e) => (e.shadowRoot ? roots(e.shadowRoot) : [])),
];

/** The frames on the page, also those in shadows. */
export const frames = (): HTMLIFrameElement[] =>
  roots(document).flatMap((root) => [...root.querySelectorAll("iframe")]);

const windows = new WeakMap<HTMLIFrameElement, { postMessage: ReturnType<typeof vi.fn> }>();

/** What the pod of a frame was told. */
export const told = (frame: HTMLIFrameElement): unknown[] =>
  (windows.get(frame)?.postMessage.mock.calls ?? []).map(([message]) => message);

/** The pod of this frame says something. */
export const says = (frame: HTMLIFrameElement | undefined, data: unknown, origin = podOrigin) => {
  if (!frame) throw new Error("no such frame");
  let contentWindow = windows.get(frame);
  if (!contentWindow) {
    contentWindow = { postMessage: vi.fn() };
    windows.set(frame, contentWindow);
    Object.defineProperty(frame, "contentWindow", { value: contentWindow });
  }
  window.dispatchEvent(new MessageEvent("message", { data, origin, source: contentWindow as never }));
};

/** How many listen for messages: one for each pod that stands. */
export const countListeners = () => {
  let listening = 0;
  const { addEventListener, removeEventListener } = window;
  vi.spyOn(window, "addEventListener").mockImplementation((...given: Parameters<typeof addEventListener>) => {
    if (given[0] === "message") listening++;
    addEventListener.apply(window, given);
  });
  vi.spyOn(window, "removeEventListener").mockImplementation((...given: Parameters<typeof removeEventListener>) => {
    if (given[0] === "message") listening--;
    removeEventListener.apply(window, given);
  });
  return () => listening;
};

/** All that was put off to the end of this breath. */
export const settled = () => new Promise((resolve) => queueMicrotask(() => queueMicrotask(() => resolve(undefined))));
