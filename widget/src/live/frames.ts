// Frames of the socket, as the server sends them.

import type { ServerFrame } from "../types";

const types: readonly unknown[] = ["snapshot", "event", "policy", "session"];

/** Unknown in, a frame or null out. The content is the server's, which checks it against the contract. */
export const parseFrame = (data: unknown): ServerFrame | null => {
  if (typeof data !== "string") return null;
  try {
    const frame = JSON.parse(data) as { type?: unknown } | null;
    return types.includes(frame?.type) ? (frame as ServerFrame) : null;
  } catch {
    return null;
  }
};
