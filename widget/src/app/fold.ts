// The pod's state is a fold of what the server says. Nothing here knows time, network or document.

import type { Contact, EventFrame, Pod, PodFrame, Shield, Verification } from "../types";

const unverified: Shield = { state: "unverified" };

/**
 * The pod after a frame. An event that is not above what the pod knows of its contact leaves the very same pod;
 * a snapshot is the whole truth, even when it knows less: the server's records may have been put back. A change
 * of the rules takes back nothing that is known already.
 */
export const fold = (pod: Pod, frame: PodFrame): Pod => {
  switch (frame.type) {
    case "snapshot":
      return frame.pod;
    case "policy":
      return meet(pod, frame.pod);
  }
  return change(pod, frame.contact_id, (c) => update(c, frame));
};

/** The pod after it was asked for anew, or as it reads under new rules: frames may have overtaken it. */
export const meet = (old: Pod, fresh: Pod): Pod => ({
  ...fresh,
  contacts: fresh.contacts.map((contact) => {
    const known = old.contacts.find((o) => o.id === contact.id);
    if (known === undefined) return contact;
    return known.seq > contact.seq ? known : succeed(known, contact);
  }),
});

/** The pod after the answer to an act: one channel may run ahead of its contact until a frame catches up. */
export const lead = (pod: Pod, answer: Verification): Pod =>
  change(pod, answer.contact_id, (contact) => {
    if (answer.seq <= Math.max(contact.seq, contact.ahead?.[answer.channel_id] ?? 0)) return contact;
    return {
      ...contact,
      ahead: { ...contact.ahead, [answer.channel_id]: answer.seq },
      channels: contact.channels.map((ch) => (ch.id === answer.channel_id ? { ...ch, shield: answer.shield } : ch)),
    };
  });

/** Where the socket has to begin: the lowest `seq` of the contacts on screen. */
export const since = (pod: Pod): number => (pod.contacts.length > 0 ? Math.min(...pod.contacts.map((c) => c.seq)) : 0);

const change = (pod: Pod, id: string, step: (contact: Contact) => Contact): Pod => {
  const i = pod.contacts.findIndex((c) => c.id === id);
  const before = pod.contacts[i];
  if (before === undefined) return pod;
  const after = step(before);
  return after === before ? pod : { ...pod, contacts: pod.contacts.with(i, after) };
};

const update = (contact: Contact, frame: EventFrame): Contact => {
  if (frame.seq <= contact.seq) return contact;
  const { seq, shields, methods, lock, history } = frame;
  const channels = contact.channels.map((ch) => ({
    ...ch,
    shield: shields[ch.id] ?? unverified,
    methods: methods[ch.id] ?? ch.methods,
  }));
  const { ahead: _, lock: __, ...rest } = contact;
  return succeed(contact, { ...rest, seq, channels, history, ...(lock && { lock }) });
};

/** The fresh contact, but the channels that run ahead of it keep their shields. */
const succeed = (known: Contact, fresh: Contact): Contact => {
  const ahead = Object.entries(known.ahead ?? {}).filter(([, seq]) => seq > fresh.seq);
  if (ahead.length === 0) return fresh;
  const leading = new Map(
    known.channels.filter((ch) => ahead.some(([id]) => id === ch.id)).map((ch) => [ch.id, ch.shield]),
  );
  return {
    ...fresh,
    ahead: Object.fromEntries(ahead),
    channels: fresh.channels.map((ch) => ({ ...ch, shield: leading.get(ch.id) ?? ch.shield })),
  };
};
