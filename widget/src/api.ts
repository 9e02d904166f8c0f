// The BFF's routes that a pod uses. An answer comes back typed, or as one of two errors:
// Refusal (the server said no, with a code) and Unreachable (nobody knows what became of it).

import type { ErrorCode } from "../../embed/src/protocol";
import type { Clock } from "./clock";
import type {
  ConnectWiseLaunch,
  HistoryPage,
  LaunchRequest,
  SendRequest,
  SessionOpened,
  SignInLaunch,
  Verification,
} from "./types";

/** What the server said no to, in its stable code and its words for people. */
export class Refusal extends Error {
  constructor(
    readonly code: ErrorCode,
    readonly detail: string,
    readonly status = 0,
    /** In seconds, where the server says how long to wait. */
    readonly retryAfter = 0,
  ) {
    super(code);
  }
}

/** No answer, or none by the BFF itself. The request may or may not have been carried out. */
export class Unreachable extends Error {}

/** A server that takes longer than this is taken for gone: a technician waits, and can do nothing else meanwhile. */
const patience = 15_000;

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

interface Asking {
  signal: AbortSignal;
  token?: string;
  key?: string;
  body?: unknown;
}

export type Api = ReturnType<typeof createApi>;

export const createApi = (fetch: Fetch, clock: Clock) => {
  const ask = async <T>(method: "GET" | "POST", path: string, { signal, token, key, body }: Asking): Promise<T> => {
    const headers: Record<string, string> = {};
    if (token) headers.Authorization = `Bearer ${token}`;
    if (key) headers["Idempotency-Key"] = key;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const limit = new AbortController();
    const callOff = clock.after(patience, () => limit.abort());
    const init: RequestInit = { method, headers, cache: "no-store", credentials: "omit", redirect: "error" };
    init.signal = AbortSignal.any([signal, limit.signal]);
    if (body !== undefined) init.body = JSON.stringify(body);
    let response: Response;
    let answer: unknown;
    try {
      response = await fetch(`/api/v1${path}`, init);
      answer = await response.json();
    } catch {
      throw new Unreachable(path);
    } finally {
      callOff();
    }
    if (response.ok) return answer as T;
    throw refusal(response.status, answer) ?? new Unreachable(path);
  };

  return {
    challenge: (signal: AbortSignal) => ask<{ nonce: string }>("POST", "/launch/challenge", { signal }),
    launch: (body: LaunchRequest, signal: AbortSignal) => ask<SessionOpened>("POST", "/launch", { signal, body }),
    launchConnectWise: (body: ConnectWiseLaunch, signal: AbortSignal) =>
      ask<SessionOpened>("POST", "/launch/connectwise", { signal, body }),
    launchSignIn: (body: SignInLaunch, signal: AbortSignal) =>
      ask<SessionOpened>("POST", "/launch/signin", { signal, body }),
    pod: (token: string, signal: AbortSignal) => ask<SessionOpened>("GET", "/pod", { signal, token }),
    send: (token: string, signal: AbortSignal, key: string, body: SendRequest) =>
      ask<Verification>("POST", "/verifications", { signal, token, key, body }),
    check: (token: string, signal: AbortSignal, id: string, code: string) =>
      ask<Verification>("POST", `/verifications/${encodeURIComponent(id)}/code`, { signal, token, body: { code } }),
    cancel: (token: string, signal: AbortSignal, id: string) =>
      ask<Verification>("POST", `/verifications/${encodeURIComponent(id)}/cancel`, { signal, token }),
    history: (token: string, signal: AbortSignal, contact: string, cursor?: string) =>
      ask<HistoryPage>("GET", `/contacts/${encodeURIComponent(contact)}/history${cursor ? `?cursor=${cursor}` : ""}`, {
        signal,
        token,
      }),
  };
};

const refusal = (status: number, answer: unknown): Refusal | null => {
  if (typeof answer !== "object" || answer === null) return null;
  const { code, detail, retry_after } = answer as Record<string, unknown>;
  if (typeof code !== "string" || typeof detail !== "string") return null;
  return new Refusal(code as ErrorCode, detail, status, typeof retry_after === "number" ? retry_after : 0);
};
