// The whole state of the pod as one value. When the ticket changes, the initial state replaces it, so nothing of the old
// ticket remains.

import type { Channel, Contact, HistoryEntry, Method, Pod, Policy, Quota, SaveRule, Shield } from "../types";
import { bannerAt } from "./banner";
import { shieldAt } from "./shield";

export type Action = Method | "code" | "cancel";

/** An error of an action. It is shown while the channel's shield has the same key. */
export interface ActionError {
  action: Action;
  text: string;
  /** Of a code: whether it was rejected, by the server or before it was sent. */
  judged: boolean;
  shieldKey: string;
}

/** An action in progress. It counts while the channel's shield has the same key. */
export interface PendingAction {
  action: Action;
  shieldKey: string;
}

/** Quotas that a send has nearly used up. It is shown while the channel's shield has the same key. */
export interface QuotaWarning {
  quotas: Quota[];
  shieldKey: string;
}

export interface OlderEntries {
  entries: HistoryEntry[];
  next?: string;
  state: "ready" | "loading" | "done";
  error?: string;
}

export interface State {
  phase: "starting" | "open" | "stopped";
  /** Whether the open pod is on screen: one that needs lazy/ stays a skeleton until that has loaded or is missing. */
  drawn: boolean;
  problem: { code: string; detail: string } | null;
  pod: Pod | null;
  /** The server's time at the last tick, in Unix milliseconds. */
  now: number;
  online: boolean;
  /** The socket is blocked, so the pod polls. */
  polling: boolean;
  /** Whether the panel is shown; else the summary line. */
  expanded: boolean;
  /** The technician has opened the panel. */
  expandedByUser: boolean;
  /** The id of the contact on screen. */
  selected: string;
  /** The id of the contact whose history is open; empty: none. */
  openHistory: string;
  /** Override notes, by contact id. */
  notes: Record<string, string>;
  /** The digits typed, by verification id. */
  codes: Record<string, string>;
  /** The number of wrong codes, by channel key: each shakes the field once. */
  wrongCodes: Record<string, number>;
  /** By channel key. */
  errors: Record<string, ActionError>;
  /** Quotas that were close to their limit at the last send, by channel key. */
  warnings: Record<string, QuotaWarning>;
  /** By channel key. */
  busy: Record<string, PendingAction>;
  /** Idempotency keys of sends whose result is unknown, by request body. */
  keys: Record<string, string>;
  /** History entries older than the pod's own, by contact id. */
  older: Record<string, OlderEntries>;
  /** The rule that applied when the ticket was last saved without a verified caller; off: none did. */
  saveNotice: SaveRule;
  /** The sentence for the live region. */
  announcement: string;
}

/** The fields of the state that are records by key. */
export type RecordField = "notes" | "codes" | "wrongCodes" | "errors" | "warnings" | "busy" | "keys" | "older";

export const initialState: State = {
  phase: "starting",
  drawn: false,
  problem: null,
  pod: null,
  now: 0,
  online: true,
  polling: false,
  expanded: true,
  expandedByUser: false,
  selected: "",
  openHistory: "",
  notes: {},
  codes: {},
  wrongCodes: {},
  errors: {},
  warnings: {},
  busy: {},
  keys: {},
  older: {},
  saveNotice: "off",
  announcement: "",
};

/** The key of a channel in the state: channel ids are unique only within a contact. */
export const channelKey = (contact: Contact, channel: Channel): string => `${contact.id}/${channel.id}`;

export const selectedContact = (s: State): Contact | undefined =>
  s.pod?.contacts.find((c) => c.id === s.selected) ?? s.pod?.contacts[0];

/** The ticket's contact; the first one where the ticket names none. */
export const ticketContact = (pod: Pod): Contact | undefined => pod.contacts.find((c) => c.default) ?? pod.contacts[0];

export const currentShield = (channel: Channel, now: number): Shield => shieldAt(channel.shield, now);

/** Identifies a state of a verification: an action or an error refers to it. */
export const shieldKeyOf = (shield: Shield): string => `${shield.state} ${shield.verification_id ?? ""}`;

/** Whether a pod that has just been launched shows its panel. */
export const opensExpanded = (pod: Pod, now: number): boolean =>
  (pod.policy.show_on_load && pod.first_open) || hasPending(pod, now);

/** Whether the panel is shown after a policy change: it stays if the technician opened it or began to type. */
export const staysExpanded = (s: State, old: Pod, fresh: Pod, now: number): boolean => {
  if (old.policy.show_on_load === fresh.policy.show_on_load) return s.expanded;
  const typed = [...Object.values(s.notes), ...Object.values(s.codes)].some(Boolean);
  return opensExpanded(fresh, now) || s.expandedByUser || (s.expanded && (fresh.policy.show_on_load || typed));
};

/** Whether a verification is pending. */
export const hasPending = (pod: Pod, now: number): boolean =>
  pod.contacts.some((c) => c.channels.some((ch) => currentShield(ch, now).state === "pending"));

/** Whether views or texts of lazy/ are needed to draw the pod with its selected contact. */
export const needsLazy = (s: State): boolean => {
  const { pod, now } = s;
  if (!pod) return false;
  const contact = selectedContact(s);
  const isNeededBy = (channel: Channel) => {
    const { state } = currentShield(channel, now);
    const rare = channel.methods.some((m) => m.reason && !/^(policy|landline|no_carrier)$/.test(m.reason));
    return channel.unusable || rare || (state !== "unverified" && state !== "verified");
  };
  return (
    bannerAt(pod.policy.banner, now) !== undefined ||
    !pod.technician_known ||
    (contact !== undefined &&
      (contact.lock?.locked ||
        contact.lock?.denied ||
        noteStatus(contact, pod.policy, "") !== "none" ||
        contact.channels.some(isNeededBy)))
  );
};

/** The rule for saving the ticket now: off while a contact on it is verified and has not denied a request. */
export const saveRule = (pod: Pod, now: number): SaveRule =>
  pod.contacts.some((c) => !c.lock?.denied && c.channels.some((ch) => currentShield(ch, now).state === "verified"))
    ? "off"
    : pod.policy.before_save;

/** The action in progress on the channel, if its shield has not changed since. */
export const pendingAction = (s: State, where: string, shield: Shield): Action | undefined => {
  const busy = s.busy[where];
  return busy?.shieldKey === shieldKeyOf(shield) ? busy.action : undefined;
};

/** The error of the channel, if its shield has not changed since. */
export const currentError = (s: State, where: string, shield: Shield): ActionError | undefined => {
  const fault = s.errors[where];
  return fault?.shieldKey === shieldKeyOf(shield) ? fault : undefined;
};

/** The pod's own entries and the older ones, each once. */
export const historyOf = (s: State, contact: Contact): HistoryEntry[] => {
  const known = new Set(contact.history.map((e) => e.verification_id));
  const older = (s.older[contact.id]?.entries ?? []).filter((e) => !known.has(e.verification_id));
  return [...contact.history, ...older];
};

export type NoteStatus = "none" | "missing" | "short" | "ok";

/** Whether the override note permits a send. */
export const noteStatus = (contact: Contact, policy: Policy, note: string): NoteStatus => {
  if (contact.default || policy.override_note === "off") return "none";
  const length = [...note.trim()].length;
  if (length === 0) return policy.override_note === "required" ? "missing" : "ok";
  return length < policy.note_min ? "short" : "ok";
};
