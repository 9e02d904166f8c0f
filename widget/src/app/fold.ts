// The pod's state is a fold over the server's frames. These functions use no clock, network or document.

import type { Contact, EventFrame, Pod, PodFrame, Shield } from "../types";

const unverified: Shield = { state: "unverified" };

/**
 * The pod after a frame. An event that is not newer than its contact returns the same pod. A snapshot replaces the pod
 * even when it is older, since the server's records may have been restored from a backup. A policy frame never
 * replaces a contact by an older one.
 */
export const fold = (pod: Pod, frame: PodFrame): Pod => {
  switch (frame.type) {
    case "snapshot":
      return frame.pod;
    case "policy":
      return mergeFresh(pod, frame.pod);
  }
  return updateContact(pod, frame.contact_id, (c) => applyEvent(c, frame));
};

/** The pod after it was requested again or its policy changed; a contact that frames made newer is kept. */
export const mergeFresh = (old: Pod, fresh: Pod): Pod => ({
  ...fresh,
  contacts: fresh.contacts.map((contact) => {
    const known = old.contacts.find((o) => o.id === contact.id);
    if (known === undefined) return contact;
    return known.seq > contact.seq ? known : carryOver(known, contact);
  }),
});

/** The sequence number after which the socket resumes: the lowest one of the contacts on screen. */
export const since = (pod: Pod): number => (pod.contacts.length > 0 ? Math.min(...pod.contacts.map((c) => c.seq)) : 0);

/** The pod with one contact replaced; the same pod when the step returns the same contact or there is none. */
export const updateContact = (pod: Pod, id: string, step: (contact: Contact) => Contact): Pod => {
  const i = pod.contacts.findIndex((c) => c.id === id);
  const before = pod.contacts[i];
  if (before === undefined) return pod;
  const after = step(before);
  return after === before ? pod : { ...pod, contacts: pod.contacts.with(i, after) };
};

const applyEvent = (contact: Contact, frame: EventFrame): Contact => {
  if (frame.seq <= contact.seq) return contact;
  const { seq, shields, methods, lock, history } = frame;
  const channels = contact.channels.map((ch) => ({
    ...ch,
    shield: shields[ch.id] ?? unverified,
    methods: methods[ch.id] ?? ch.methods,
  }));
  const { ahead: _, ...rest } = contact;
  return carryOver(contact, { ...rest, seq, channels, history, lock });
};

/** The fresh contact, with the shields of the channels that are newer than it. */
const carryOver = (known: Contact, fresh: Contact): Contact => {
  const ahead = Object.entries(known.ahead ?? {}).filter(([, seq]) => seq > fresh.seq);
  if (ahead.length === 0) return fresh;
  const newer = new Map(
    known.channels.filter((ch) => ahead.some(([id]) => id === ch.id)).map((ch) => [ch.id, ch.shield]),
  );
  return {
    ...fresh,
    ahead: Object.fromEntries(ahead),
    channels: fresh.channels.map((ch) => ({ ...ch, shield: newer.get(ch.id) ?? ch.shield })),
  };
};
