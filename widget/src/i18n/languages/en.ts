// English: the reference for the other languages. The strings that a pod starts with are here; those of lazy/ are in
// lazy/english.ts. Another language is one file beside this one, with both. Times and destinations are passed in formatted.

import type { Banner, Method, Reason, Shield, Stage } from "../../types";

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
  ownContact: "A colleague must verify you.",
  more: "more",
  less: "less",
  inTicketSystem: "in the ticket system",
  reconnecting: "Reconnecting…",
  polling: "Your network blocks live updates. Checking every few seconds.",
  missing: "A part of the pod did not load. Reload the ticket.",
  history: "Verification history",
  unreachable: "Shieldpod did not answer. Try again.",
  unreachableSend: "Shieldpod did not answer. Press again: nothing is sent twice.",
  unreachableCode: "Shieldpod did not answer. Verify again when it is back.",
  saveFirst: "Verify the caller before you save: nobody on this ticket is verified yet (Shieldpod).",
  procedure: "your procedure",
  you: "you",

  /** Long and short labels of buttons. */
  sendLong: { code: "Send code", link: "Send link" },
  sendShort: { code: "Code", link: "Link" },
  methodName: {
    email_link: "E-mail link",
    sms_link: "SMS link",
    sms_code: "SMS code",
    email_code: "E-mail code",
  } as Record<Method, string>,
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
  noCarrier: {
    phone: "No text carrier is set up. Ask your administrator.",
    email: "No e-mail carrier is set up. Ask your administrator.",
  },
  notPossible: "Not possible here",
  refusalOf: (button: string, because: string) => `${button}: ${because.charAt(0).toLowerCase()}${because.slice(1)}`,

  stages: {
    queued: { code: "Sending code", link: "Sending link" },
    sent: { code: "Code sent", link: "Link sent" },
    delivered: { code: "Code delivered", link: "Link delivered" },
    opened: { code: "Code opened", link: "Link opened" },
  } as Record<Exclude<Stage, "delayed" | "indeterminate">, { code: string; link: string }>,
  delayed: (mail: boolean, until: string) =>
    `${mail ? "E-mail" : "Texting"} isn’t answering. We keep trying until ${until}.`,
  indeterminate: (until: string) => `We can’t tell whether it was sent. If nothing arrives by ${until}, resend it.`,

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

  shieldName: {
    unverified: "Not verified",
    pending: "Waiting",
    verified: "Verified",
    denied: "Denied",
    failed: "Failed",
  } as Record<Shield["state"], string>,

  lockedByCodes: (failures: number, tenant: string) =>
    `Locked after ${failures} wrong codes in a row. A verified link clears it, or an admin of ${tenant}.`,
  lockedByDenial: (tenant: string) =>
    `Locked: this contact said “I did not ask for this”. Follow your procedure; an admin of ${tenant} unlocks.`,

  changed: (ago: string) => `Changed ${ago}`,
  changedOn: (date: string) => `Changed in the ticket system: ${date}`,

  toneName: { info: "Information", warning: "Warning", critical: "Critical" } as Record<
    NonNullable<Banner["tone"]>,
    string
  >,

  /** The texts of errors by code. For a missing code the server's sentence is shown, which is English. */
  errors: {} as Partial<Record<string, (seconds: number) => string>>,
};

export type InitialStrings = typeof initial;
