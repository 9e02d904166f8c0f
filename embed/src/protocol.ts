// The messages between a host page and a pod, sent by postMessage, and the parser of the host's side. Start with PodMessage
// and HostMessage. The widget imports these types and parses HostMessage itself.

import type { ErrorCode, Method } from "./codes.js";

export type { ApiErrorCode, ErrorCode, Method, PodErrorCode } from "./codes.js";

/** Messages from the pod to the host page. Ids and states only: never a code, a number or an address. */
export type PodMessage =
  | { type: "shieldpod:context-request"; nonce: string }
  | { type: "shieldpod:ready" }
  | { type: "shieldpod:resize"; height: number }
  | ({ type: `shieldpod:${VerificationEvent}` } & VerificationDetail)
  | { type: "shieldpod:error"; code: ErrorCode };

/** Messages from the host page to the pod. */
export type HostMessage =
  | { type: "shieldpod:context"; nonce: string; context: string }
  | { type: "shieldpod:context-refused"; nonce: string }
  | { type: "shieldpod:refresh" }
  | ({ type: "shieldpod:look" } & ThemeOptions);

/**
 * The theme of the pod: CSS values, with the pod's default for a missing one. The fragment of the pod's address has the
 * same names, for the initial theme.
 */
export interface ThemeOptions {
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

const isShortString = (value: unknown, max = 256): value is string =>
  typeof value === "string" && value.length > 0 && value.length <= max;

/**
 * Unknown in, typed or null out; unknown fields are dropped. Unknown codes and methods pass, since a host's package may be
 * older than the server.
 */
export const parsePodMessage = (data: unknown): PodMessage | null => {
  if (typeof data !== "object" || data === null) return null;
  const m = data as Record<string, unknown>;
  switch (m.type) {
    case "shieldpod:context-request":
      return isShortString(m.nonce) ? { type: m.type, nonce: m.nonce } : null;
    case "shieldpod:ready":
      return { type: m.type };
    case "shieldpod:resize":
      return typeof m.height === "number" && m.height >= 0 && m.height <= maxHeight
        ? { type: m.type, height: m.height }
        : null;
    case "shieldpod:error":
      return isShortString(m.code) ? { type: m.type, code: m.code as ErrorCode } : null;
  }
  return parseVerification(m);
};

const parseVerification = (m: Record<string, unknown>): PodMessage | null => {
  const { type, verification_id, contact_id, channel_id, method } = m;
  if (typeof type !== "string" || !verificationTypes.includes(type)) return null;
  if (
    !isShortString(verification_id) ||
    !isShortString(contact_id) ||
    !isShortString(channel_id) ||
    !isShortString(method)
  )
    return null;
  const of = type as `shieldpod:${VerificationEvent}`;
  return { type: of, verification_id, contact_id, channel_id, method: method as Method };
};
