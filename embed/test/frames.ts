// Fakes the pods' side of messages in tests with a document: the frames of happy-dom load nothing.

import { vi } from "vitest";

export const podOrigin = "https://pod.example";

const roots = (root: ParentNode): ParentNode[] => [
  root,
  ...[...root.querySelectorAll("*")].flatMap((e) => (e.shadowRoot ? roots(e.shadowRoot) : [])),
];

/** The frames on the page, also those in shadow roots. */
export const frames = (): HTMLIFrameElement[] =>
  roots(document).flatMap((root) => [...root.querySelectorAll("iframe")]);

const windows = new WeakMap<HTMLIFrameElement, { postMessage: ReturnType<typeof vi.fn> }>();

/** The messages posted to the pod of a frame. */
export const messagesTo = (frame: HTMLIFrameElement): unknown[] =>
  (windows.get(frame)?.postMessage.mock.calls ?? []).map(([message]) => message);

/** Posts a message from the pod of this frame. */
export const postFromPod = (frame: HTMLIFrameElement | undefined, data: unknown, origin = podOrigin) => {
  if (!frame) throw new Error("no such frame");
  let contentWindow = windows.get(frame);
  if (!contentWindow) {
    contentWindow = { postMessage: vi.fn() };
    windows.set(frame, contentWindow);
    Object.defineProperty(frame, "contentWindow", { value: contentWindow });
  }
  window.dispatchEvent(new MessageEvent("message", { data, origin, source: contentWindow as never }));
};

/** Counts the message listeners: one for each mounted pod. */
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

/** Resolves after the pending microtasks. */
export const afterMicrotasks = () =>
  new Promise((resolve) => queueMicrotask(() => queueMicrotask(() => resolve(undefined))));
