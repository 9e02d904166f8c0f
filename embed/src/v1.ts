// The script a host page loads: <script async src="https://pod.example/embed/v1.js"></script>.
// Calls made before it has loaded wait in an array:
//   (window.Shieldpod ||= []).push((shieldpod) => shieldpod.mount(element, { … }));

import { type MountOptions, mount, type PodHandle } from "./loader";

interface Shieldpod {
  mount(place: Element, options: MountOptions): PodHandle;
  push(call: (shieldpod: Shieldpod) => void): void;
}

declare global {
  interface Window {
    Shieldpod?: Shieldpod | ((shieldpod: Shieldpod) => void)[];
  }
}

const waiting = window.Shieldpod;
if (document.currentScript instanceof HTMLScriptElement && (waiting === undefined || Array.isArray(waiting))) {
  const podOrigin = new URL(document.currentScript.src).origin;
  const shieldpod: Shieldpod = {
    mount: (place, options) => mount(window, podOrigin, place, options),
    push: (call) => call(shieldpod),
  };
  window.Shieldpod = shieldpod;
  for (const call of waiting ?? []) call(shieldpod);
}
