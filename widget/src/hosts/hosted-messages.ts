// The messages between ConnectWise Manage and a hosted page: JSON in strings, sent by postMessage. Keys are read in
// any case, and the subject of an event is read from `data` or `args`.

import type { Member } from "../types";

/** A message of ConnectWise. The `id` of an event is returned unchanged in its acknowledgement. */
export type HostedMessage = { kind: "frame"; frame: string } | { kind: "member"; member: Member | null } | HostedEvent;

export interface HostedEvent {
  kind: "event";
  event: string;
  id?: unknown;
  ticket?: ShownTicket;
}

/** The ticket on screen; `id` "0" is one that was never saved. */
export interface ShownTicket {
  id: string;
  screen?: string;
}

/** In characters: longer than any message of ConnectWise, single sign-on tokens included. */
const maxLength = 65_536;

/** Unknown in, typed or null out. A member without id or hash is null: ConnectWise did not name one. */
export const parseHostedMessage = (data: unknown): HostedMessage | null => {
  const message = typeof data === "string" && data.length <= maxLength ? parse(data) : null;
  if (!message) return null;
  const frame = text(message.messageframeid);
  if (frame) return { kind: "frame", frame };
  if (text(message.response)?.toLowerCase() === "getmemberauthentication") {
    return { kind: "member", member: memberOf(lowerCaseKeys(message.data)) };
  }
  const event = text(message.event);
  if (!event) return null;
  const ticket = event.toLowerCase() === "onload" ? shownTicketOf(message) : undefined;
  return { kind: "event", event, id: message._id, ticket };
};

const parse = (json: string): Record<string, unknown> | null => {
  try {
    return lowerCaseKeys(JSON.parse(json));
  } catch {
    return null;
  }
};

/** The object with its keys in lower case; null where two keys differ in case only, which is ambiguous. */
const lowerCaseKeys = (value: unknown): Record<string, unknown> | null => {
  if (typeof value !== "object" || value === null) return null;
  const entries = Object.entries(value).map(([key, v]) => [key.toLowerCase(), v] as const);
  const unique = new Map(entries);
  return unique.size === entries.length ? Object.fromEntries(unique) : null;
};

const text = (value: unknown, max = 4096): string | undefined =>
  typeof value === "string" && value.length > 0 && value.length <= max ? value : undefined;

/** Only the fields that prove the member; single sign-on tokens are not read. */
const memberOf = (data: Record<string, unknown> | null): Member | null => {
  const [id, hash] = [text(data?.memberid), text(data?.memberhash)];
  if (!id || !hash) return null;
  return {
    id,
    hash,
    context: text(data?.membercontext),
    company: text(data?.companyid),
    codebase: text(data?.codebase),
    email: text(data?.memberemail),
  };
};

const shownTicketOf = (message: Record<string, unknown>): ShownTicket | undefined => {
  const subject = lowerCaseKeys(message.data) ?? lowerCaseKeys(message.args);
  const { id, screen } = lowerCaseKeys(subject?.screenobject) ?? subject ?? {};
  return /^\d{1,18}$/.test(String(id)) ? { id: String(id), screen: text(screen, 60) } : undefined;
};

const write = (frame: string, message: Record<string, unknown>) =>
  JSON.stringify({ ...message, ...(frame && { frameID: frame }) });

export const ready = write("", { message: "ready" });

export const askMember = (frame: string) => write(frame, { hosted_request: "getMemberAuthentication" });

/** ConnectWise does not save before it has the acknowledgement, and not at all when the acknowledgement has reasons. */
export const acknowledge = (frame: string, event: string, id: unknown, reasons: string[]) =>
  write(frame, {
    event,
    _id: id,
    ...(reasons.length > 0 ? { result: "failure", errors: reasons } : { result: "success" }),
  });
