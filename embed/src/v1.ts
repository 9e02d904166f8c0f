// The script that a host page loads: <script async src="https://pod.example/embed/v1.js"></script>.
// Calls made before it has loaded wait in an array:
//   (window.Shieldpod ||= []).push((shieldpod) => shieldpod.mount(element, { … }));

import { define } from "./element.js";
import { mount } from "./loader.js";
import type { Shieldpod } from "./window.js";

/** Replaces the array of waiting calls, and runs them. A second copy of the script does nothing. */
const install = (podOrigin: string) => {
  const waiting = window.Shieldpod;
  if (waiting !== undefined && !Array.isArray(waiting)) return;
  const shieldpod: Shieldpod = {
    mount: (place, options) => mount(window, podOrigin, place, options),
    push: (call) => call(shieldpod),
  };
  window.Shieldpod = shieldpod;
  define(podOrigin);
  for (const call of waiting ?? []) {
    try {
      call(shieldpod);
    } catch (e) {
      reportError(e); // the other calls still run
    }
  }
};

const script = document.currentScript;
if (script instanceof HTMLScriptElement && script.src) install(new URL(script.src).origin);
else reportError(new Error("Shieldpod: load v1.js by <script src>; for modules there is the package @shieldpod/embed"));
