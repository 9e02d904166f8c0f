// French.

import type { LazyStrings } from "../../lazy/english";
import type { InitialStrings } from "./en";

export const initial: InitialStrings = {
  title: "Vérification de l’appelant",
  ticketContact: "contact du ticket",
  chooseContact: "Contact à vérifier",
  verifyCaller: "Vérifier l’appelant",
  verifyAgain: "Vérifier à nouveau",
  noteFirst: "D’abord une note",
  noMobile: "Aucun numéro mobile pour ce contact, donc pas de SMS. Utilisez l’e-mail.",
  noChannels: "Ce contact n’a ni adresse ni numéro. Ajoutez-en dans l’outil de tickets, puis rechargez le ticket.",
  noContacts: "Ce ticket n’a pas de contact. Ajoutez-en un dans l’outil de tickets, puis rechargez le ticket.",
  inTicketSystem: "dans l’outil de tickets",
  reconnecting: "Reconnexion…",
  missing: "Une partie n’a pas été chargée. Rechargez le ticket.",
  tryAgain: "Réessayer",
  toneName: { info: "Information", warning: "Avertissement", critical: "Alerte" },
  history: "Vérifications passées",
  saveFirst: "Vérifiez l’appelant avant d’enregistrer : personne n’est encore vérifié sur ce ticket (Shieldpod).",
  procedure: "votre procédure",
  you: "vous",

  sendLong: { code: "Envoyer le code", link: "Envoyer le lien" },
  sendShort: { code: "Code", link: "Lien" },
  methodAction: {
    email_link: (to) => `Envoyer un lien par e-mail : ${to}`,
    sms_link: (to) => `Envoyer un lien par SMS : ${to}`,
    sms_code: (to) => `Envoyer un code par SMS : ${to}`,
    email_code: (to) => `Envoyer un code par e-mail : ${to}`,
  },
  spokenNumber: (label, end) => `${label || "numéro"} finissant par ${end}`,
  spokenAddress: (label, mask) => `${label || "e-mail"} ${mask}`,

  againIn: (left) => `À nouveau dans ${left}`,
  verified: (at, by, until) => `Vérifié à ${at} par ${by}, jusqu’à ${until}`,
  unverified: "Non vérifié",
  lapsed: { expired: "Expiré sans réponse", cancelled: "Annulé", superseded: "Remplacé par un plus récent" },
  denied: (name) => `${name} dit ne rien avoir demandé. Arrêtez-vous et suivez `,

  refusals: {
    policy: "Non autorisé pour ce client",
    landline: "Ne reçoit pas de SMS",
  },
  noCarrier: {
    phone: "Aucun service de SMS n’est configuré. Demandez à votre administrateur.",
    email: "Aucun service d’e-mail n’est configuré. Demandez à votre administrateur.",
  },
  notPossible: "Impossible ici",
  refusalOf: (button, because) => `${button} : ${because.charAt(0).toLowerCase()}${because.slice(1)}`,

  shieldName: {
    unverified: "Non vérifié",
    pending: "En attente",
    verified: "Vérifié",
    denied: "Refusé",
    failed: "Échoué",
  },

  changed: (ago) => `Changé ${ago}`,
  changedOn: (date) => `Changé dans l’outil de tickets : ${date}`,
};

const admin = "Si cela se reproduit, prévenez votre administrateur.";
const digits: Record<number, string> = { 6: "six", 7: "sept", 8: "huit" };

export const lazy: LazyStrings = {
  verify: "Vérifier",
  cancel: "Annuler",
  resend: "Renvoyer",
  enterCode: "Saisissez le code ici",
  noteLabel: "Pourquoi ce contact ?",
  notePlaceholder: "Qui l’a approuvé, ou pourquoi",
  noteOptional: "Facultatif",
  notePresets: "Motifs proposés",
  noHistory: "Aucune vérification.",
  older: "Plus anciennes",
  noOlder: "C’est tout.",
  noted: "Le résultat est sur le ticket",
  copyNote: "Copier la note pour le ticket",
  copied: "Copié",
  copyBlocked: "La copie est bloquée ici. Sélectionnez le texte et copiez-le :",
  hadChanged: "Récemment changé dans l’outil de tickets",
  polling: "Votre réseau bloque les mises à jour en direct. Vérification toutes les quelques secondes.",
  ownContact: "Un collègue doit vous vérifier.",
  unreachable: "Shieldpod n’a pas répondu. Réessayez.",
  unreachableSend: "Shieldpod n’a pas répondu. Appuyez encore : rien n’est envoyé deux fois.",
  unreachableCode: "Shieldpod n’a pas répondu. Vérifiez à nouveau le code quand il sera de retour.",
  more: "plus",
  less: "moins",
  savedUnverified: "Enregistré, mais l’appelant n’est pas vérifié.",
  notSaved: "Non enregistré. Vérifiez l’appelant, puis enregistrez à nouveau.",
  correctIt: "Corrigez-le dans le système de tickets.",
  technicianUnknown:
    "Le système de tickets ne donne ni e-mail ni téléphone pour vous : impossible de savoir si ce contact, c’est vous.",

  unusable: {
    more_than_one: { phone: "Plus d’un numéro dans ce champ", email: "Plus d’une adresse dans ce champ" },
    extension: "Un numéro avec un poste",
    words: { phone: "Du texte à côté du numéro", email: "Du texte à côté de l’adresse" },
    unclear_end: "On ne sait pas où ce numéro finit",
    incomplete: "Numéro incomplet",
    no_country: "On ne sait pas de quel pays est ce numéro",
    landline: "Ne reçoit pas de SMS",
    fax: "Un numéro de fax",
    invalid: { phone: "Ce n’est pas un numéro de téléphone", email: "Ce n’est pas une adresse e-mail" },
  },

  noteTooShort: (min) => `Au moins ${min} caractères`,
  codeTooShort: (length) => `Un code a ${length} chiffres.`,
  resendIn: (left) => `Renvoyer dans ${left}`,
  triesLeft: (tries) => (tries === 1 ? "1 essai restant" : `${tries} essais restants`),
  lockNear: (left) =>
    left === 1
      ? "Encore 1 code erroné verrouille ce contact."
      : `Encore ${left} codes erronés verrouillent ce contact.`,

  spans: { minute: "cette minute", hour: "cette heure", day: "aujourd’hui" },
  whose: {
    destination: { phone: "à ce numéro", email: "à cette adresse" },
    prefix: "à des numéros semblables",
    technician: "de votre part",
    client: "à ce client",
    country: "vers ce pays",
    tenant: "de toute votre équipe",
  },
  nearLimit: (used, limit, whose, during) => `${used} messages sur ${limit} ${whose} ${during}.`,
  nearMoney: (percent, during) => `${percent} % du budget des messages ${during}.`,
  nearSome: (used, limit) => `${used} messages sur ${limit} : une limite est proche.`,

  rulesChanged: (client) => `Les règles pour ${client} ont changé.`,
  transitions: {
    sent: { code: "code en route", link: "lien en route" },
    verified: "vérifié",
    denied: (why) => `refusé. ${why}.`,
    failed: (why) => `échoué. ${why}`,
    expired: "expiré sans réponse",
    cancelled: "annulé",
    ended: "n’est plus vérifié",
  },

  scripts: {
    number: (number) => `Dites : « Choisissez ${number} sur la page. »`,
    sms_code: (length) => `Demandez : « Lisez-moi les ${digits[length] ?? length} chiffres du SMS. »`,
    email_code: (length) => `Demandez : « Lisez-moi les ${digits[length] ?? length} chiffres de l’e-mail. »`,
    sms_link: () => "Dites : « Vous avez un SMS avec un lien. Ouvrez-le et appuyez sur Valider. »",
    email_link: () => "Dites : « Vous avez un e-mail avec un lien. Ouvrez-le et appuyez sur Valider. »",
  },

  refusals: {
    locked: "Trop de codes erronés",
    denied: "Verrouillé : rien demandé",
    own_channel: "Ce contact, c’est vous",
    changed_channel: "Non autorisé si peu après un changement",
    country_not_allowed: "Pas de SMS vers ce pays",
    premium_rate: "Numéro surtaxé : pas de SMS",
    voip: "Numéro Internet : pas de SMS",
    toll_free: "Numéro gratuit : pas de SMS",
    technician_address: "Votre adresse et votre numéro ne sont pas connus",
    opted_out: "A répondu STOP. Un administrateur peut le lever",
  },

  stages: {
    queued: { code: "Envoi du code", link: "Envoi du lien" },
    sent: { code: "Code envoyé", link: "Lien envoyé" },
    delivered: { code: "Code distribué", link: "Lien distribué" },
    opened: { code: "Code ouvert", link: "Lien ouvert" },
  },
  delayed: (mail, until) => `L’envoi ${mail ? "d’e-mails" : "de SMS"} ne répond pas. Nous réessayons jusqu’à ${until}.`,
  indeterminate: (until) => `Nous ne savons pas s’il est parti. Si rien n’arrive avant ${until}, renvoyez-le.`,

  outcome: {
    open: "En attente",
    verified: "Vérifié",
    denied: "Refusé",
    failed: "Échoué",
    cancelled: "Annulé",
    superseded: "Remplacé",
    expired: "Expiré",
  },

  methodName: {
    email_link: "Lien par e-mail",
    sms_link: "Lien par SMS",
    sms_code: "Code par SMS",
    email_code: "Code par e-mail",
  },

  failures: (name, mail, next) => {
    return {
      invalid_recipient: mail
        ? `L’opérateur dit que cette adresse n’est pas bonne. ${next}`
        : `L’opérateur dit que ce numéro ne reçoit pas de SMS. ${next}`,
      blocked: `${mail ? "Cette boîte" : "Ce numéro"} bloque nos messages. ${next}`,
      landline: `L’opérateur dit que c’est une ligne fixe. ${next}`,
      mailbox_full: `La boîte de ${name} l’a refusé : elle est pleine. ${next}`,
      opted_out: `Ce numéro nous a dit d’arrêter : il a répondu STOP. ${next}`,
      undelivered: `L’opérateur n’a pas pu le distribuer. ${next}`,
      carrier_misconfigured: `L’opérateur refuse notre compte. ${next} Prévenez votre administrateur.`,
      address_not_supported: `Notre serveur de messagerie ne peut pas écrire à une adresse avec de telles lettres. ${next}`,
      carrier_down: `L’envoi ${mail ? "d’e-mails" : "de SMS"} n’a pas répondu à temps. ${next}`,
      out_of_tries: "Plus d’essais. Envoyez un nouveau code.",
      denied: "Terminé : une autre demande n’a pas été reconnue. Arrêtez-vous et suivez votre procédure.",
      locked: "Trop de codes erronés. Envoyez un lien.",
      wrong_number:
        "Un mauvais nombre a été choisi. Demandez qui est au téléphone. Si vous êtes sûr, envoyez un nouveau lien.",
      other: `Il n’a pas pu être envoyé. ${next}`,
    };
  },

  tryNext: { phone: "Essayez le téléphone.", email: "Essayez l’e-mail.", none: "Suivez votre procédure." },

  lockedByCodes: (failures, tenant) =>
    `Verrouillé après ${failures} codes erronés de suite. Un lien validé le déverrouille, ou un administrateur de ${tenant}.`,
  lockedByDenial: (tenant) =>
    `Verrouillé : ce contact a dit « Je n’ai rien demandé ». Suivez votre procédure ; un administrateur de ${tenant} déverrouille.`,

  errors: {
    cooldown: (s) =>
      `Un message vient d’être envoyé ici. Attendez ${s === 1 ? "1 seconde" : `${s} secondes`} avant le suivant.`,
    quota_exceeded: (s) => `Une limite est atteinte. Elle se libère dans ${Math.ceil(s / 60)} min.`,
    wrong_code: () => "Ce code n’est pas le bon.",
    already_used: () => "Ce code ne peut plus servir. Envoyez-en un nouveau.",
    expired: () => "C’est expiré. Envoyez-en un nouveau.",
    verification_ended: () => "Cette vérification est terminée. Envoyez-en une nouvelle.",
    note_required: () => "D’abord une note : ce n’est pas le contact du ticket.",
    own_channel: () => "Ce contact, c’est vous. Quelqu’un d’autre doit vous vérifier.",
    channel_unusable: () =>
      "Ceci est inutilisable tel quel. Corrigez-le dans le système de tickets et rechargez le ticket.",
    verification_method_not_allowed: () => "Ce n’est pas autorisé ici. Prenez un autre moyen.",
    locked: () => "Ce contact est verrouillé. Demandez à un administrateur.",
    not_found: () => "Ce n’est plus sur le ticket. Rechargez le ticket.",
    unavailable: () => "Une partie de Shieldpod est en panne. Réessayez dans un instant.",
  },

  problems: {
    no_parent: {
      title: "Ouvrez ceci depuis un ticket",
      next: "Ce pod fonctionne dans votre outil de tickets. Seul, il ne montre rien.",
    },
    no_ticket: { title: "Aucun ticket à l’écran", next: `Ouvrez un ticket, puis rechargez-le. ${admin}` },
    host_timeout: {
      title: "L’outil de tickets n’a pas répondu",
      next: "Rechargez le ticket. Si cela n’aide pas, prévenez votre administrateur.",
    },
    context_refused: {
      title: "L’outil de tickets ne se porte pas garant de ce ticket",
      next: "Rechargez le ticket, ou reconnectez-vous à l’outil de tickets.",
    },
    context_expired: {
      title: "L’outil de tickets a répondu trop tard",
      next: "Réessayez. Si cela se reproduit, son horloge est peut-être fausse : prévenez votre administrateur.",
    },
    context_replayed: { title: "Ce lancement a déjà servi", next: "Rechargez le ticket." },
    context_invalid: { title: "Ce lancement n’est pas fiable", next: `Rechargez le ticket. ${admin}` },
    origin_mismatch: {
      title: "Cette page ne peut pas montrer le pod",
      next: "Shieldpod ne la connaît pas comme page de votre outil de tickets. Prévenez votre administrateur.",
    },
    session_ended: { title: "La session est terminée", next: "Rechargez le ticket pour continuer." },
    member_refused: {
      title: "Nous ne savons pas qui vous êtes",
      next: "ConnectWise n’a pas confirmé votre connexion. Reconnectez-vous à ConnectWise, puis rechargez le ticket.",
    },
    ticket_not_found: {
      title: "Vous ne voyez pas ce ticket",
      next: "Il n’existe plus, ou ConnectWise ne vous le montre pas. Demandez à qui s’occupe du tableau.",
    },
    no_contact: {
      title: "Aucun contact à vérifier",
      next: "Choisissez un contact du client dans l’outil de tickets, puis rechargez le ticket.",
    },
    ticket_unsaved: {
      title: "Ce ticket est nouveau",
      next: "Enregistrez-le, et le pod s’ouvrira sur son contact.",
    },
    psa_unavailable: {
      title: "L’outil de tickets ne répond pas",
      next: "Nous réessayons. Si cela presse, suivez votre procédure de panne.",
    },
    psa_busy: {
      title: "L’outil de tickets est surchargé",
      next: "Il nous a demandé d’attendre. Nous réessayons tout seuls dans un instant.",
    },
    psa_misconfigured: {
      title: "L’outil de tickets refuse Shieldpod",
      next: "Ses clés ou son adresse ne sont pas bonnes. Demandez à votre administrateur de lancer shieldpod doctor.",
    },
    signin_required: {
      title: "Connectez-vous pour vérifier des appelants",
      next: "Une fenêtre de connexion de votre entreprise s’ouvre.",
      act: "Se connecter",
    },
    signin_closed: {
      title: "Vous n’êtes pas encore connecté",
      next: "La fenêtre de connexion a été fermée trop tôt.",
      act: "Se connecter",
    },
    popup_blocked: {
      title: "Le navigateur a bloqué la fenêtre de connexion",
      next: "Autorisez les fenêtres pour cette page, puis connectez-vous.",
      act: "Se connecter",
    },
  },
  noPod: "Le pod n’a pas pu s’ouvrir",
  reload: `Rechargez le ticket. ${admin}`,
};
