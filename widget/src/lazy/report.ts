// Reports the difference between two states of the pod: a sentence to the technician, and ids and states to the host.

import { bannerAt } from "../app/banner";
import { currentShield, type State, selectedContact } from "../app/state";
import type { Host } from "../hosts/host";
import { timeOf } from "../i18n/format";
import type { Channel, Contact, Pod, Shield } from "../types";
import { announce, announceBanner, announceStage, rulesChanged } from "./strings";
import { transition } from "./transition";

/** Posts each change of a shield to the host; returns the sentence for the live region, empty for none. */
export const report = (before: State, after: State, say: Host["post"]): string => {
  const [old, fresh] = [before.pod, after.pod];
  if (!old || !fresh) return "";
  const ruled = old.policy.version !== fresh.policy.version && rulesChanged(fresh.client.name);
  const shield = reportShields(before, after, old, fresh, say);
  return [ruled, reportBanner(before, after, old, fresh), shield].filter(Boolean).join(" ");
};

const reportBanner = (before: State, after: State, old: Pod, fresh: Pod): string | null => {
  const shown = bannerAt(fresh.policy.banner, after.now);
  const known = bannerAt(old.policy.banner, before.now);
  return shown && shown.text !== known?.text ? announceBanner(shown) : null;
};

/** The sentence on the last change of the contact on screen. */
const reportShields = (before: State, after: State, old: Pod, fresh: Pod, say: Host["post"]): string | null => {
  const watched = selectedContact(after);
  let sentence: string | null = null;
  for (const contact of fresh.contacts) {
    const earlier = old.contacts.find((c) => c.id === contact.id);
    for (const channel of contact.channels) {
      const was = earlier?.channels.find((ch) => ch.id === channel.id);
      if (!was) continue;
      const said = reportChannel(
        contact,
        channel,
        currentShield(was, before.now),
        currentShield(channel, after.now),
        after.now,
        say,
      );
      if (contact === watched) sentence = said ?? sentence;
    }
  }
  return sentence;
};

const reportChannel = (
  contact: Contact,
  channel: Channel,
  was: Shield,
  is: Shield,
  now: number,
  say: Host["post"],
): string | null => {
  const turned = transition(was, is, now);
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
