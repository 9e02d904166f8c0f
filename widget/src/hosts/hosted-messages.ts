// What ConnectWise Manage and a hosted page say to each other: JSON in strings, by postMessage. Nothing here knows
// a window. Keys are read in whatever case they come, and what an event is about under `data` or `args`.

import type { Member } from "../types";

/** What is heard of ConnectWise. An event's `id` goes back as it came. */
export type Heard =
  | { is: "frame"; frame: string }
  | { is: "member"; member: Member | null }
  | { is: "event"; event: string; id?: unknown; ticket?: Shown };

/** The record on screen; `id` "0" is one that was never saved. */
export interface Shown {
  id: string;
  screen?: string;
}

/** Longer than anything that ConnectWise says, tokens of its single sign-on included. */
const longest = 65_536;

/** Unknown in, typed or null out. A member without id or hash is null: it was asked for and not given. */
export const hear = (data: unknown): Heard | null => {
  const said = typeof data === "string" && data.length <= longest ? parse(data) : null;
  if (!said) return null;
  const frame = text(said.messageframeid);
  if (frame) return { is: "frame", frame };
  if (text(said.response)?.toLowerCase() === "getmemberauthentication") {
    return { is: "member", member: memberOf(keyed(said.data)) };
  }
  const event = text(said.event);
  if (!event) return null;
  const ticket = event.toLowerCase() === "onload" ? shownIn(said) : null;
  return { is: "event", event, ...("_id" in said && { id: said._id }), ...(ticket && { ticket }) };
};

const parse = (json: string): Record<string, unknown> | null => {
  try {
    return keyed(JSON.parse(json));
  } catch {
    return null;
  }
};

/** An object by its keys in lower case; one that has a key in two spellings says two things, and is none. */
const keyed = (value: unknown): Record<string, unknown> | null => {
  if (typeof value !== "object" || value === null) return null;
  const entries = Object.entries(value).map(([key, v]) => [key.toLowerCase(), v] as const);
  const made = new Map(entries);
  return made.size === entries.length ? Object.fromEntries(made) : null;
};

const text = (value: unknown, most = 4096): string | undefined =>
  typeof value === "string" && value.length > 0 && value.length <= most ? value : undefined;

/** Only what proves the member: tokens of single sign-on are left where they are. */
const memberOf = (said: Record<string, unknown> | null): Member | null => {
  const [id, hash] = [text(said?.memberid), text(said?.memberhash)];
  if (!id || !hash) return null;
  const more = {
    context: text(said?.membercontext),
    company: text(said?.companyid),
    codebase: text(said?.codebase),
    email: text(said?.memberemail),
  };
  return { id, hash, ...Object.fromEntries(Object.entries(more).filter(([, value]) => value)) };
};

const shownIn = (said: Record<string, unknown>): Shown | null => {
  const about = keyed(said.data) ?? keyed(said.args);
  const { id, screen } = keyed(about?.screenobject) ?? about ?? {};
  if (!/^\d{1,18}$/.test(String(id))) return null;
  const name = text(screen, 60);
  return { id: String(id), ...(name && { screen: name }) };
};

const write = (frame: string, message: Record<string, unknown>) =>
  JSON.stringify({ ...message, ...(frame && { frameID: frame }) });

export const ready = write("", { message: "ready" });

export const askMember = (frame: string) => write(frame, { hosted_request: "getMemberAuthentication" });

/** Until an event is acknowledged the screen does not save; with reasons it does not save at all. */
export const acknowledge = (frame: string, event: string, id: unknown, reasons: string[]) =>
  write(frame, {
    event,
    _id: id,
    ...(reasons.length > 0 ? { result: "failure", errors: reasons } : { result: "success" }),
  });
