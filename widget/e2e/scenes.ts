// Every state that a pod can show, as server responses.

import type { Channel, Pod } from "../src/types";
import {
  at,
  banner,
  changedPast,
  dana,
  denied,
  everyway,
  failed,
  fraud,
  freeze,
  green,
  grey,
  landline,
  lock,
  mail,
  mailbox,
  mobile,
  pending,
  phone,
  pod,
  ruled,
  sam,
  three,
  withDana,
  withPolicy,
} from "./scene-parts";

export interface Scene {
  name: string;
  pod: Pod;
  /** Actions before the check, by their names in states.spec.ts. */
  actions?: (
    | "choose Sam"
    | "type a wrong code"
    | "type half a code"
    | "open the history"
    | "write a note"
    | "lose the socket"
    | "block the socket"
    | "end the session"
    | "verify again"
    | "send a code that nears a limit"
    | "read more"
    | "save the ticket"
  )[];
  /** The kind of host; our loader by default. */
  host?: "connectwise" | "signin";
  /** The pod's language; English by default. */
  language?: string;
  /** The server's answer to the launch, instead of the pod. */
  refusal?: { status: number; code: string; detail: string };
  /** A fixed height of the frame, in CSS pixels. */
  height?: number;
}

const german = pod(
  [
    {
      ...dana([
        phone(
          "mobile",
          "+49 ••• ••••• 4821",
          "Diensttelefon (Rufbereitschaft)",
          green({ by: { id: "x", name: "Friederike Schmidt-Hohenlohe" } }),
        ),
        mailbox(
          "mail",
          "b••••••••••••••••@donaudampfschifffahrt.example",
          pending("email_link", "delivered"),
          undefined,
          "Geschäftsadresse",
        ),
        phone("desk", "+49 ••• ••••• 0199", "Rechtsschutzversicherungsabteilung", denied),
      ]),
      name: "Bartholomäus von Donaudampfschifffahrten",
      title: "Rechtsschutzversicherungssachbearbeiter",
    },
    { ...sam, name: "Maximiliane Freifrau von und zu Guttenstein" },
  ],
  {},
);

export const twelve = pod([
  dana([
    mobile(green()),
    mail(),
    landline(),
    ...Array.from({ length: 9 }, (_, n) => phone(`n${n}`, `+1 ••• ••• ${1000 + n * 7}`, n % 2 ? "site" : "mobile")),
  ]),
  sam,
]);

/** Channels whose value is not exactly one address or number. */
const unusable: Channel[] = [
  {
    ...phone("two", "••• •••", "mobile"),
    methods: [],
    unusable: { reason: "more_than_one", text: "more than one number in this field" },
  },
  {
    ...phone("switchboard", "••• ••• 5612", "work"),
    methods: [],
    unusable: { reason: "landline", text: "a landline" },
  },
  { ...mailbox("words", "•••"), methods: [], unusable: { reason: "words", text: "words beside the address" } },
];

export const scenes: Scene[] = [
  { name: "resting", pod: three(grey, green()) },
  { name: "code-sending", pod: three(pending("sms_code", "queued")) },
  { name: "code-delivered", pod: three(pending("sms_code", "delivered")), actions: ["type half a code"] },
  {
    name: "code-wrong",
    pod: three(pending("sms_code", "delivered", { tries_left: 2 })),
    actions: ["type a wrong code"],
  },
  { name: "code-resend", pod: three(pending("sms_code", "delivered", { resend_at: at("14:01:59") })) },
  { name: "link-opened", pod: three(grey, pending("email_link", "opened")) },
  { name: "verified", pod: three(green()) },
  {
    name: "denied",
    pod: withDana({ lock: { ...lock(0), denied: true } }, [
      phone("mobile", "+1 ••• ••• 4821", "mobile", denied, everyway("denied")),
      mailbox("mail", "d•••@contoso.com", grey, "denied"),
      phone("desk", "+1 ••• ••• 0199", "landline", grey, everyway("denied")),
    ]),
  },
  { name: "denied-again", pod: three(denied), actions: ["verify again"] },
  { name: "failed", pod: three(failed("invalid_recipient")) },
  { name: "failed-out-of-tries", pod: three(failed("out_of_tries")) },
  { name: "delayed", pod: three(pending("sms_code", "delayed", { reason: "carrier_down" })) },
  { name: "indeterminate", pod: three(pending("sms_link", "indeterminate")) },
  {
    name: "expired",
    pod: three({
      state: "unverified",
      verification_id: "v_7",
      method: "sms_code",
      at: at("14:01:00"),
      reason: "expired",
    }),
  },
  {
    name: "cancelled",
    pod: three({
      state: "unverified",
      verification_id: "v_7",
      method: "sms_code",
      at: at("14:01:55"),
      reason: "cancelled",
      resend_at: at("14:02:42"),
    }),
  },
  { name: "note-missing", pod: three(grey), actions: ["choose Sam"] },
  { name: "note-given", pod: three(grey), actions: ["choose Sam", "write a note"] },
  { name: "no-mobile", pod: pod([dana([mail(), landline()])]) },
  {
    name: "policy-refuses",
    pod: pod([
      dana([
        phone("mobile", "+1 ••• ••• 4821", "mobile", grey, { sms_code: "policy" }),
        mailbox("mail", "d•••@contoso.com", grey, "policy"),
      ]),
    ]),
  },
  { name: "unusable", pod: { ...pod([dana([mobile(), mail(), ...unusable])]), technician_known: false } },
  { name: "history", pod: three(green()), actions: ["open the history"] },
  { name: "history-empty", pod: pod([dana([mobile()], [])]), actions: ["open the history"] },
  { name: "history-changed", pod: withDana({ history: changedPast }, [mobile()]), actions: ["open the history"] },
  { name: "collapsed", pod: withPolicy({ show_on_load: false }, three(grey, green())) },
  { name: "collapsed-banner", pod: withPolicy({ show_on_load: false, ...freeze }, three(grey, green())) },
  {
    name: "banner-info",
    pod: withPolicy(banner("info", "VIP client. Procedure: https://wiki.acme-it.example/vip."), three(grey)),
  },
  { name: "banner-warning", pod: withPolicy(freeze, three(grey)) },
  {
    name: "banner-critical",
    pod: withPolicy(banner("critical", "Active fraud: call back before any reset."), three(grey)),
  },
  { name: "banner-long", pod: withPolicy(banner("critical", fraud), three(grey)) },
  { name: "banner-open", pod: withPolicy(banner("critical", fraud), three(grey)), actions: ["read more"] },
  { name: "banner-fixed", pod: withPolicy(freeze, twelve), height: 340 },
  {
    name: "locked",
    pod: withDana({ lock: lock(10) }, [
      phone("mobile", "+1 ••• ••• 4821", "mobile", failed("locked"), { sms_code: "locked" }),
      mail(),
      landline(),
    ]),
  },
  {
    name: "lock-near",
    pod: withDana({ lock: lock(8) }, [mobile(pending("sms_code", "delivered", { tries_left: 2 })), mail()]),
  },
  {
    name: "own-channel",
    pod: withDana({}, [
      phone("mobile", "+1 ••• ••• 4821", "mobile", grey, everyway("own_channel")),
      mailbox("mail", "d•••@contoso.com", grey, "own_channel"),
    ]),
  },
  {
    name: "changed",
    pod: withDana({}, [
      { ...mobile(), changed_at: "2026-02-28T09:30:00Z" },
      { ...mail(), changed_at: at("13:20:00") },
      { ...phone("new", "+1 ••• ••• 3307", "mobile", grey, everyway("changed_channel")), changed_at: at("09:00:00") },
    ]),
  },
  {
    name: "numbers",
    pod: withDana({}, [
      phone("abroad", "+371 •• ••• 482", "mobile", grey, everyway("country_not_allowed")),
      phone("service", "+1 ••• ••• 0900", "hotline", grey, everyway("premium_rate")),
      phone("soft", "+1 ••• ••• 5512", "softphone", grey, everyway("voip")),
      phone("mixed", "+1 ••• ••• 6633", "mobile", grey, { sms_code: "locked", sms_link: "policy" }),
    ]),
  },
  { name: "match", pod: three(pending("sms_link", "opened", { match: "47" })) },
  { name: "match-wrong", pod: three(failed("wrong_number", "sms_link")) },
  { name: "quota", pod: three(grey), actions: ["send a code that nears a limit"] },
  {
    name: "note-why",
    pod: withPolicy({ explanations: { override_note: ruled } }, three(grey)),
    actions: ["choose Sam"],
  },
  { name: "offline", pod: three(pending("sms_code", "delivered")), actions: ["lose the socket"] },
  { name: "polling", pod: three(pending("sms_code", "delivered"), green()), actions: ["block the socket"] },
  { name: "session-over", pod: three(grey), actions: ["end the session"] },
  { name: "no-channels", pod: pod([dana([], [])]) },
  { name: "german", pod: german },
  { name: "twelve-channels", pod: twelve, height: 340 },
];
