// The English strings of lazy/: see i18n/languages/en.ts.

import type { Channel, HistoryEntry, Method, Reason, Stage, Unusable } from "../types";
import type { Transition } from "./transition";

export interface Problem {
  title: string;
  /** Empty: the server's sentence. */
  next: string;
  /** The label of the button, where it does more than try again. */
  act?: string;
}

export type Span = "minute" | "hour" | "day";
export type Whose = "destination" | "prefix" | "technician" | "client" | "country" | "tenant";

const admin = "If it happens again, tell your admin.";
const digits: Record<number, string> = { 6: "six", 7: "seven", 8: "eight" };

export const english = {
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
  polling: "Your network blocks live updates. Checking every few seconds.",
  ownContact: "A colleague must verify you.",
  unreachable: "Shieldpod did not answer. Try again.",
  unreachableSend: "Shieldpod did not answer. Press again: nothing is sent twice.",
  unreachableCode: "Shieldpod did not answer. Verify again when it is back.",
  more: "more",
  less: "less",
  savedUnverified: "Saved, but the caller is not verified.",
  notSaved: "Not saved. Verify the caller, then save again.",
  correctIt: "Correct it in the ticket system.",
  technicianUnknown:
    "The ticket system names neither e-mail nor phone of yours, so we can’t tell whether this contact is you.",

  /** Why an address or number of the ticket system cannot be used. */
  unusable: {
    more_than_one: { phone: "More than one number in this field", email: "More than one address in this field" },
    extension: "A number with an extension",
    words: { phone: "Words beside the number", email: "Words beside the address" },
    unclear_end: "Not certain where this number ends",
    incomplete: "Not a complete number",
    no_country: "Not certain which country this number is in",
    landline: "Can’t get texts",
    fax: "A fax number",
    invalid: { phone: "Not a phone number", email: "Not an e-mail address" },
  } as Record<Unusable["reason"], string | Record<Channel["kind"], string>>,

  noteTooShort: (min: number) => `At least ${min} characters`,
  codeTooShort: (length: number) => `A code has ${length} digits.`,
  resendIn: (left: string) => `Resend in ${left}`,
  triesLeft: (tries: number) => (tries === 1 ? "1 try left" : `${tries} tries left`),
  lockNear: (left: number) =>
    left === 1 ? "1 more wrong code locks this contact." : `${left} more wrong codes lock this contact.`,

  spans: { minute: "this minute", hour: "this hour", day: "today" } as Record<Span, string>,
  whose: {
    destination: { phone: "to this number", email: "to this address" },
    prefix: "to numbers like this one",
    technician: "by you",
    client: "to this client",
    country: "to this country",
    tenant: "by your whole team",
  } as Record<Exclude<Whose, "destination">, string> & { destination: { phone: string; email: string } },
  nearLimit: (used: number, limit: number, whose: string, during: string) =>
    `${used} of ${limit} messages ${whose} ${during}.`,
  nearMoney: (percent: number, during: string) => `${percent} % of the money for messages ${during}.`,
  nearSome: (used: number, limit: number) => `${used} of ${limit} messages: a limit is near.`,

  rulesChanged: (client: string) => `The rules for ${client} have changed.`,

  /** For the live region, after the contact and the channel. */
  transitions: {
    sent: { code: "Code on its way", link: "Link on its way" },
    verified: "verified",
    denied: (why: string) => `denied. ${why}.`,
    failed: (why: string) => `failed. ${why}`,
    expired: "expired unanswered",
    cancelled: "cancelled",
    ended: "no longer verified",
  } as Record<Exclude<Transition, "sent" | "denied" | "failed">, string> & {
    sent: { code: string; link: string };
    denied: (why: string) => string;
    failed: (why: string) => string;
  },

  /** What the technician says to the caller while a verification is pending. */
  scripts: {
    number: (number: string) => `Say: “Pick ${number} on the page.”`,
    sms_code: (length: number) => `Ask: “Read me the ${digits[length] ?? length} digits we just texted you.”`,
    email_code: (length: number) => `Ask: “Read me the ${digits[length] ?? length} digits we just e-mailed you.”`,
    sms_link: () => "Say: “We just texted you a link. Open it and press Validate.”",
    email_link: () => "Say: “We just e-mailed you a link. Open it and press Validate.”",
  } as Record<Method, (length: number) => string> & { number: (number: string) => string },

  /** Why a method is refused; the frequent reasons are in i18n/languages/en.ts. */
  refusals: {
    locked: "Too many wrong codes",
    denied: "Locked: they did not ask",
    own_channel: "This contact is you",
    changed_channel: "Not allowed so soon after a change",
    country_not_allowed: "Texts to this country are not allowed",
    premium_rate: "Premium-rate number: no texts",
    voip: "Internet number: no texts",
    toll_free: "Toll-free number: no texts",
    technician_address: "Your own address and number are not known",
    opted_out: "Texted STOP. An admin can clear it",
  } as Partial<Record<Reason, string>>,

  stages: {
    queued: { code: "Sending code", link: "Sending link" },
    sent: { code: "Code sent", link: "Link sent" },
    delivered: { code: "Code delivered", link: "Link delivered" },
    opened: { code: "Code opened", link: "Link opened" },
  } as Record<Exclude<Stage, "delayed" | "indeterminate">, { code: string; link: string }>,
  delayed: (mail: boolean, until: string) =>
    `${mail ? "E-mail" : "Texting"} isn’t answering. We keep trying until ${until}.`,
  indeterminate: (until: string) => `We can’t tell whether it was sent. If nothing arrives by ${until}, resend it.`,

  outcome: {
    open: "Waiting",
    verified: "Verified",
    denied: "Denied",
    failed: "Failed",
    cancelled: "Cancelled",
    superseded: "Replaced",
    expired: "Expired",
  } as Record<HistoryEntry["outcome"], string>,

  methodName: {
    email_link: "E-mail link",
    sms_link: "SMS link",
    sms_code: "SMS code",
    email_code: "E-mail code",
  } as Record<Method, string>,

  /** Why it failed, and what to do next. */
  failures: (name: string, mail: boolean, next: string): Partial<Record<Reason, string>> & { other: string } => {
    return {
      invalid_recipient: mail
        ? `The carrier says this address is no good. ${next}`
        : `The carrier says this number can’t get texts. ${next}`,
      blocked: `${name}’s ${mail ? "mailbox" : "number"} blocks our messages. ${next}`,
      landline: `The carrier says this is a landline. ${next}`,
      mailbox_full: `${name}’s mailbox refused it: it is full. ${next}`,
      opted_out: `${name}’s number has told us to stop: it texted STOP. ${next}`,
      undelivered: `The carrier could not deliver it. ${next}`,
      carrier_misconfigured: `The carrier refuses our account. ${next} Tell your admin.`,
      address_not_supported: `Our mail server can’t send to an address with such letters. ${next}`,
      carrier_down: `${mail ? "E-mail" : "Texting"} did not answer in time. ${next}`,
      out_of_tries: "Out of tries. Send a new code.",
      denied: "Ended: they did not ask for another one. Stop and follow your procedure.",
      locked: "Too many wrong codes. Send a link.",
      wrong_number: "A wrong number was picked. Ask who is on the line. If you are sure, send a new link.",
      other: `It could not be sent. ${next}`,
    };
  },

  /** What to try after a failure: a channel of the other kind, or none. */
  tryNext: { phone: "Try the phone.", email: "Try e-mail.", none: "Follow your procedure." },

  lockedByCodes: (failures: number, tenant: string) =>
    `Locked after ${failures} wrong codes in a row. A verified link clears it, or an admin of ${tenant}.`,
  lockedByDenial: (tenant: string) =>
    `Locked: this contact said “I did not ask for this”. Follow your procedure; an admin of ${tenant} unlocks.`,

  /** The texts of errors by code. For a missing code the server's sentence is shown, which is English. */
  errors: {} as Partial<Record<string, (seconds: number) => string>>,

  problems: {
    no_parent: {
      title: "Open this from a ticket",
      next: "This pod works inside your ticket system. On its own it shows nothing.",
    },
    no_ticket: {
      title: "No ticket is on screen",
      next: `Open a ticket, then reload it. ${admin}`,
    },
    host_timeout: {
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
    session_ended: { title: "The session has ended", next: "Reload the ticket to go on." },
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
    psa_misconfigured: {
      title: "The ticket system refuses Shieldpod",
      next: "Its keys or its address are not right. Tell your admin to run shieldpod doctor.",
    },
    signin_required: {
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
  } as Record<string, Problem>,
  noPod: "The pod could not be opened",
  reload: `Reload the ticket. ${admin}`,
};

export type LazyStrings = typeof english;
