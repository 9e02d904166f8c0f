// The words that the pod opens with; those of later/ are in later/words.ts. Times arrive formatted.

import type { Turn } from "./shield";
import type {
  Banner,
  Budget,
  Channel,
  Contact,
  Lock,
  Method,
  MethodOption,
  Person,
  Reason,
  Shield,
  Stage,
} from "./types";

export const words = {
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
  missing: "A part of the pod did not load. Reload the ticket.",
  history: "Verification history",
  unreachable: "Shieldpod did not answer. Try again.",
  unreachableSend: "Shieldpod did not answer. Press again: nothing is sent twice.",
  unreachableCode: "Shieldpod did not answer. Verify again when it is back.",
  saveFirst: "Verify the caller before you save: nobody on this ticket is verified yet (Shieldpod).",
  procedure: "your procedure",
  you: "you",
};

export const againIn = (left: string) => `Again in ${left}`;

export const methodButton: Record<Method, string> = {
  email_link: "Link",
  sms_link: "Link",
  sms_code: "Code",
  email_code: "Code",
};
export const byCode = (method?: Method): boolean => method?.endsWith("code") ?? false;
export const byMail = (method?: Method): boolean => method?.startsWith("email") ?? false;
export const methodName: Record<Method, string> = {
  email_link: "E-mail link",
  sms_link: "SMS link",
  sms_code: "SMS code",
  email_code: "E-mail code",
};

export const methodAct = (method: Method, channel: Channel): string =>
  `Send a ${methodButton[method].toLowerCase()} by ${byMail(method) ? "e-mail" : "text"} to ${spoken(channel)}`;

/** A destination to be heard: screen readers stumble over the dots of a mask. */
export const spoken = ({ kind, label, masked }: Channel): string =>
  kind === "phone"
    ? `${label || "number"} ending in ${masked.split(/[•\s]+/).at(-1)}`
    : `${label || "e-mail"} ${masked.replaceAll(/•+/g, "…")}`;

export const byWhom = (by: Person | undefined, me: Person | undefined): string =>
  by && me && by.id === me.id ? words.you : (by?.name ?? "");

const refusals: Partial<Record<Reason, string>> = {
  policy: "Not allowed for this client",
  landline: "Can’t get texts",
  locked: "Too many wrong codes",
  denied: "Locked: they did not ask",
  own_channel: "This contact is you",
  changed_channel: "Not allowed so soon after a change",
  country: "Texts to this country are not allowed",
  premium: "Premium-rate number: no texts",
  voip: "Internet number: no texts",
  opted_out: "Texted STOP. An admin can clear it",
};

export const refusal = ({ method, refusal: why }: MethodOption, alone: boolean): string => {
  const because = (why && refusals[why]) ?? "Not possible here";
  return alone ? because : `${methodButton[method]}: ${because.charAt(0).toLowerCase()}${because.slice(1)}`;
};

/** With who decided it, where somebody did. */
export const refusalInFull = (option: MethodOption): string =>
  [refusal(option, true), option.why].filter(Boolean).join(". ");

const stageNoun = (method?: Method) => (byCode(method) ? "Code" : "Link");

export const stage = (shield: Shield, until: string): { text: string; counts: boolean } => {
  const noun = stageNoun(shield.method);
  const carrier = byMail(shield.method) ? "E-mail" : "Texting";
  const stages: Record<Stage, { text: string; counts: boolean }> = {
    queued: { text: `Sending ${noun.toLowerCase()}`, counts: true },
    sent: { text: `${noun} sent`, counts: true },
    delivered: { text: `${noun} delivered`, counts: true },
    opened: { text: `${noun} opened`, counts: true },
    delayed: { text: `${carrier} isn’t answering. We keep trying until ${until}.`, counts: false },
    unsure: { text: `We can’t tell whether it was sent. If nothing arrives by ${until}, resend it.`, counts: false },
  };
  return stages[shield.stage ?? "queued"];
};

export const verified = (at: string, by: string, until: string) => `Verified ${at} by ${by}, until ${until}`;

const lapsed: Partial<Record<Reason, string>> = {
  expired: "Expired unanswered",
  cancelled: "Cancelled",
  superseded: "Replaced by a newer one",
};

export const unverified = (reason?: Reason): string => (reason && lapsed[reason]) ?? "Not verified";

export const denied = (name: string) => `${name} says they did not ask for this. Stop and follow `;

/** What to try next: a way of the other kind, where the contact has one that is offered. */
const otherWay = ({ channels }: Contact, mail: boolean): string => {
  const kind = mail ? "phone" : "email";
  if (channels.some((c) => c.kind === kind && c.methods.some((m) => !m.refusal)))
    return mail ? "Try the phone." : "Try e-mail.";
  return "Follow your procedure.";
};

/** Why it failed, and what to do next. */
export const failed = ({ reason, method }: Shield, contact: Contact): string => {
  const mail = byMail(method);
  const other = otherWay(contact, mail);
  switch (reason) {
    case "recipient":
      return `The carrier says this ${mail ? "address is no good" : "number can’t get texts"}. ${other}`;
    case "blocked":
      return `${contact.name}’s ${mail ? "mailbox" : "number"} blocks our messages. ${other}`;
    case "landline":
      return `The carrier says this is a landline. ${other}`;
    case "mailbox_full":
      return `${contact.name}’s mailbox refused it: it is full. ${other}`;
    case "opted_out":
      return `${contact.name}’s number has told us to stop: it texted STOP. ${other}`;
    case "undelivered":
      return `The carrier could not deliver it. ${other}`;
    case "carrier_setup":
      return `The carrier refuses our account. ${other} Tell your admin.`;
    case "carrier_down":
      return `${mail ? "E-mail" : "Texting"} did not answer in time. ${other}`;
    case "spent":
      return "Out of tries. Send a new code.";
    case "denied":
      return "Ended: they did not ask for another one. Stop and follow your procedure.";
    case "locked":
      return "Too many wrong codes. Send a link.";
    case "wrong_number":
      return "A wrong number was picked. Ask who is on the line. If you are sure, send a new link.";
    default:
      return `It could not be sent. ${other}`;
  }
};

export const shieldName: Record<Shield["state"], string> = {
  unverified: "Not verified",
  pending: "Waiting",
  verified: "Verified",
  denied: "Denied",
  failed: "Failed",
};

export const locked = ({ failures, denied }: Lock, tenant: string): string =>
  denied
    ? `Locked: this contact said “I did not ask for this”. Follow your procedure; an admin of ${tenant} unlocks.`
    : `Locked after ${failures} wrong codes in a row. A verified link clears it, or an admin of ${tenant}.`;

export const changed = (ago: string) => `Changed ${ago}`;
export const changedOn = (date: string) => `Changed in the ticket system: ${date}`;

/** What a budget is for: "8 of 10 messages to this number today." */
export const nearLimit = ({ name, used, limit }: Budget, { kind }: Channel): string => {
  const [, whose = "", span = ""] = /^budget_(.+)_(minute|hour|day)$/.exec(name) ?? [];
  const during = { minute: "this minute", hour: "this hour", day: "today" }[span];
  if (whose === "tenant_spend") return `${Math.floor((100 * used) / limit)} % of the money for messages ${during}.`;
  const of = {
    destination: kind === "phone" ? "to this number" : "to this address",
    prefix: "to numbers like this one",
    technician: "by you",
    client: "to this client",
    country: "to this country",
    tenant: "by your whole team",
  }[whose];
  return `${used} of ${limit} messages${of && during ? ` ${of} ${during}` : ": a limit is near"}.`;
};

export const toneName: Record<NonNullable<Banner["tone"]>, string> = {
  info: "Information",
  warning: "Warning",
  critical: "Critical",
};

export const announceBanner = ({ tone = "info", text }: Banner): string => `${toneName[tone]}: ${text}`;

export const rulesChanged = (client: string) => `The rules for ${client} have changed.`;

/** One sentence for the live region. */
export const announce = (turned: Turn, contact: Contact, channel: Channel, shield: Shield): string => {
  const what: Record<Turn, string> = {
    sent: `${stageNoun(shield.method)} on its way`,
    verified: "verified",
    denied: `denied. ${denied(contact.name)}${words.procedure}.`,
    failed: `failed. ${failed(shield, contact)}`,
    expired: "expired unanswered",
    cancelled: "cancelled",
    ended: "no longer verified",
  };
  return `${contact.name}, ${spoken(channel)}: ${what[turned]}`;
};

export const announceStage = (channel: Channel, shield: Shield, until: string): string =>
  `${spoken(channel)}: ${stage(shield, until).text}`;
