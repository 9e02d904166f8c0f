// @shieldpod/embed/pure: mount, for a bundle of the host. Importing it has no side effects.

import { type MountOptions, mount as mountOn, type PodHandle } from "./loader.js";

export type { Appearance, Events, MountOptions, PodHandle } from "./loader.js";
export type { ErrorCode, Method, VerificationDetail, VerificationEvent } from "./protocol.js";
export type { Shieldpod } from "./window.js";

export interface PodOptions extends MountOptions {
  /** The exact origin of Shieldpod: https://pod.example. */
  origin: string;
}

/**
 * Mounts a pod into the container. A container has one pod: mounting again replaces it. Throws a TypeError where no pod can
 * open, also for null, so that the result of getElementById can be passed.
 */
export const mount = (container: Element | null, { origin, ...options }: PodOptions): PodHandle => {
  const hostWindow = container?.ownerDocument.defaultView ?? window;
  return mountOn(hostWindow, origin, container, options);
};
