// The BFF's routes that the commands use.

import type { Request } from "../api";
import type { HistoryPage, SendRequest, Verification } from "../types";

export type Actions = ReturnType<typeof createActions>;

export const createActions = (request: Request) => ({
  send: (token: string, signal: AbortSignal, key: string, body: SendRequest) =>
    request<Verification>("POST", "/verifications", { signal, token, key, body }),
  checkCode: (token: string, signal: AbortSignal, id: string, code: string) =>
    request<Verification>("POST", `/verifications/${encodeURIComponent(id)}/code`, { signal, token, body: { code } }),
  cancel: (token: string, signal: AbortSignal, id: string) =>
    request<Verification>("POST", `/verifications/${encodeURIComponent(id)}/cancel`, { signal, token }),
  history: (token: string, signal: AbortSignal, contact: string, cursor?: string) =>
    request<HistoryPage>(
      "GET",
      `/contacts/${encodeURIComponent(contact)}/history${cursor ? `?cursor=${cursor}` : ""}`,
      {
        signal,
        token,
      },
    ),
});
