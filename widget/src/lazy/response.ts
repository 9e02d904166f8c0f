// The pod after the response to an action.

import { updateContact } from "../app/fold";
import type { Pod, Verification } from "../types";

/** One channel may be newer than its contact until a frame follows. An older response returns the same pod. */
export const applyResponse = (pod: Pod, response: Verification): Pod =>
  updateContact(pod, response.contact_id, (contact) => {
    if (response.seq <= Math.max(contact.seq, contact.ahead?.[response.channel_id] ?? 0)) return contact;
    return {
      ...contact,
      ahead: { ...contact.ahead, [response.channel_id]: response.seq },
      channels: contact.channels.map((ch) => (ch.id === response.channel_id ? { ...ch, shield: response.shield } : ch)),
    };
  });
