// A press of a button that waited for lazy/.

import { currentShield, type PendingAction, shieldKeyOf } from "../app/state";
import type { Channel, Contact } from "../types";
import type { CommandStore } from "./commands";

export interface WaitingPress extends PendingAction {
  contact: Contact;
  channel: Channel;
  /** The last time at which it counts, in Unix milliseconds. */
  until: number;
}

/**
 * The contact and the channel of the press as they are now. Undefined: it no longer counts, because it is too old, its
 * channel has another address or number or is gone, or its shield has changed. `now` is the local time.
 */
export const pressTarget = (
  { contact, channel, shieldKey, until }: WaitingPress,
  { state, serverNow }: Pick<CommandStore, "state" | "serverNow">,
  now: number,
): [Contact, Channel] | undefined => {
  const who = state.value.pod?.contacts.find((c) => c.id === contact.id);
  const where = who?.channels.find((ch) => ch.id === channel.id);
  if (!who || !where || where.masked !== channel.masked || now > until) return undefined;
  return shieldKeyOf(currentShield(where, serverNow())) === shieldKey ? [who, where] : undefined;
};
