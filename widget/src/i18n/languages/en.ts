// English: the reference for the other languages. The strings that a pod starts with are here; those of lazy/ are in
// lazy/english.ts. Another language is one file beside this one, with both. Times and destinations are passed in formatted.

import type { Banner, Method, Reason, Shield } from "../../types";

export const initial = {
  title: "Caller verification",
  ticketContact: "ticket contact",
  chooseContact: "Contact to verify",
  verifyCaller: "Verify caller",
  verifyAgain: "Verify again",
  noteFirst: "Add a note first",
  noMobile: "No mobile number on this contact, so no texts. Use e-mail.",
  noChannels: "No address or number on this contact. Add one in the ticket system, then reload the ticket.",
  noContacts: "This ticket has no contact. Add one in the ticket system, then reload the ticket.",
  inTicketSystem: "in the ticket system",
  reconnecting: "Reconnecting…",
  missing: "A part of the pod did not load. Reload the ticket.",
  tryAgain: "Try again",
  toneName: { info: "Information", warning: "Warning", critical: "Critical" } as Record<
    NonNullable<Banner["tone"]>,
    string
  >,
  history: "Verification history",
  saveFirst: "Verify the caller before you save: nobody on this ticket is verified yet (Shieldpod).",
  procedure: "your procedure",
  you: "you",

  /** Long and short labels of buttons. */
  sendLong: { code: "Send code", link: "Send link" },
  sendShort: { code: "Code", link: "Link" },
  methodAction: {
    email_link: (to) => `Send a link by e-mail to ${to}`,
    sms_link: (to) => `Send a link by text to ${to}`,
    sms_code: (to) => `Send a code by text to ${to}`,
    email_code: (to) => `Send a code by e-mail to ${to}`,
  } as Record<Method, (to: string) => string>,
  spokenNumber: (label: string, end: string) => `${label || "number"} ending in ${end}`,
  spokenAddress: (label: string, mask: string) => `${label || "e-mail"} ${mask}`,

  againIn: (left: string) => `Again in ${left}`,
  verified: (at: string, by: string, until: string) => `Verified ${at} by ${by}, until ${until}`,
  unverified: "Not verified",
  lapsed: {
    expired: "Expired unanswered",
    cancelled: "Cancelled",
    superseded: "Replaced by a newer one",
  } as Partial<Record<Reason, string>>,
  /** The link to the procedure and a full stop follow. */
  denied: (name: string) => `${name} says they did not ask for this. Stop and follow `,

  refusals: {
    policy: "Not allowed for this client",
    landline: "Can’t get texts",
  } as Partial<Record<Reason, string>>,
  noCarrier: {
    phone: "No text carrier is set up. Ask your administrator.",
    email: "No e-mail carrier is set up. Ask your administrator.",
  },
  notPossible: "Not possible here",
  refusalOf: (button: string, because: string) => `${button}: ${because.charAt(0).toLowerCase()}${because.slice(1)}`,

  shieldName: {
    unverified: "Not verified",
    pending: "Waiting",
    verified: "Verified",
    denied: "Denied",
    failed: "Failed",
  } as Record<Shield["state"], string>,

  changed: (ago: string) => `Changed ${ago}`,
  changedOn: (date: string) => `Changed in the ticket system: ${date}`,
};

export type InitialStrings = typeof initial;
