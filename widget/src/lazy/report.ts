// What there is to say between two states of the pod: in a sentence to the technician, and to the host in ids and states.

import { bannerAt } from "../app/banner";
import { type State, selectedContact, shieldNow } from "../app/state";
import type { Host } from "../hosts/host";
import { timeOf } from "../i18n/format";
import type { Channel, Contact, Pod, Shield } from "../types";
import { announce, announceBanner, announceStage, rulesChanged } from "./strings";
import { turn } from "./transition";

/** Tells the host what became of each shield; gives what the live region has to say, empty for nothing. */
export const report = (before: State, after: State, say: Host["say"]): string => {
  const [old, fresh] = [before.pod, after.pod];
  if (!old || !fresh) return "";
  const ruled = old.policy.version !== fresh.policy.version && rulesChanged(fresh.client.name);
  const shield = shields(before, after, old, fresh, say);
  return [ruled, banner(before, after, old, fresh), shield].filter(Boolean).join(" ");
};

const banner = (before: State, after: State, old: Pod, fresh: Pod): string | null => {
  const shown = bannerAt(fresh.policy.banner, after.now);
  const known = bannerAt(old.policy.banner, before.now);
  return shown && shown.text !== known?.text ? announceBanner(shown) : null;
};

/** Of the contact on screen, the last that happened. */
const shields = (before: State, after: State, old: Pod, fresh: Pod, say: Host["say"]): string | null => {
  const watched = selectedContact(after);
  let sentence: string | null = null;
  for (const contact of fresh.contacts) {
    const earlier = old.contacts.find((c) => c.id === contact.id);
    for (const channel of contact.channels) {
      const was = earlier?.channels.find((ch) => ch.id === channel.id);
      if (!was) continue;
      const said = one(contact, channel, shieldNow(was, before.now), shieldNow(channel, after.now), after.now, say);
      if (contact === watched) sentence = said ?? sentence;
    }
  }
  return sentence;
};

const one = (
  contact: Contact,
  channel: Channel,
  was: Shield,
  is: Shield,
  now: number,
  say: Host["say"],
): string | null => {
  const turned = turn(was, is, now);
  if (turned === null) {
    const moved = is.state === "pending" && was.state === "pending" && was.stage !== is.stage;
    return moved ? announceStage(channel, is, timeOf(is.until, now)) : null;
  }
  const of = turned === "expired" ? was : is;
  if (turned !== "cancelled" && turned !== "ended" && of.verification_id && of.method) {
    say({
      type: `shieldpod:verification:${turned}`,
      verification_id: of.verification_id,
      contact_id: contact.id,
      channel_id: channel.id,
      method: of.method,
    });
  }
  return announce(turned, contact, channel, is);
};
