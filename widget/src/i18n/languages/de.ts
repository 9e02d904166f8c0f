// German.

import type { LazyStrings } from "../../lazy/english";
import type { InitialStrings } from "./en";

export const initial: InitialStrings = {
  title: "Verifizierung des Anrufers",
  ticketContact: "Ticketkontakt",
  chooseContact: "Wer verifiziert wird",
  verifyCaller: "Anrufer verifizieren",
  verifyAgain: "Noch einmal verifizieren",
  noteFirst: "Erst eine Notiz",
  noMobile: "Keine Mobilnummer bei diesem Kontakt, also keine SMS. Nehmen Sie E-Mail.",
  noChannels:
    "Dieser Kontakt hat weder Adresse noch Nummer. Tragen Sie eine im Ticketsystem ein und laden Sie das Ticket neu.",
  noContacts: "Dieses Ticket hat keinen Kontakt. Tragen Sie ihn im Ticketsystem ein und laden Sie das Ticket neu.",
  inTicketSystem: "im Ticketsystem",
  reconnecting: "Verbinde neu …",
  missing: "Ein Teil wurde nicht geladen. Laden Sie das Ticket neu.",
  tryAgain: "Noch einmal",
  toneName: { info: "Hinweis", warning: "Warnung", critical: "Achtung" },
  history: "Bisherige Verifizierungen",
  saveFirst:
    "Verifizieren Sie den Anrufer, bevor Sie speichern: Auf diesem Ticket ist noch niemand verifiziert (Shieldpod).",
  procedure: "Ihrer Anweisung",
  you: "Ihnen",

  sendLong: { code: "Code senden", link: "Link senden" },
  sendShort: { code: "Code", link: "Link" },
  methodAction: {
    email_link: (to) => `Link per E-Mail senden: ${to}`,
    sms_link: (to) => `Link per SMS senden: ${to}`,
    sms_code: (to) => `Code per SMS senden: ${to}`,
    email_code: (to) => `Code per E-Mail senden: ${to}`,
  },
  spokenNumber: (label, end) => `${label || "Nummer"}, endet auf ${end}`,
  spokenAddress: (label, mask) => `${label || "E-Mail"} ${mask}`,

  againIn: (left) => `Wieder in ${left}`,
  verified: (at, by, until) => `${at} verifiziert von ${by}, gültig bis ${until}`,
  unverified: "Nicht verifiziert",
  lapsed: {
    expired: "Unbeantwortet abgelaufen",
    cancelled: "Abgebrochen",
    superseded: "Durch eine neuere ersetzt",
  },
  denied: (name) => `${name} hat das nicht angefordert. Halten Sie an und folgen Sie `,

  refusals: {
    policy: "Bei diesem Kunden nicht erlaubt",
    landline: "Empfängt keine SMS",
  },
  noCarrier: {
    phone: "Kein SMS-Dienst ist eingerichtet. Fragen Sie Ihren Administrator.",
    email: "Kein E-Mail-Dienst ist eingerichtet. Fragen Sie Ihren Administrator.",
  },
  notPossible: "Hier nicht möglich",
  refusalOf: (button, because) => `${button}: ${because}`,

  shieldName: {
    unverified: "Nicht verifiziert",
    pending: "Wartet",
    verified: "Verifiziert",
    denied: "Bestritten",
    failed: "Fehlgeschlagen",
  },

  changed: (ago) => `Geändert ${ago}`,
  changedOn: (date) => `Im Ticketsystem geändert: ${date}`,
};

const admin = "Passiert es wieder, sagen Sie es Ihrem Administrator.";
const digits: Record<number, string> = { 6: "sechs", 7: "sieben", 8: "acht" };

export const lazy: LazyStrings = {
  verify: "Prüfen",
  cancel: "Abbrechen",
  resend: "Neu senden",
  enterCode: "Code hier eingeben",
  noteLabel: "Warum dieser Kontakt?",
  notePlaceholder: "Wer es erlaubt hat, oder warum",
  noteOptional: "Freiwillig",
  notePresets: "Vorgegebene Gründe",
  noHistory: "Keine Verifizierungen.",
  older: "Ältere zeigen",
  noOlder: "Das sind alle.",
  noted: "Das Ergebnis steht im Ticket",
  copyNote: "Notiz für das Ticket kopieren",
  copied: "Kopiert",
  copyBlocked: "Kopieren ist hier gesperrt. Markieren Sie den Text und kopieren Sie ihn:",
  hadChanged: "Im Ticketsystem frisch geändert",
  polling: "Ihr Netz blockiert Live-Aktualisierungen. Abfrage alle paar Sekunden.",
  ownContact: "Sie selbst muss ein Kollege verifizieren.",
  unreachable: "Shieldpod hat nicht geantwortet. Versuchen Sie es noch einmal.",
  unreachableSend: "Shieldpod hat nicht geantwortet. Drücken Sie noch einmal: Nichts wird doppelt gesendet.",
  unreachableCode: "Shieldpod hat nicht geantwortet. Prüfen Sie den Code noch einmal, sobald es wieder geht.",
  more: "mehr",
  less: "weniger",
  savedUnverified: "Gespeichert, aber der Anrufer ist nicht verifiziert.",
  notSaved: "Nicht gespeichert. Verifizieren Sie den Anrufer und speichern Sie dann noch einmal.",
  correctIt: "Korrigieren Sie das im Ticketsystem.",
  technicianUnknown:
    "Das Ticketsystem nennt weder E-Mail noch Telefon von Ihnen: Ob Sie selbst dieser Kontakt sind, lässt sich nicht prüfen.",

  unusable: {
    more_than_one: { phone: "Mehr als eine Nummer in diesem Feld", email: "Mehr als eine Adresse in diesem Feld" },
    extension: "Eine Nummer mit Durchwahl",
    words: { phone: "Text neben der Nummer", email: "Text neben der Adresse" },
    unclear_end: "Unklar, wo diese Nummer endet",
    incomplete: "Keine vollständige Nummer",
    no_country: "Unklar, aus welchem Land diese Nummer ist",
    landline: "Empfängt keine SMS",
    fax: "Eine Faxnummer",
    invalid: { phone: "Keine Telefonnummer", email: "Keine E-Mail-Adresse" },
  },

  noteTooShort: (min) => `Mindestens ${min} Zeichen`,
  codeTooShort: (length) => `Ein Code hat ${length} Ziffern.`,
  resendIn: (left) => `Neu senden in ${left}`,
  triesLeft: (tries) => (tries === 1 ? "noch 1 Versuch" : `noch ${tries} Versuche`),
  lockNear: (left) =>
    left === 1 ? "Noch 1 falscher Code sperrt diesen Kontakt." : `Noch ${left} falsche Codes sperren diesen Kontakt.`,

  spans: { minute: "in dieser Minute", hour: "in dieser Stunde", day: "heute" },
  whose: {
    destination: { phone: "an diese Nummer", email: "an diese Adresse" },
    prefix: "an Nummern wie diese",
    technician: "von Ihnen",
    client: "an diesen Kunden",
    country: "in dieses Land",
    tenant: "von Ihrem ganzen Team",
  },
  nearLimit: (used, limit, whose, during) => `${used} von ${limit} Nachrichten ${whose} ${during}.`,
  nearMoney: (percent, during) => `${percent} % des Geldes für Nachrichten ${during}.`,
  nearSome: (used, limit) => `${used} von ${limit} Nachrichten: eine Grenze ist nah.`,

  rulesChanged: (client) => `Die Regeln für ${client} haben sich geändert.`,
  transitions: {
    sent: { code: "Code unterwegs", link: "Link unterwegs" },
    verified: "verifiziert",
    denied: (why) => `bestritten. ${why}.`,
    failed: (why) => `fehlgeschlagen. ${why}`,
    expired: "unbeantwortet abgelaufen",
    cancelled: "abgebrochen",
    ended: "nicht mehr verifiziert",
  },

  scripts: {
    number: (number) => `Sagen Sie: „Wählen Sie auf der Seite die ${number}.“`,
    sms_code: (length) => `Fragen Sie: „Lesen Sie mir die ${digits[length] ?? length} Ziffern aus der SMS vor.“`,
    email_code: (length) => `Fragen Sie: „Lesen Sie mir die ${digits[length] ?? length} Ziffern aus der E-Mail vor.“`,
    sms_link: () => "Sagen Sie: „Sie haben eine SMS mit einem Link. Öffnen Sie ihn und drücken Sie auf Bestätigen.“",
    email_link: () =>
      "Sagen Sie: „Sie haben eine E-Mail mit einem Link. Öffnen Sie ihn und drücken Sie auf Bestätigen.“",
  },

  refusals: {
    locked: "Zu viele falsche Codes",
    denied: "Gesperrt: nicht angefordert",
    own_channel: "Dieser Kontakt sind Sie",
    changed_channel: "So kurz nach einer Änderung nicht erlaubt",
    country_not_allowed: "Keine SMS in dieses Land",
    premium_rate: "Mehrwertnummer: keine SMS",
    voip: "Internetnummer: keine SMS",
    toll_free: "Gebührenfreie Nummer: keine SMS",
    technician_address: "Ihre eigene Adresse und Nummer sind nicht bekannt",
    opted_out: "Hat STOP geschrieben. Ein Administrator kann das aufheben",
  },

  stages: {
    queued: { code: "Code wird gesendet", link: "Link wird gesendet" },
    sent: { code: "Code gesendet", link: "Link gesendet" },
    delivered: { code: "Code zugestellt", link: "Link zugestellt" },
    opened: { code: "Code geöffnet", link: "Link geöffnet" },
  },
  delayed: (mail, until) =>
    `Der ${mail ? "E-Mail" : "SMS"}-Dienst antwortet nicht. Wir versuchen es weiter bis ${until}.`,
  indeterminate: (until) =>
    `Ob es gesendet wurde, wissen wir nicht. Kommt bis ${until} nichts an, senden Sie es noch einmal.`,

  outcome: {
    open: "Wartet",
    verified: "Verifiziert",
    denied: "Bestritten",
    failed: "Fehlgeschlagen",
    cancelled: "Abgebrochen",
    superseded: "Ersetzt",
    expired: "Abgelaufen",
  },

  methodName: { email_link: "E-Mail-Link", sms_link: "SMS-Link", sms_code: "SMS-Code", email_code: "E-Mail-Code" },

  failures: (name, mail, next) => {
    return {
      invalid_recipient: mail
        ? `Der Dienst sagt, diese Adresse gibt es nicht. ${next}`
        : `Der Dienst sagt, diese Nummer empfängt keine SMS. ${next}`,
      blocked: `${mail ? "Dieses Postfach" : "Diese Nummer"} blockiert unsere Nachrichten. ${next}`,
      landline: `Der Dienst sagt, das ist ein Festnetzanschluss. ${next}`,
      mailbox_full: `Das Postfach von ${name} ist voll und nimmt nichts an. ${next}`,
      opted_out: `Diese Nummer will keine SMS: Sie hat STOP geschrieben. ${next}`,
      undelivered: `Der Dienst konnte nicht zustellen. ${next}`,
      carrier_misconfigured: `Der Dienst lehnt unser Konto ab. ${next} Sagen Sie es Ihrem Administrator.`,
      address_not_supported: `Unser Mailserver kann an eine Adresse mit solchen Buchstaben nicht senden. ${next}`,
      carrier_down: `Der ${mail ? "E-Mail" : "SMS"}-Dienst hat nicht rechtzeitig geantwortet. ${next}`,
      out_of_tries: "Keine Versuche mehr. Senden Sie einen neuen Code.",
      denied: "Beendet: Eine andere Anfrage war nicht angefordert. Halten Sie an und folgen Sie Ihrer Anweisung.",
      locked: "Zu viele falsche Codes. Senden Sie einen Link.",
      wrong_number:
        "Eine falsche Zahl wurde gewählt. Fragen Sie, wer am Apparat ist. Wenn Sie sicher sind, senden Sie einen neuen Link.",
      other: `Es konnte nicht gesendet werden. ${next}`,
    };
  },

  tryNext: { phone: "Versuchen Sie das Telefon.", email: "Versuchen Sie E-Mail.", none: "Folgen Sie Ihrer Anweisung." },

  lockedByCodes: (failures, tenant) =>
    `Gesperrt nach ${failures} falschen Codes hintereinander. Ein bestätigter Link hebt das auf, oder ein Administrator von ${tenant}.`,
  lockedByDenial: (tenant) =>
    `Gesperrt: Dieser Kontakt sagte „Ich habe das nicht angefordert“. Folgen Sie Ihrer Anweisung; ein Administrator von ${tenant} hebt es auf.`,

  errors: {
    cooldown: (s) =>
      `Hierhin ging gerade eine Nachricht. Warten Sie ${s === 1 ? "1 Sekunde" : `${s} Sekunden`} bis zur nächsten.`,
    quota_exceeded: (s) => `Eine Grenze ist erreicht. Sie wird in ${Math.ceil(s / 60)} min frei.`,
    wrong_code: () => "Der Code stimmt nicht.",
    already_used: () => "Dieser Code gilt nicht mehr. Senden Sie einen neuen.",
    expired: () => "Das ist abgelaufen. Senden Sie es neu.",
    verification_ended: () => "Diese Verifizierung ist beendet. Senden Sie eine neue.",
    note_required: () => "Erst eine Notiz: Das ist nicht der Kontakt des Tickets.",
    own_channel: () => "Dieser Kontakt sind Sie. Ein anderer muss Sie verifizieren.",
    channel_unusable: () =>
      "Das lässt sich so nicht verwenden. Korrigieren Sie es im Ticketsystem und laden Sie das Ticket neu.",
    verification_method_not_allowed: () => "Das ist hier nicht erlaubt. Nehmen Sie einen anderen Weg.",
    locked: () => "Dieser Kontakt ist gesperrt. Fragen Sie einen Administrator.",
    not_found: () => "Das steht nicht mehr auf dem Ticket. Laden Sie das Ticket neu.",
    unavailable: () => "Ein Teil von Shieldpod ist ausgefallen. Versuchen Sie es gleich noch einmal.",
  },

  problems: {
    no_parent: {
      title: "Öffnen Sie dies aus einem Ticket",
      next: "Der Pod arbeitet in Ihrem Ticketsystem. Für sich allein zeigt er nichts.",
    },
    no_ticket: { title: "Kein Ticket offen", next: `Öffnen Sie ein Ticket und laden Sie es neu. ${admin}` },
    host_timeout: {
      title: "Das Ticketsystem hat nicht geantwortet",
      next: "Laden Sie das Ticket neu. Hilft das nicht, sagen Sie es Ihrem Administrator.",
    },
    context_refused: {
      title: "Das Ticketsystem bürgt nicht für dieses Ticket",
      next: "Laden Sie das Ticket neu, oder melden Sie sich im Ticketsystem neu an.",
    },
    context_expired: {
      title: "Das Ticketsystem war zu spät",
      next: "Versuchen Sie es noch einmal. Passiert es wieder, geht vielleicht seine Uhr falsch: Sagen Sie es Ihrem Administrator.",
    },
    context_replayed: { title: "Dieser Aufruf wurde schon benutzt", next: "Laden Sie das Ticket neu." },
    context_invalid: { title: "Diesem Aufruf können wir nicht trauen", next: `Laden Sie das Ticket neu. ${admin}` },
    origin_mismatch: {
      title: "Diese Seite darf den Pod nicht zeigen",
      next: "Shieldpod kennt sie nicht als Seite Ihres Ticketsystems. Sagen Sie es Ihrem Administrator.",
    },
    session_ended: { title: "Die Sitzung ist beendet", next: "Laden Sie das Ticket neu, dann geht es weiter." },
    member_refused: {
      title: "Wir wissen nicht, wer Sie sind",
      next: "ConnectWise hat Ihre Anmeldung nicht bestätigt. Melden Sie sich dort neu an und laden Sie das Ticket neu.",
    },
    ticket_not_found: {
      title: "Dieses Ticket sehen Sie nicht",
      next: "Es ist weg, oder ConnectWise zeigt es Ihnen nicht. Fragen Sie, wer das Board betreut.",
    },
    no_contact: {
      title: "Kein Kontakt zu verifizieren",
      next: "Wählen Sie im Ticketsystem einen Kontakt des Kunden und laden Sie das Ticket neu.",
    },
    ticket_unsaved: {
      title: "Dieses Ticket ist neu",
      next: "Speichern Sie es, dann öffnet sich der Pod mit seinem Kontakt.",
    },
    psa_unavailable: {
      title: "Das Ticketsystem antwortet nicht",
      next: "Wir versuchen es weiter. Eilt es, folgen Sie Ihrer Anweisung für einen Ausfall.",
    },
    psa_busy: {
      title: "Das Ticketsystem ist überlastet",
      next: "Es bat uns zu warten. Wir versuchen es gleich von selbst noch einmal.",
    },
    psa_misconfigured: {
      title: "Das Ticketsystem weist Shieldpod ab",
      next: "Schlüssel oder Adresse stimmen nicht. Ihr Administrator soll shieldpod doctor ausführen.",
    },
    signin_required: {
      title: "Melden Sie sich an, um Anrufer zu verifizieren",
      next: "Es öffnet sich ein Fenster mit der Anmeldung Ihrer Firma.",
      act: "Anmelden",
    },
    signin_closed: {
      title: "Sie sind noch nicht angemeldet",
      next: "Das Fenster der Anmeldung wurde zu früh geschlossen.",
      act: "Anmelden",
    },
    popup_blocked: {
      title: "Der Browser hat das Fenster der Anmeldung blockiert",
      next: "Erlauben Sie Pop-ups für diese Seite und melden Sie sich dann an.",
      act: "Anmelden",
    },
  },
  noPod: "Der Pod konnte nicht geöffnet werden",
  reload: `Laden Sie das Ticket neu. ${admin}`,
};
