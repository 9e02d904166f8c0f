// @shieldpod/embed/pure: mount, from a bundle of the host's own. Nothing happens when it is imported.

import { type MountOptions, mount as mountOn, type PodHandle } from "./loader.js";

export type { Appearance, Events, MountOptions, PodHandle } from "./loader.js";
export type { ErrorCode, Method, VerificationDetail, VerificationEvent } from "./protocol.js";
export type { Shieldpod } from "./window.js";

export interface PodOptions extends MountOptions {
  /** Where Shieldpod runs, exactly: https://pod.example. */
  origin: string;
}

/**
 * Mounts a pod into the place. A place has one pod: mounting into it again replaces the one before. Throws a
 * TypeError where no pod could open, also when there is no such place: what getElementById gives can be passed.
 */
export const mount = (place: Element | null, { origin, ...options }: PodOptions): PodHandle => {
  const page = place?.ownerDocument.defaultView ?? window;
  return mountOn(page, origin, place, options);
};
