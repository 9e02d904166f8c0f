// The global that v1.js defines.

import type { MountOptions, PodHandle } from "./loader.js";

export interface Shieldpod {
  mount(container: Element | null, options: MountOptions): PodHandle;
  /** Calls back at once. Before the script has loaded, an array in its place stores the call. */
  push(call: (shieldpod: Shieldpod) => void): void;
}

declare global {
  interface Window {
    Shieldpod?: Shieldpod | ((shieldpod: Shieldpod) => void)[];
  }
}
