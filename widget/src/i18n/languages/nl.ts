// Dutch.

import type { LazyStrings } from "../../lazy/english";
import type { InitialStrings } from "./en";

export const initial: InitialStrings = {
  title: "Verificatie van de beller",
  ticketContact: "contact van het ticket",
  chooseContact: "Wie geverifieerd wordt",
  verifyCaller: "Beller verifiëren",
  verifyAgain: "Opnieuw verifiëren",
  noteFirst: "Eerst een notitie",
  noMobile: "Dit contact heeft geen mobiel nummer, dus geen sms. Gebruik e-mail.",
  noChannels:
    "Dit contact heeft geen adres of nummer. Voeg er een toe in het ticketsysteem en laad het ticket opnieuw.",
  noContacts: "Dit ticket heeft geen contact. Voeg er een toe in het ticketsysteem en laad het ticket opnieuw.",
  inTicketSystem: "in het ticketsysteem",
  reconnecting: "Opnieuw verbinden…",
  missing: "Een deel is niet geladen. Laad het ticket opnieuw.",
  tryAgain: "Opnieuw",
  toneName: { info: "Informatie", warning: "Waarschuwing", critical: "Let op" },
  history: "Eerdere verificaties",
  saveFirst: "Verifieer de beller voordat u opslaat: op dit ticket is nog niemand geverifieerd (Shieldpod).",
  procedure: "uw procedure",
  you: "u",

  sendLong: { code: "Code sturen", link: "Link sturen" },
  sendShort: { code: "Code", link: "Link" },
  methodAction: {
    email_link: (to) => `Link per e-mail sturen: ${to}`,
    sms_link: (to) => `Link per sms sturen: ${to}`,
    sms_code: (to) => `Code per sms sturen: ${to}`,
    email_code: (to) => `Code per e-mail sturen: ${to}`,
  },
  spokenNumber: (label, end) => `${label || "nummer"} eindigend op ${end}`,
  spokenAddress: (label, mask) => `${label || "e-mail"} ${mask}`,

  againIn: (left) => `Weer over ${left}`,
  verified: (at, by, until) => `Om ${at} geverifieerd door ${by}, tot ${until}`,
  unverified: "Niet geverifieerd",
  lapsed: { expired: "Onbeantwoord verlopen", cancelled: "Geannuleerd", superseded: "Vervangen door een nieuwere" },
  denied: (name) => `${name} zegt dit niet gevraagd te hebben. Stop en volg `,

  refusals: {
    policy: "Niet toegestaan bij deze klant",
    landline: "Kan geen sms ontvangen",
  },
  noCarrier: {
    phone: "Er is geen sms-dienst ingesteld. Vraag uw beheerder.",
    email: "Er is geen e-maildienst ingesteld. Vraag uw beheerder.",
  },
  notPossible: "Kan hier niet",
  refusalOf: (button, because) => `${button}: ${because.charAt(0).toLowerCase()}${because.slice(1)}`,

  shieldName: {
    unverified: "Niet geverifieerd",
    pending: "Wacht",
    verified: "Geverifieerd",
    denied: "Ontkend",
    failed: "Mislukt",
  },

  changed: (ago) => `Gewijzigd ${ago}`,
  changedOn: (date) => `Gewijzigd in het ticketsysteem: ${date}`,
};

const admin = "Gebeurt het weer, meld het dan uw beheerder.";
const digits: Record<number, string> = { 6: "zes", 7: "zeven", 8: "acht" };

export const lazy: LazyStrings = {
  verify: "Controleren",
  cancel: "Annuleren",
  resend: "Opnieuw sturen",
  enterCode: "Vul hier de code in",
  noteLabel: "Waarom dit contact?",
  notePlaceholder: "Wie het goedkeurde, of waarom",
  noteOptional: "Niet verplicht",
  notePresets: "Vaste redenen",
  noHistory: "Geen verificaties.",
  older: "Oudere tonen",
  noOlder: "Dat is alles.",
  noted: "Het resultaat staat op het ticket",
  copyNote: "Notitie voor het ticket kopiëren",
  copied: "Gekopieerd",
  copyBlocked: "Kopiëren is hier geblokkeerd. Selecteer de tekst en kopieer die:",
  hadChanged: "Pas gewijzigd in het ticketsysteem",
  polling: "Uw netwerk blokkeert live-updates. Elke paar seconden wordt er gecontroleerd.",
  ownContact: "Een collega moet u verifiëren.",
  unreachable: "Shieldpod antwoordde niet. Probeer het opnieuw.",
  unreachableSend: "Shieldpod antwoordde niet. Druk nog eens: er wordt niets dubbel verstuurd.",
  unreachableCode: "Shieldpod antwoordde niet. Controleer de code opnieuw als het er weer is.",
  more: "meer",
  less: "minder",
  savedUnverified: "Opgeslagen, maar de beller is niet geverifieerd.",
  notSaved: "Niet opgeslagen. Verifieer de beller en sla dan opnieuw op.",
  correctIt: "Verbeter het in het ticketsysteem.",
  technicianUnknown:
    "Het ticketsysteem noemt geen e-mail of telefoon van u: of u zelf dit contact bent, is niet na te gaan.",

  unusable: {
    more_than_one: { phone: "Meer dan één nummer in dit veld", email: "Meer dan één adres in dit veld" },
    extension: "Een nummer met een toestel",
    words: { phone: "Tekst naast het nummer", email: "Tekst naast het adres" },
    unclear_end: "Onduidelijk waar dit nummer eindigt",
    incomplete: "Geen volledig nummer",
    no_country: "Onduidelijk uit welk land dit nummer komt",
    landline: "Ontvangt geen sms",
    fax: "Een faxnummer",
    invalid: { phone: "Geen telefoonnummer", email: "Geen e-mailadres" },
  },

  noteTooShort: (min) => `Minstens ${min} tekens`,
  codeTooShort: (length) => `Een code heeft ${length} cijfers.`,
  resendIn: (left) => `Opnieuw sturen over ${left}`,
  triesLeft: (tries) => (tries === 1 ? "nog 1 poging" : `nog ${tries} pogingen`),
  lockNear: (left) =>
    left === 1 ? "Nog 1 foute code blokkeert dit contact." : `Nog ${left} foute codes blokkeren dit contact.`,

  spans: { minute: "deze minuut", hour: "dit uur", day: "vandaag" },
  whose: {
    destination: { phone: "naar dit nummer", email: "naar dit adres" },
    prefix: "naar nummers als dit",
    technician: "van u",
    client: "naar deze klant",
    country: "naar dit land",
    tenant: "van uw hele team",
  },
  nearLimit: (used, limit, whose, during) => `${used} van ${limit} berichten ${whose} ${during}.`,
  nearMoney: (percent, during) => `${percent} % van het geld voor berichten ${during}.`,
  nearSome: (used, limit) => `${used} van ${limit} berichten: een grens is dichtbij.`,

  rulesChanged: (client) => `De regels voor ${client} zijn gewijzigd.`,
  transitions: {
    sent: { code: "code onderweg", link: "link onderweg" },
    verified: "geverifieerd",
    denied: (why) => `ontkend. ${why}.`,
    failed: (why) => `mislukt. ${why}`,
    expired: "onbeantwoord verlopen",
    cancelled: "geannuleerd",
    ended: "niet meer geverifieerd",
  },

  scripts: {
    number: (number) => `Zeg: ‘Kies ${number} op de pagina.’`,
    sms_code: (length) => `Vraag: ‘Lees mij de ${digits[length] ?? length} cijfers uit de sms voor.’`,
    email_code: (length) => `Vraag: ‘Lees mij de ${digits[length] ?? length} cijfers uit de e-mail voor.’`,
    sms_link: () => "Zeg: ‘U hebt een sms met een link. Open hem en druk op Bevestigen.’",
    email_link: () => "Zeg: ‘U hebt een e-mail met een link. Open hem en druk op Bevestigen.’",
  },

  refusals: {
    locked: "Te veel foute codes",
    denied: "Geblokkeerd: niet gevraagd",
    own_channel: "Dit contact bent u",
    changed_channel: "Niet zo kort na een wijziging",
    country_not_allowed: "Geen sms naar dit land",
    premium_rate: "Betaalnummer: geen sms",
    voip: "Internetnummer: geen sms",
    toll_free: "Gratis nummer: geen sms",
    technician_address: "Uw eigen adres en nummer zijn niet bekend",
    opted_out: "Stuurde STOP. Een beheerder kan dat opheffen",
  },

  stages: {
    queued: { code: "Code wordt verstuurd", link: "Link wordt verstuurd" },
    sent: { code: "Code verstuurd", link: "Link verstuurd" },
    delivered: { code: "Code bezorgd", link: "Link bezorgd" },
    opened: { code: "Code geopend", link: "Link geopend" },
  },
  delayed: (mail, until) => `De ${mail ? "e-mail" : "sms-"}dienst antwoordt niet. We proberen het tot ${until}.`,
  indeterminate: (until) =>
    `We weten niet of het verstuurd is. Komt er voor ${until} niets aan, stuur het dan opnieuw.`,

  outcome: {
    open: "Wacht",
    verified: "Geverifieerd",
    denied: "Ontkend",
    failed: "Mislukt",
    cancelled: "Geannuleerd",
    superseded: "Vervangen",
    expired: "Verlopen",
  },

  methodName: { email_link: "E-maillink", sms_link: "Sms-link", sms_code: "Sms-code", email_code: "E-mailcode" },

  failures: (name, mail, next) => {
    return {
      invalid_recipient: mail
        ? `De dienst zegt dat dit adres niet klopt. ${next}`
        : `De dienst zegt dat dit nummer geen sms kan ontvangen. ${next}`,
      blocked: `${mail ? "Deze mailbox" : "Dit nummer"} blokkeert onze berichten. ${next}`,
      landline: `De dienst zegt dat dit een vaste lijn is. ${next}`,
      mailbox_full: `De mailbox van ${name} weigerde het: hij is vol. ${next}`,
      opted_out: `Dit nummer wil geen sms: het stuurde STOP. ${next}`,
      undelivered: `De dienst kon het niet bezorgen. ${next}`,
      carrier_misconfigured: `De dienst weigert ons account. ${next} Meld het uw beheerder.`,
      address_not_supported: `Onze mailserver kan niet naar een adres met zulke letters sturen. ${next}`,
      carrier_down: `De ${mail ? "e-mail" : "sms-"}dienst antwoordde niet op tijd. ${next}`,
      out_of_tries: "Geen pogingen meer. Stuur een nieuwe code.",
      denied: "Beëindigd: een andere aanvraag was niet gevraagd. Stop en volg uw procedure.",
      locked: "Te veel foute codes. Stuur een link.",
      wrong_number: "Er is een fout getal gekozen. Vraag wie er belt. Weet u het zeker, stuur dan een nieuwe link.",
      other: `Het kon niet verstuurd worden. ${next}`,
    };
  },

  tryNext: { phone: "Probeer de telefoon.", email: "Probeer e-mail.", none: "Volg uw procedure." },

  lockedByCodes: (failures, tenant) =>
    `Geblokkeerd na ${failures} foute codes op rij. Een bevestigde link heft dat op, of een beheerder van ${tenant}.`,
  lockedByDenial: (tenant) =>
    `Geblokkeerd: dit contact zei ‘Ik heb dit niet gevraagd’. Volg uw procedure; een beheerder van ${tenant} heft het op.`,

  errors: {
    cooldown: (s) =>
      `Hierheen is net een bericht verstuurd. Wacht ${s === 1 ? "1 seconde" : `${s} seconden`} tot het volgende.`,
    quota_exceeded: (s) => `Een grens is bereikt. Die komt over ${Math.ceil(s / 60)} min vrij.`,
    wrong_code: () => "Die code klopt niet.",
    already_used: () => "Deze code geldt niet meer. Stuur een nieuwe.",
    expired: () => "Dit is verlopen. Stuur een nieuwe.",
    verification_ended: () => "Deze verificatie is beëindigd. Stuur een nieuwe.",
    note_required: () => "Eerst een notitie: dit is niet het contact van het ticket.",
    own_channel: () => "Dit contact bent u. Iemand anders moet u verifiëren.",
    channel_unusable: () =>
      "Dit kan zo niet worden gebruikt. Verbeter het in het ticketsysteem en laad het ticket opnieuw.",
    verification_method_not_allowed: () => "Dit mag hier niet. Neem een andere weg.",
    locked: () => "Dit contact is geblokkeerd. Vraag het een beheerder.",
    not_found: () => "Dit staat niet meer op het ticket. Laad het ticket opnieuw.",
    unavailable: () => "Een deel van Shieldpod is uitgevallen. Probeer het zo opnieuw.",
  },

  problems: {
    no_parent: {
      title: "Open dit vanuit een ticket",
      next: "Deze pod werkt in uw ticketsysteem. Op zichzelf laat hij niets zien.",
    },
    no_ticket: { title: "Er is geen ticket in beeld", next: `Open een ticket en laad het opnieuw. ${admin}` },
    host_timeout: {
      title: "Het ticketsysteem antwoordde niet",
      next: "Laad het ticket opnieuw. Helpt dat niet, meld het dan uw beheerder.",
    },
    context_refused: {
      title: "Het ticketsysteem staat niet in voor dit ticket",
      next: "Laad het ticket opnieuw, of meld u opnieuw aan bij het ticketsysteem.",
    },
    context_expired: {
      title: "Het ticketsysteem was te laat",
      next: "Probeer het opnieuw. Gebeurt het weer, dan loopt zijn klok misschien verkeerd: meld het uw beheerder.",
    },
    context_replayed: { title: "Deze start is al gebruikt", next: "Laad het ticket opnieuw." },
    context_invalid: { title: "We kunnen deze start niet vertrouwen", next: `Laad het ticket opnieuw. ${admin}` },
    origin_mismatch: {
      title: "Deze pagina mag de pod niet tonen",
      next: "Shieldpod kent haar niet als pagina van uw ticketsysteem. Meld het uw beheerder.",
    },
    session_ended: { title: "De sessie is voorbij", next: "Laad het ticket opnieuw om verder te gaan." },
    member_refused: {
      title: "We weten niet wie u bent",
      next: "ConnectWise bevestigde uw aanmelding niet. Meld u daar opnieuw aan en laad het ticket opnieuw.",
    },
    ticket_not_found: {
      title: "U ziet dit ticket niet",
      next: "Het is weg, of ConnectWise toont het u niet. Vraag wie het bord beheert.",
    },
    no_contact: {
      title: "Geen contact om te verifiëren",
      next: "Kies in het ticketsysteem een contact van de klant en laad het ticket opnieuw.",
    },
    ticket_unsaved: { title: "Dit ticket is nieuw", next: "Sla het op, dan opent de pod met zijn contact." },
    psa_unavailable: {
      title: "Het ticketsysteem antwoordt niet",
      next: "We blijven het proberen. Heeft het haast, volg dan uw procedure voor een storing.",
    },
    psa_busy: {
      title: "Het ticketsysteem is overbelast",
      next: "Het vroeg ons te wachten. We proberen het zo vanzelf opnieuw.",
    },
    psa_misconfigured: {
      title: "Het ticketsysteem weigert Shieldpod",
      next: "Sleutels of adres kloppen niet. Laat uw beheerder shieldpod doctor uitvoeren.",
    },
    signin_required: {
      title: "Meld u aan om bellers te verifiëren",
      next: "Er opent een venster met de aanmelding van uw bedrijf.",
      act: "Aanmelden",
    },
    signin_closed: {
      title: "U bent nog niet aangemeld",
      next: "Het aanmeldvenster werd te vroeg gesloten.",
      act: "Aanmelden",
    },
    popup_blocked: {
      title: "De browser blokkeerde het aanmeldvenster",
      next: "Sta pop-ups toe voor deze pagina en meld u dan aan.",
      act: "Aanmelden",
    },
  },
  noPod: "De pod kon niet geopend worden",
  reload: `Laad het ticket opnieuw. ${admin}`,
};
