// What v1.js puts on the page.

import type { MountOptions, PodHandle } from "./loader.js";

export interface Shieldpod {
  mount(place: Element | null, options: MountOptions): PodHandle;
  /** Calls back at once. Before the script has loaded, an array in this place keeps the call. */
  push(call: (shieldpod: Shieldpod) => void): void;
}

declare global {
  interface Window {
    Shieldpod?: Shieldpod | ((shieldpod: Shieldpod) => void)[];
  }
}
