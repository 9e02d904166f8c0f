// What a host page and a pod say to each other by postMessage, and how the host's side reads it.
// Start at PodMessage and HostMessage. The widget imports these types and reads HostMessage itself.

import type { ErrorCode, Method } from "./codes.js";

export type { ApiErrorCode, ErrorCode, Method, PodErrorCode } from "./codes.js";

/** What the pod says to the host page. Ids and states only: never a code, a number or an address. */
export type PodMessage =
  | { type: "shieldpod:context-request"; nonce: string }
  | { type: "shieldpod:ready" }
  | { type: "shieldpod:resize"; height: number }
  | ({ type: `shieldpod:${VerificationEvent}` } & VerificationDetail)
  | { type: "shieldpod:error"; code: ErrorCode };

/** What the host page says to the pod. */
export type HostMessage =
  | { type: "shieldpod:context"; nonce: string; context: string }
  | { type: "shieldpod:context-refused"; nonce: string }
  | { type: "shieldpod:refresh" }
  | ({ type: "shieldpod:look" } & Look);

/**
 * How the pod looks, to fit its host: each value as CSS would have it, and what is left out is the pod's own.
 * The same words stand in the fragment of the pod's address, for its first look.
 */
export interface Look {
  theme?: "light" | "dark";
  accent?: string;
  radius?: string;
  font?: string;
}

export type VerificationEvent =
  | "verification:sent"
  | "verification:verified"
  | "verification:denied"
  | "verification:expired"
  | "verification:failed";

export interface VerificationDetail {
  verification_id: string;
  contact_id: string;
  channel_id: string;
  method: Method;
}

const verificationTypes: readonly string[] = [
  "shieldpod:verification:sent",
  "shieldpod:verification:verified",
  "shieldpod:verification:denied",
  "shieldpod:verification:expired",
  "shieldpod:verification:failed",
];

const maxHeight = 10_000;

const isWord = (value: unknown, max = 256): value is string =>
  typeof value === "string" && value.length > 0 && value.length <= max;

/**
 * Unknown in, typed or null out: only the fields that the message has, nothing carried along. Codes and methods
 * that are newer than this file pass: a host's package may be older than the server, and must still hear of them.
 */
export const parsePodMessage = (data: unknown): PodMessage | null => {
  if (typeof data !== "object" || data === null) return null;
  const m = data as Record<string, unknown>;
  switch (m.type) {
    case "shieldpod:context-request":
      return isWord(m.nonce) ? { type: m.type, nonce: m.nonce } : null;
    case "shieldpod:ready":
      return { type: m.type };
    case "shieldpod:resize":
      return typeof m.height === "number" && m.height >= 0 && m.height <= maxHeight
        ? { type: m.type, height: m.height }
        : null;
    case "shieldpod:error":
      return isWord(m.code) ? { type: m.type, code: m.code as ErrorCode } : null;
  }
  return parseVerification(m);
};

const parseVerification = (m: Record<string, unknown>): PodMessage | null => {
  const { type, verification_id, contact_id, channel_id, method } = m;
  if (typeof type !== "string" || !verificationTypes.includes(type)) return null;
  if (!isWord(verification_id) || !isWord(contact_id) || !isWord(channel_id) || !isWord(method)) return null;
  const of = type as `shieldpod:${VerificationEvent}`;
  return { type: of, verification_id, contact_id, channel_id, method: method as Method };
};
