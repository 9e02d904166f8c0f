// All that the pod shows, as one value: a switch of ticket puts the blank one in its place, and with it
// goes everything of the old ticket.

import type { Channel, Contact, HistoryEntry, Method, Pod, Policy, Quota, SaveRule, Shield } from "../types";
import { entryAt, shieldAt } from "./shield";

export type Act = Method | "code" | "cancel";

/** A fault holds only while its channel's shield is the one that it befell. */
export interface Fault {
  act: Act;
  text: string;
  /** Of a code: whether it was judged to be wrong. */
  judged: boolean;
  mark: string;
}

/** So with an act: once its channel's shield is another, what it was about is settled. */
export interface Doing {
  act: Act;
  mark: string;
}

/** Quotas that a send has all but used up; it is told for as long as what was sent is under way. */
export interface Warning {
  quotas: Quota[];
  mark: string;
}

export interface Older {
  entries: HistoryEntry[];
  next?: string;
  state: "ready" | "loading" | "done";
  fault?: string;
}

export interface State {
  phase: "starting" | "open" | "stopped";
  problem: { code: string; detail: string } | null;
  pod: Pod | null;
  /** By the server's clock, as of the last tick. */
  now: number;
  online: boolean;
  /** The socket is blocked, so the pod asks for news instead. */
  polling: boolean;
  /** The panel, or with false the one line that stands for it. */
  shown: boolean;
  /** The technician has asked for the panel. */
  opened: boolean;
  selected: string;
  /** The contact whose history is open; empty: none. */
  unfolded: string;
  /** By contact. */
  notes: Record<string, string>;
  /** The digits typed, by verification. */
  codes: Record<string, string>;
  /** Codes found wrong so far, by channel: each shakes the field once. */
  wrong: Record<string, number>;
  /** What went wrong, by channel. */
  faults: Record<string, Fault>;
  /** What was close to its limit at the last send, by channel. */
  warnings: Record<string, Warning>;
  /** What is being done, by channel. */
  busy: Record<string, Doing>;
  /** Of presses whose fate is unknown, by what was pressed. */
  keys: Record<string, string>;
  /** Pages of history beyond the pod's own, by contact. */
  older: Record<string, Older>;
  /** What the rules had to say to the last save of the ticket: its caller was not verified. */
  saved: SaveRule;
  said: string;
}

export const blank: State = {
  phase: "starting",
  problem: null,
  pod: null,
  now: 0,
  online: true,
  polling: false,
  shown: true,
  opened: false,
  selected: "",
  unfolded: "",
  notes: {},
  codes: {},
  wrong: {},
  faults: {},
  warnings: {},
  busy: {},
  keys: {},
  older: {},
  saved: "off",
  said: "",
};

/** A channel's key: channel ids are the contact's own. */
export const place = (contact: Contact, channel: Channel): string => `${contact.id}/${channel.id}`;

export const selectedContact = (s: State): Contact | undefined =>
  s.pod?.contacts.find((c) => c.id === s.selected) ?? s.pod?.contacts[0];

/** Whom the ticket is for; of a ticket that names nobody the first there is. */
export const ticketContact = (pod: Pod): Contact | undefined => pod.contacts.find((c) => c.default) ?? pod.contacts[0];

export const shieldNow = (channel: Channel, now: number): Shield => shieldAt(channel.shield, now);

export const mark = (shield: Shield): string => `${shield.state} ${shield.verification_id ?? ""}`;

/** Whether a pod that opens shows its panel at once. */
export const opensWide = (pod: Pod, now: number): boolean =>
  (pod.policy.show_on_load && pod.first_open) || underWay(pod, now);

/** The panel follows a change of the rules, unless it was asked for or something in it is begun. */
export const staysOpen = (s: State, old: Pod, fresh: Pod, now: number): boolean => {
  if (old.policy.show_on_load === fresh.policy.show_on_load) return s.shown;
  const typed = [...Object.values(s.notes), ...Object.values(s.codes)].some(Boolean);
  return opensWide(fresh, now) || s.opened || (s.shown && (fresh.policy.show_on_load || typed));
};

/** Whether something waits for an answer. */
export const underWay = (pod: Pod, now: number): boolean =>
  pod.contacts.some((c) => c.channels.some((ch) => shieldNow(ch, now).state === "pending"));

/** What becomes of saving the ticket now: nothing while somebody on it is verified, and has not denied a request. */
export const saveRule = (pod: Pod, now: number): SaveRule =>
  pod.contacts.some((c) => !c.lock?.denied && c.channels.some((ch) => shieldNow(ch, now).state === "verified"))
    ? "off"
    : pod.policy.before_save;

/** What is being done to the channel as it is now. */
export const doing = (s: State, where: string, shield: Shield): Act | undefined => {
  const busy = s.busy[where];
  return busy?.mark === mark(shield) ? busy.act : undefined;
};

/** What went wrong with the channel as it is now. */
export const faultNow = (s: State, where: string, shield: Shield): Fault | undefined => {
  const fault = s.faults[where];
  return fault?.mark === mark(shield) ? fault : undefined;
};

/** The pod's own entries and the older ones, each once, as they read now. */
export const historyOf = (s: State, contact: Contact): HistoryEntry[] => {
  const known = new Set(contact.history.map((e) => e.verification_id));
  const older = (s.older[contact.id]?.entries ?? []).filter((e) => !known.has(e.verification_id));
  return [...contact.history, ...older].map((e) => entryAt(e, s.now));
};

export type NoteNeed = "none" | "missing" | "short" | "ok";

/** Whether the override note allows a send. */
export const noteNeed = (contact: Contact, policy: Policy, note: string): NoteNeed => {
  if (contact.default || policy.override_note === "off") return "none";
  const length = [...note.trim()].length;
  if (length === 0) return policy.override_note === "required" ? "missing" : "ok";
  return length < policy.note_min ? "short" : "ok";
};

/** The entry without one key. */
export const without = <T>(record: Record<string, T>, key: string): Record<string, T> => {
  const { [key]: _, ...rest } = record;
  return rest;
};
