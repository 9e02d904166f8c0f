// Nonces for launch contexts.

import type { Api } from "../api";

/** Resolves to a nonce for the next launch context: first the one that the page brought, then the server's. */
export type Nonces = (signal: AbortSignal) => Promise<string>;

export const createNonces = (first: string, api: Pick<Api, "challenge">): Nonces => {
  let unused = first;
  return async (signal) => {
    const nonce = unused;
    unused = "";
    return nonce || (await api.challenge(signal)).nonce;
  };
};
