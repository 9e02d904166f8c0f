// What the scenes are made of: contacts, channels, shields and policies. The clock stands at 14:02.

import type {
  Banner,
  Channel,
  Contact,
  HistoryEntry,
  Lock,
  Method,
  Pod,
  Policy,
  Reason,
  Shield,
  Verification,
} from "../src/types";

const day = "2026-03-02T";
export const now = `${day}14:02:00.000Z`;
export const at = (clock: string) => `${day}${clock}.000Z`;
const ana = { id: "ana.ortiz", name: "Ana Ortiz" };
const jo = { id: "jo.park", name: "Jo Park" };

export const grey: Shield = { state: "unverified" };

export const phone = (
  id: string,
  masked: string,
  label: string,
  shield = grey,
  refusal?: Partial<Record<Method, Reason>>,
): Channel => ({
  id,
  kind: "phone",
  label,
  masked,
  methods: (["sms_code", "sms_link"] as const).map((method) => ({
    method,
    ...(refusal?.[method] && { reason: refusal[method] }),
    ...(refusal?.[method] === "policy" && { explanation: ruled }),
  })),
  shield,
});

export const ruled = "Set by Contoso’s policy, version 7, by Ana Ortiz on 24 Feb 2026.";

export const mailbox = (id: string, masked: string, shield = grey, refusal?: Reason, label = "work"): Channel => ({
  id,
  kind: "email",
  label,
  masked,
  methods: [
    { method: "email_link", ...(refusal && { reason: refusal }), ...(refusal === "policy" && { explanation: ruled }) },
  ],
  shield,
});

export const mobile = (shield = grey) => phone("mobile", "+1 ••• ••• 4821", "mobile", shield);
export const mail = (shield = grey) => mailbox("mail", "d•••@contoso.com", shield);
export const landline = () =>
  phone("desk", "+1 ••• ••• 0199", "landline", grey, { sms_code: "landline", sms_link: "landline" });

export const pending = (method: Method, stage: NonNullable<Shield["stage"]>, more: Partial<Shield> = {}): Shield => ({
  state: "pending",
  verification_id: "v_7",
  method,
  stage,
  at: at("14:01:31"),
  until: at("14:06:31"),
  resend_at: at("14:02:42"),
  by: ana,
  ...(method === "sms_code" && { code_length: 6, tries_left: 3 }),
  ...more,
});

export const green = (more: Partial<Shield> = {}): Shield => ({
  state: "verified",
  verification_id: "v_6",
  method: "sms_code",
  at: at("14:02:00"),
  until: at("14:32:00"),
  by: ana,
  ...more,
});

/** The response to a send: a pending code, and a quota that is nearly used up. */
export const nearing: Verification = {
  id: "v_7",
  contact_id: "dana",
  channel_id: "mobile",
  method: "sms_code",
  seq: 41,
  shield: pending("sms_code", "sent"),
  warnings: [{ name: "quota_destination_day", used: 8, limit: 10, frees_at: "2026-03-03T09:00:00Z" }],
};

export const failed = (reason: Reason, method: Method = "sms_code"): Shield => ({
  state: "failed",
  verification_id: "v_7",
  method,
  at: at("14:01:40"),
  by: ana,
  reason,
});

export const denied: Shield = {
  state: "denied",
  verification_id: "v_7",
  method: "sms_link",
  at: at("14:01:50"),
  by: ana,
};

const entry = (n: number, more: Partial<HistoryEntry>): HistoryEntry => ({
  verification_id: `v_${n}`,
  channel_id: "mobile",
  method: "sms_code",
  masked: "+1 ••• ••• 4821",
  technician: ana,
  ticket_number: "4711",
  requested_at: at("14:01:00"),
  expires_at: at("14:06:00"),
  ended_at: at("14:02:00"),
  outcome: "verified",
  ticket_note: "Caller verification: verified\nContact: Dana Reyes\nVerification: v_1",
  ...more,
});

const past: HistoryEntry[] = [
  entry(6, {}),
  entry(5, {
    method: "email_link",
    masked: "d•••@contoso.com",
    outcome: "expired",
    technician: jo,
    ticket_number: "4702",
    requested_at: "2026-02-27T09:12:00.000Z",
  }),
  entry(4, {
    method: "sms_link",
    outcome: "denied",
    technician: jo,
    ticket_number: "4698",
    requested_at: "2026-02-26T16:40:00.000Z",
    note: "Caller is a colleague of the contact",
  }),
];

export const changedPast = [entry(6, { changed_channel: true }), ...past.slice(1)];

export const fraud =
  "Active fraud against this client: somebody rings as their finance director and asks for new MFA. Call back on the " +
  "number in https://wiki.acme-it.example/contoso (never one that the caller gives), and tell the duty lead. " +
  "Reset nothing on the first call.";

export const dana = (channels: Channel[], history = past): Contact => ({
  id: "dana",
  name: "Dana Reyes",
  title: "Finance lead",
  default: true,
  seq: 40,
  channels,
  history,
});

export const sam: Contact = {
  id: "sam",
  name: "Sam Whitfield",
  title: "Office manager",
  default: false,
  seq: 12,
  channels: [phone("sam-mobile", "+1 ••• ••• 7706", "mobile"), mailbox("sam-mail", "s•••@contoso.com")],
  history: [],
};

export const pod = (contacts: Contact[], more: Partial<Pod> = {}): Pod => ({
  now,
  tenant: { id: "acme", name: "Acme IT", procedure_url: "https://acme-it.example/procedure" },
  technician: ana,
  technician_known: true,
  ticket: { id: "4711", number: "4711", summary: "Password reset" },
  client: { id: "contoso", name: "Contoso" },
  origin: "https://psa.example",
  first_open: true,
  policy: {
    version: "12.7",
    override_note: "required",
    note_presets: ["Manager approval", "Contact on file is unreachable", "Caller is a colleague of the contact"],
    note_min: 3,
    note_max: 500,
    show_on_load: true,
    ticket_note: true,
    before_save: "off",
    explanations: {},
  },
  contacts,
  ...more,
});

export const three = (first: Shield, second = grey) => pod([dana([mobile(first), mail(second), landline()]), sam]);

export const withPolicy = (rules: Partial<Policy>, on: Pod): Pod => ({ ...on, policy: { ...on.policy, ...rules } });
export const banner = (tone: NonNullable<Banner["tone"]>, text: string): Partial<Policy> => ({
  banner: { tone, text },
});
export const freeze = banner("warning", "Change freeze until Thursday: no MFA resets without a manager.");

export const everyway = (reason: Reason) => ({ sms_code: reason, sms_link: reason });
export const lock = (failures: number): Lock => ({ failures, limit: 10, locked: failures >= 10 });

/** The pod with the ticket's contact changed. */
export const withDana = (more: Partial<Contact>, channels: Channel[]): Pod =>
  pod([{ ...dana(channels), ...more }, sam]);
