// Spanish.

import type { LazyStrings } from "../../lazy/english";
import type { InitialStrings } from "./en";

export const initial: InitialStrings = {
  title: "Verificación de quien llama",
  ticketContact: "contacto del ticket",
  chooseContact: "Contacto que se verifica",
  verifyCaller: "Verificar a quien llama",
  verifyAgain: "Verificar de nuevo",
  noteFirst: "Primero una nota",
  noMobile: "Este contacto no tiene móvil, así que no hay SMS. Use el correo.",
  noChannels: "Este contacto no tiene ni dirección ni número. Añada uno en el sistema de tickets y recargue el ticket.",
  noContacts: "Este ticket no tiene contacto. Añada uno en el sistema de tickets y recargue el ticket.",
  inTicketSystem: "en el sistema de tickets",
  reconnecting: "Reconectando…",
  missing: "Una parte no se ha cargado. Recargue el ticket.",
  tryAgain: "Reintentar",
  toneName: { info: "Información", warning: "Aviso", critical: "Alerta" },
  history: "Verificaciones anteriores",
  saveFirst: "Verifique a quien llama antes de guardar: en este ticket aún no hay nadie verificado (Shieldpod).",
  procedure: "su procedimiento",
  you: "usted",

  sendLong: { code: "Enviar código", link: "Enviar enlace" },
  sendShort: { code: "Código", link: "Enlace" },
  methodAction: {
    email_link: (to) => `Enviar un enlace por correo: ${to}`,
    sms_link: (to) => `Enviar un enlace por SMS: ${to}`,
    sms_code: (to) => `Enviar un código por SMS: ${to}`,
    email_code: (to) => `Enviar un código por correo: ${to}`,
  },
  spokenNumber: (label, end) => `${label || "número"} que acaba en ${end}`,
  spokenAddress: (label, mask) => `${label || "correo"} ${mask}`,

  againIn: (left) => `De nuevo en ${left}`,
  verified: (at, by, until) => `Verificado a las ${at} por ${by}, hasta las ${until}`,
  unverified: "Sin verificar",
  lapsed: { expired: "Caducado sin respuesta", cancelled: "Cancelado", superseded: "Sustituido por otro más reciente" },
  denied: (name) => `${name} dice que no lo ha pedido. Deténgase y siga `,

  refusals: {
    policy: "No permitido para este cliente",
    landline: "No recibe SMS",
  },
  noCarrier: {
    phone: "No hay ningún servicio de SMS configurado. Pregunte a su administrador.",
    email: "No hay ningún servicio de correo configurado. Pregunte a su administrador.",
  },
  notPossible: "Aquí no es posible",
  refusalOf: (button, because) => `${button}: ${because.charAt(0).toLowerCase()}${because.slice(1)}`,

  shieldName: {
    unverified: "Sin verificar",
    pending: "En espera",
    verified: "Verificado",
    denied: "Denegado",
    failed: "Fallido",
  },

  changed: (ago) => `Cambiado ${ago}`,
  changedOn: (date) => `Cambiado en el sistema de tickets: ${date}`,
};

const admin = "Si vuelve a ocurrir, avise a su administrador.";
const digits: Record<number, string> = { 6: "seis", 7: "siete", 8: "ocho" };

export const lazy: LazyStrings = {
  verify: "Comprobar",
  cancel: "Cancelar",
  resend: "Reenviar",
  enterCode: "Escriba aquí el código",
  noteLabel: "¿Por qué este contacto?",
  notePlaceholder: "Quién lo aprobó, o por qué",
  noteOptional: "Opcional",
  notePresets: "Motivos propuestos",
  noHistory: "No hay verificaciones.",
  older: "Ver anteriores",
  noOlder: "Eso es todo.",
  noted: "El resultado está en el ticket",
  copyNote: "Copiar la nota para el ticket",
  copied: "Copiado",
  copyBlocked: "Aquí no se puede copiar. Seleccione el texto y cópielo:",
  hadChanged: "Cambiado hace poco en el sistema de tickets",
  polling: "Su red bloquea las actualizaciones en vivo. Se consulta cada pocos segundos.",
  ownContact: "A usted debe verificarle un compañero.",
  unreachable: "Shieldpod no ha respondido. Inténtelo de nuevo.",
  unreachableSend: "Shieldpod no ha respondido. Pulse otra vez: nada se envía dos veces.",
  unreachableCode: "Shieldpod no ha respondido. Compruebe el código de nuevo cuando vuelva.",
  more: "más",
  less: "menos",
  savedUnverified: "Guardado, pero quien llama no está verificado.",
  notSaved: "No guardado. Verifique a quien llama y guarde de nuevo.",
  correctIt: "Corríjalo en el sistema de tickets.",
  technicianUnknown:
    "El sistema de tickets no indica su correo ni su teléfono: no se puede saber si este contacto es usted.",

  unusable: {
    more_than_one: { phone: "Más de un número en este campo", email: "Más de una dirección en este campo" },
    extension: "Un número con extensión",
    words: { phone: "Texto junto al número", email: "Texto junto a la dirección" },
    unclear_end: "No está claro dónde acaba este número",
    incomplete: "Número incompleto",
    no_country: "No está claro de qué país es este número",
    landline: "No recibe SMS",
    fax: "Un número de fax",
    invalid: { phone: "No es un número de teléfono", email: "No es una dirección de correo" },
  },

  noteTooShort: (min) => `Al menos ${min} caracteres`,
  codeTooShort: (length) => `Un código tiene ${length} cifras.`,
  resendIn: (left) => `Reenviar en ${left}`,
  triesLeft: (tries) => (tries === 1 ? "queda 1 intento" : `quedan ${tries} intentos`),
  lockNear: (left) =>
    left === 1 ? "1 código erróneo más bloquea este contacto." : `${left} códigos erróneos más bloquean este contacto.`,

  spans: { minute: "este minuto", hour: "esta hora", day: "hoy" },
  whose: {
    destination: { phone: "a este número", email: "a esta dirección" },
    prefix: "a números como este",
    technician: "suyos",
    client: "a este cliente",
    country: "a este país",
    tenant: "de todo su equipo",
  },
  nearLimit: (used, limit, whose, during) => `${used} de ${limit} mensajes ${whose} ${during}.`,
  nearMoney: (percent, during) => `${percent} % del dinero para mensajes ${during}.`,
  nearSome: (used, limit) => `${used} de ${limit} mensajes: hay un límite cerca.`,

  rulesChanged: (client) => `Las reglas de ${client} han cambiado.`,
  transitions: {
    sent: { code: "código en camino", link: "enlace en camino" },
    verified: "verificado",
    denied: (why) => `denegado. ${why}.`,
    failed: (why) => `fallido. ${why}`,
    expired: "caducado sin respuesta",
    cancelled: "cancelado",
    ended: "ya no está verificado",
  },

  scripts: {
    number: (number) => `Diga: «Elija el ${number} en la página».`,
    sms_code: (length) => `Pida: «Léame las ${digits[length] ?? length} cifras del SMS».`,
    email_code: (length) => `Pida: «Léame las ${digits[length] ?? length} cifras del correo».`,
    sms_link: () => "Diga: «Tiene un SMS con un enlace. Ábralo y pulse Validar».",
    email_link: () => "Diga: «Tiene un correo con un enlace. Ábralo y pulse Validar».",
  },

  refusals: {
    locked: "Demasiados códigos erróneos",
    denied: "Bloqueado: no lo pidió",
    own_channel: "Este contacto es usted",
    changed_channel: "No permitido tan pronto tras un cambio",
    country_not_allowed: "Sin SMS a este país",
    premium_rate: "Número de tarifa especial: sin SMS",
    voip: "Número de internet: sin SMS",
    toll_free: "Número gratuito: sin SMS",
    technician_address: "No se conocen su dirección ni su número",
    opted_out: "Respondió STOP. Un administrador puede levantarlo",
  },

  stages: {
    queued: { code: "Enviando el código", link: "Enviando el enlace" },
    sent: { code: "Código enviado", link: "Enlace enviado" },
    delivered: { code: "Código entregado", link: "Enlace entregado" },
    opened: { code: "Código abierto", link: "Enlace abierto" },
  },
  delayed: (mail, until) =>
    `El envío de ${mail ? "correo" : "SMS"} no responde. Seguimos intentándolo hasta las ${until}.`,
  indeterminate: (until) => `No sabemos si se envió. Si no llega nada antes de las ${until}, reenvíelo.`,

  outcome: {
    open: "En espera",
    verified: "Verificado",
    denied: "Denegado",
    failed: "Fallido",
    cancelled: "Cancelado",
    superseded: "Sustituido",
    expired: "Caducado",
  },

  methodName: {
    email_link: "Enlace por correo",
    sms_link: "Enlace por SMS",
    sms_code: "Código por SMS",
    email_code: "Código por correo",
  },

  failures: (name, mail, next) => {
    return {
      invalid_recipient: mail
        ? `El operador dice que esta dirección no es buena. ${next}`
        : `El operador dice que este número no recibe SMS. ${next}`,
      blocked: `${mail ? "Este buzón" : "Este número"} bloquea nuestros mensajes. ${next}`,
      landline: `El operador dice que es un teléfono fijo. ${next}`,
      mailbox_full: `El buzón de ${name} lo ha rechazado: está lleno. ${next}`,
      opted_out: `Este número nos ha dicho que paremos: respondió STOP. ${next}`,
      undelivered: `El operador no pudo entregarlo. ${next}`,
      carrier_misconfigured: `El operador rechaza nuestra cuenta. ${next} Avise a su administrador.`,
      address_not_supported: `Nuestro servidor de correo no puede enviar a una dirección con esas letras. ${next}`,
      carrier_down: `El envío de ${mail ? "correo" : "SMS"} no respondió a tiempo. ${next}`,
      out_of_tries: "Sin intentos. Envíe un código nuevo.",
      denied: "Terminado: no pidió otra solicitud. Deténgase y siga su procedimiento.",
      locked: "Demasiados códigos erróneos. Envíe un enlace.",
      wrong_number:
        "Se eligió un número equivocado. Pregunte quién está al teléfono. Si está seguro, envíe un enlace nuevo.",
      other: `No se pudo enviar. ${next}`,
    };
  },

  tryNext: { phone: "Pruebe con el teléfono.", email: "Pruebe con el correo.", none: "Siga su procedimiento." },

  lockedByCodes: (failures, tenant) =>
    `Bloqueado tras ${failures} códigos erróneos seguidos. Lo libera un enlace validado o un administrador de ${tenant}.`,
  lockedByDenial: (tenant) =>
    `Bloqueado: este contacto dijo «Yo no lo he pedido». Siga su procedimiento; lo desbloquea un administrador de ${tenant}.`,

  errors: {
    cooldown: (s) =>
      `Acaba de enviarse un mensaje aquí. Espere ${s === 1 ? "1 segundo" : `${s} segundos`} antes del siguiente.`,
    quota_exceeded: (s) => `Se ha alcanzado un límite. Se libera en ${Math.ceil(s / 60)} min.`,
    wrong_code: () => "Ese código no coincide.",
    already_used: () => "Este código ya no sirve. Envíe uno nuevo.",
    expired: () => "Ha caducado. Envíe uno nuevo.",
    verification_ended: () => "Esta verificación ha terminado. Envíe una nueva.",
    note_required: () => "Primero una nota: no es el contacto del ticket.",
    own_channel: () => "Este contacto es usted. Debe verificarle otra persona.",
    channel_unusable: () => "Así no se puede usar. Corríjalo en el sistema de tickets y vuelva a cargar el ticket.",
    verification_method_not_allowed: () => "Aquí no está permitido. Use otro medio.",
    locked: () => "Este contacto está bloqueado. Pregunte a un administrador.",
    not_found: () => "Ya no está en el ticket. Recargue el ticket.",
    unavailable: () => "Una parte de Shieldpod no funciona. Inténtelo de nuevo en un momento.",
  },

  problems: {
    no_parent: {
      title: "Ábralo desde un ticket",
      next: "Este pod funciona dentro de su sistema de tickets. Por sí solo no muestra nada.",
    },
    no_ticket: { title: "No hay ningún ticket en pantalla", next: `Abra un ticket y recárguelo. ${admin}` },
    host_timeout: {
      title: "El sistema de tickets no ha respondido",
      next: "Recargue el ticket. Si no sirve, avise a su administrador.",
    },
    context_refused: {
      title: "El sistema de tickets no responde por este ticket",
      next: "Recargue el ticket, o inicie sesión de nuevo en el sistema de tickets.",
    },
    context_expired: {
      title: "El sistema de tickets respondió tarde",
      next: "Inténtelo de nuevo. Si vuelve a ocurrir, quizá su reloj esté mal: avise a su administrador.",
    },
    context_replayed: { title: "Este inicio ya se usó", next: "Recargue el ticket." },
    context_invalid: { title: "No podemos fiarnos de este inicio", next: `Recargue el ticket. ${admin}` },
    origin_mismatch: {
      title: "Esta página no puede mostrar el pod",
      next: "Shieldpod no la conoce como página de su sistema de tickets. Avise a su administrador.",
    },
    session_ended: { title: "La sesión ha terminado", next: "Recargue el ticket para continuar." },
    member_refused: {
      title: "No sabemos quién es usted",
      next: "ConnectWise no ha confirmado su sesión. Inicie sesión de nuevo en ConnectWise y recargue el ticket.",
    },
    ticket_not_found: {
      title: "Usted no ve este ticket",
      next: "Ya no existe, o ConnectWise no se lo muestra. Pregunte a quien lleva el tablero.",
    },
    no_contact: {
      title: "No hay contacto que verificar",
      next: "Elija un contacto del cliente en el sistema de tickets y recargue el ticket.",
    },
    ticket_unsaved: { title: "Este ticket es nuevo", next: "Guárdelo, y el pod se abrirá con su contacto." },
    psa_unavailable: {
      title: "El sistema de tickets no responde",
      next: "Seguimos intentándolo. Si corre prisa, siga su procedimiento para cuando no funciona.",
    },
    psa_busy: {
      title: "El sistema de tickets está saturado",
      next: "Nos ha pedido esperar. Lo intentamos de nuevo solos en un momento.",
    },
    psa_misconfigured: {
      title: "El sistema de tickets rechaza a Shieldpod",
      next: "Sus claves o su dirección no son correctas. Pida a su administrador que ejecute shieldpod doctor.",
    },
    signin_required: {
      title: "Inicie sesión para verificar a quien llama",
      next: "Se abre una ventana con el inicio de sesión de su empresa.",
      act: "Iniciar sesión",
    },
    signin_closed: {
      title: "Aún no ha iniciado sesión",
      next: "La ventana de inicio de sesión se cerró demasiado pronto.",
      act: "Iniciar sesión",
    },
    popup_blocked: {
      title: "El navegador bloqueó la ventana de inicio de sesión",
      next: "Permita ventanas emergentes en esta página e inicie sesión.",
      act: "Iniciar sesión",
    },
  },
  noPod: "No se pudo abrir el pod",
  reload: `Recargue el ticket. ${admin}`,
};
