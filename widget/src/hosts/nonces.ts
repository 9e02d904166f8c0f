import type { Api } from "../api";

/** A nonce for the next launch context: the one that came with the page, once, and afterwards the server's own. */
export type Nonces = (signal: AbortSignal) => Promise<string>;

export const createNonces = (first: string, api: Pick<Api, "challenge">): Nonces => {
  let given = first;
  return async (signal) => {
    const nonce = given;
    given = "";
    return nonce || (await api.challenge(signal)).nonce;
  };
};
