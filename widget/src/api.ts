// Requests to the BFF, and its routes that open a pod; lazy/actions.ts has those of the commands. A request resolves to a
// typed response, or rejects with one of two errors: ApiError (the server refused it, with a code) and NetworkError (its
// result is unknown).

import type { ErrorCode } from "../../embed/src/protocol";
import type { Clock } from "./clock";
import type { ConnectWiseLaunch, LaunchRequest, SessionOpened, SignInLaunch } from "./types";

/** A refusal by the server: a stable code, and a sentence for people. */
export class ApiError extends Error {
  constructor(
    readonly code: ErrorCode,
    readonly detail = "",
    readonly status = 0,
    /** In seconds; 0 where the server does not say how long to wait. */
    readonly retryAfter = 0,
  ) {
    super(code);
  }
}

/** No response, or one that is not the BFF's. The request may or may not have been carried out. */
export class NetworkError extends Error {}

/** In milliseconds: a slower response counts as lost, since the technician can do nothing else meanwhile. */
const requestTimeout = 15_000;

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

interface RequestOptions {
  signal: AbortSignal;
  token?: string;
  key?: string;
  body?: unknown;
}

/** Sends a request to a route, whose path follows `/api/v1`. */
export type Request = <T>(method: "GET" | "POST", path: string, options: RequestOptions) => Promise<T>;

export type Api = ReturnType<typeof createApi>;

export const createApi = (fetch: Fetch, clock: Clock) => {
  const request: Request = async <T>(
    method: "GET" | "POST",
    path: string,
    { signal, token, key, body }: RequestOptions,
  ) => {
    const headers: Record<string, string> = {};
    if (token) headers.Authorization = `Bearer ${token}`;
    if (key) headers["Idempotency-Key"] = key;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const timeout = new AbortController();
    const cancel = clock.after(requestTimeout, () => timeout.abort());
    const init: RequestInit = {
      method,
      headers,
      body: JSON.stringify(body),
      signal: AbortSignal.any([signal, timeout.signal]),
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
    };
    let response: Response;
    let json: unknown;
    try {
      response = await fetch(`/api/v1${path}`, init);
      json = await response.json();
    } catch {
      throw new NetworkError(path);
    } finally {
      cancel();
    }
    if (response.ok) return json as T;
    throw parseProblem(response.status, json) ?? new NetworkError(path);
  };

  return {
    request,
    challenge: (signal: AbortSignal) => request<{ nonce: string }>("POST", "/launch/challenge", { signal }),
    launch: (body: LaunchRequest, signal: AbortSignal) => request<SessionOpened>("POST", "/launch", { signal, body }),
    launchConnectWise: (body: ConnectWiseLaunch, signal: AbortSignal) =>
      request<SessionOpened>("POST", "/launch/connectwise", { signal, body }),
    launchSignIn: (body: SignInLaunch, signal: AbortSignal) =>
      request<SessionOpened>("POST", "/launch/signin", { signal, body }),
    pod: (token: string, signal: AbortSignal) => request<SessionOpened>("GET", "/pod", { signal, token }),
  };
};

const parseProblem = (status: number, json: unknown): ApiError | null => {
  if (typeof json !== "object" || json === null) return null;
  const { code, detail, retry_after } = json as Record<string, unknown>;
  if (typeof code !== "string" || typeof detail !== "string") return null;
  return new ApiError(code as ErrorCode, detail, status, typeof retry_after === "number" ? retry_after : 0);
};
