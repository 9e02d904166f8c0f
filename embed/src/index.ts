// @shieldpod/embed: mount, and <shield-pod origin="https://pod.example" …>, defined when this is imported.

import { define } from "./element.js";

export type { ShieldPodAttributes, ShieldPodElement, ShieldPodEvents } from "./element.js";
export * from "./pure.js";

if (typeof customElements !== "undefined") define();
