// The words of what comes later. Times arrive formatted.

import type { Contact, HistoryEntry, Lock, Method, Shield } from "../types";
import { byCode, byMail } from "../words";

export const words = {
  verify: "Verify",
  cancel: "Cancel",
  resend: "Resend",
  enterCode: "Enter code here",
  noteLabel: "Why this contact?",
  notePlaceholder: "Who approved it, or why",
  noteOptional: "Optional",
  notePresets: "Preset reasons",
  noHistory: "No verifications to show.",
  older: "Show older",
  noOlder: "That is all.",
  noted: "The result is on the ticket",
  copyNote: "Copy note for the ticket",
  copied: "Copied",
  copyBlocked: "Copying is blocked here. Select the text and copy it:",
  hadChanged: "Newly changed in the ticket system",
  tryAgain: "Try again",
  savedUnverified: "Saved, but the caller is not verified.",
  notSaved: "Not saved. Verify the caller, then save again.",
};

export const noteTooShort = (min: number) => `At least ${min} characters`;
export const codeTooShort = (length: number) => `A code has ${length} digits.`;
export const resendIn = (left: string) => `Resend in ${left}`;

export const triesLeft = (tries: number | undefined): string =>
  tries === undefined ? "" : tries === 1 ? "1 try left" : `${tries} tries left`;

/** What the technician says to the caller while a message is on its way: the tenant's own words, where it has some. */
export const script = (method: Method, { code_length = 6, match }: Shield, own: Contact["scripts"] = {}): string => {
  const written = match ? own.number?.replace("{number}", match) : own[method];
  if (written) return written;
  if (match) return `Say: “Pick ${match} on the page.”`;
  const how = byMail(method) ? "e-mailed" : "texted";
  if (byCode(method)) return `Ask: “Read me the ${numberWord(code_length)} digits we just ${how} you.”`;
  return `Say: “We just ${how} you a link. Open it and press Validate.”`;
};

const numberWord = (n: number) => ({ 6: "six", 7: "seven", 8: "eight" })[n] ?? String(n);

/** How few wrong codes are left before the lock; empty while there are more than three. */
export const lockNear = (lock?: Lock): string => {
  const left = lock && !lock.locked ? lock.limit - lock.failures : 0;
  if (left < 1 || left > 3) return "";
  return left === 1 ? "1 more wrong code locks this contact." : `${left} more wrong codes lock this contact.`;
};

export const onTicket = (number: string) => `#${number}`;

/** "••4821" of a number; a mailbox stays as it is. */
export const shortMask = (masked: string): string => masked.replace(/^.*•\s+(?=[^•\s]+$)/u, "••");

export const outcome: Record<HistoryEntry["outcome"], string> = {
  open: "Waiting",
  verified: "Verified",
  denied: "Denied",
  failed: "Failed",
  cancelled: "Cancelled",
  superseded: "Replaced",
  expired: "Expired",
};

interface Problem {
  title: string;
  /** Empty: as the server says it. */
  next: string;
  /** What the button says, where it does more than try again. */
  act?: string;
}

const admin = "If it happens again, tell your admin.";

const problems: Record<string, Problem> = {
  no_parent: {
    title: "Open this from a ticket",
    next: "This pod works inside your ticket system. On its own it shows nothing.",
  },
  no_ticket: {
    title: "No ticket is on screen",
    next: `Open a ticket, then reload it. ${admin}`,
  },
  host_silent: {
    title: "The ticket system did not answer",
    next: "Reload the ticket. If that does not help, tell your admin.",
  },
  context_refused: {
    title: "The ticket system did not vouch for this ticket",
    next: "Reload the ticket, or sign in to the ticket system again.",
  },
  context_expired: {
    title: "The ticket system’s word came too late",
    next: "Try again. If it happens again, its clock may be wrong: tell your admin.",
  },
  context_replayed: { title: "This launch was used already", next: "Reload the ticket." },
  context_invalid: {
    title: "We can’t trust this launch",
    next: `Reload the ticket. ${admin}`,
  },
  origin_mismatch: {
    title: "This page may not show the pod",
    next: "It is not one of your ticket system’s pages that Shieldpod knows. Tell your admin.",
  },
  session_over: { title: "The session has ended", next: "Reload the ticket to go on." },
  member_refused: {
    title: "We can’t tell who you are",
    next: "ConnectWise did not confirm your sign-in. Sign in to ConnectWise again, then reload the ticket.",
  },
  ticket_not_found: {
    title: "You can’t see this ticket",
    next: "It is gone, or ConnectWise does not show it to you. Ask who looks after the board.",
  },
  no_contact: { title: "No contact to verify", next: "" },
  ticket_unsaved: { title: "This ticket is new", next: "Save it, and the pod opens on its contact." },
  psa_unavailable: {
    title: "The ticket system is not answering",
    next: "We keep trying. If you can’t wait, follow your procedure for when it is down.",
  },
  psa_busy: {
    title: "The ticket system is busy",
    next: "It asked us to wait. We try again by ourselves in a moment.",
  },
  psa_setup: {
    title: "The ticket system refuses Shieldpod",
    next: "Its keys or its address are not right. Tell your admin to run shieldpod doctor.",
  },
  signin: {
    title: "Sign in to verify callers",
    next: "A window of your company’s sign-in opens.",
    act: "Sign in",
  },
  signin_closed: {
    title: "You are not signed in yet",
    next: "The sign-in window was closed too soon.",
    act: "Sign in",
  },
  popup_blocked: {
    title: "The browser blocked the sign-in window",
    next: "Allow pop-ups for this page, then sign in.",
    act: "Sign in",
  },
};

export const problem = (code: string, detail: string): Problem => {
  const known = problems[code] ?? { title: "The pod could not be opened", next: "" };
  return { ...known, next: known.next || detail || `Reload the ticket. ${admin}` };
};
