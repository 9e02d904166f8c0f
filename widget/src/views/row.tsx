// One channel of the contact: its shield, destination, state and methods.

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { canReceiveTexts, isCooling } from "../app/shield";
import { channelKey, currentError, currentShield, pendingAction, type State } from "../app/state";
import { agoOf, leftUntil, shareLeft, timeOf } from "../i18n/format";
import * as w from "../i18n/strings";
import { lazy } from "../lazy/registry";
import type { Channel, Contact, Shield } from "../types";
import { Button } from "./button";
import type { ChannelProps, ContactProps, ShieldProps } from "./controller";
import { useFit } from "./fit";
import { useKeptFocus } from "./focus";
import { Icon, ShieldIcon } from "./icons";
import { noteBlocker, noteHelp } from "./note-blocker";
import { fullRefusalText, refusalText } from "./refusal";

export const Rows = ({ controller, contact }: ContactProps) => {
  const { TechnicianUnknown } = lazy.value;
  if (contact.channels.length === 0) return <p class="hint">{w.strings.noChannels}</p>;
  return (
    <>
      <ul class="rows">
        {contact.channels.map((channel) => (
          <Row key={channel.id} controller={controller} contact={contact} channel={channel} />
        ))}
      </ul>
      {!contact.channels.some(canReceiveTexts) && <p class="hint">{w.strings.noMobile}</p>}
      {TechnicianUnknown && <TechnicianUnknown pod={controller.state.value.pod} />}
    </>
  );
};

const Row = (props: ChannelProps) => {
  const { controller, contact, channel } = props;
  const s = controller.state.value;
  const shield = currentShield(channel, s.now);
  const row = useKeptFocus<HTMLLIElement>((row) => row.querySelector("input") ?? row);
  const where = channelKey(contact, channel);
  const fault = currentError(s, where, shield);
  const { Pending } = lazy.value;
  const fit = useFit(row);
  const pending = shield.state === "pending" ? shield.verification_id : undefined;
  return (
    <li
      class={`row ${channel.kind} ${shield.state} ${fit}`}
      ref={row}
      tabIndex={-1}
      aria-label={w.spokenLabel(channel)}
      onKeyDown={(e) => {
        if (e.key === "Escape" && pending) void controller.cancel(contact, channel, pending);
      }}
    >
      <ShieldIcon state={shield.state} left={shareLeft(shield.at, shield.until, s.now)} />
      <div class="body">
        <p class="to">
          <Masked text={channel.masked} />
          <span class="label">{channel.label}</span>
          {channel.changed_at && <Changed at={channel.changed_at} now={s.now} />}
        </p>
        <div class="line">
          <StateLine s={s} contact={contact} channel={channel} shield={shield} />
          {!pending && shield.state !== "verified" && <Methods {...props} shield={shield} />}
        </div>
        {pending && Pending && <Pending {...props} shield={shield} />}
        {fault && fault.action !== "code" && (
          <p class="fault" role="alert">
            {fault.text}
          </p>
        )}
      </div>
    </li>
  );
};

/** An address breaks only before its domain. */
const Masked = ({ text }: { text: string }) => {
  const domain = text.indexOf("@") + 1;
  return (
    <span class="masked">
      {domain > 0 && <span>{text.slice(0, domain)}</span>}
      <span class="domain">{text.slice(domain)}</span>
    </span>
  );
};

/** A recent change of the destination, which may have been made for an impostor. */
const Changed = ({ at, now }: { at: string; now: number }) => (
  <span class="changed" title={w.strings.changedOn(timeOf(at, now))}>
    <Icon name="warning" />
    {w.strings.changed(agoOf(at, now))}
    <span class="sr"> {w.strings.inTicketSystem}</span>
  </span>
);

const StateLine = ({
  s,
  contact,
  channel,
  shield,
}: {
  s: State;
  contact: Contact;
  channel: Channel;
  shield: Shield;
}) => {
  const until = timeOf(shield.until, s.now);
  const title = agoOf(shield.at, s.now);
  const refused = channel.methods.filter((m) => m.reason);
  const none = refused.length === channel.methods.length;
  const again = !none && isCooling(shield, s.now) ? w.strings.againIn(leftUntil(shield.resend_at, s.now)) : "";
  switch (shield.state) {
    case "pending": {
      const { text, counts } = lazy.value.stage?.(shield, until) ?? {
        text: w.strings.shieldName.pending,
        counts: true,
      };
      return (
        <p class="state" title={title}>
          {text}
          {counts && <span class="count"> · {leftUntil(shield.until, s.now)}</span>}
        </p>
      );
    }
    case "verified":
      return (
        <p class="state" title={title}>
          {w.strings.verified(timeOf(shield.at, s.now), w.actorName(shield.by, s.pod?.technician), until)}
        </p>
      );
    case "denied":
      return (
        <p class="state" title={title}>
          {w.strings.denied(contact.name)}
          <Procedure url={s.pod?.tenant.procedure_url} />.
          {shield.reason && <span class="why">{lazy.value.failureText?.(shield, contact)}</span>}
        </p>
      );
    case "failed":
      return (
        <p class="state" title={title}>
          {lazy.value.failureText?.(shield, contact) ?? w.strings.shieldName.failed} {again && `${again}.`}
        </p>
      );
  }
  if (channel.unusable) {
    const { Unusable } = lazy.value;
    return Unusable ? <Unusable why={channel.unusable} kind={channel.kind} /> : <p class="state" />;
  }
  const one = new Set(refused.map((m) => m.reason)).size === 1 ? refused[0] : undefined;
  if (one && none) {
    return (
      <p class="state">
        {refusalText(one, true)}
        {one.explanation && <span class="why">{one.explanation}</span>}
      </p>
    );
  }
  return (
    <p class="state" title={title || undefined}>
      {[w.unverified(shield.reason), again].filter(Boolean).join(" · ")}
      {refused.map((option) => (
        <span class="why" key={option.method} title={option.explanation}>
          {refusalText(option, false)}
          {option.explanation && <span class="sr">. {option.explanation}</span>}
        </span>
      ))}
    </p>
  );
};

const Procedure = ({ url }: { url: string | undefined }) =>
  url && /^https?:/.test(url) ? (
    <a href={url} target="_blank" rel="noopener noreferrer">
      {w.strings.procedure}
    </a>
  ) : (
    <span>{w.strings.procedure}</span>
  );

/** The methods, primary one first; after a denial they are behind one more press. */
const Methods = ({ controller, contact, channel, shield }: ShieldProps) => {
  const s = controller.state.value;
  const [again, setAgain] = useState(false);
  const methods = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (again) methods.current?.querySelector("button")?.focus();
  }, [again]);
  if (channel.methods.every((m) => m.reason)) return null;
  if (shield.state === "denied" && !again) {
    return (
      <Button kind="quiet" onPress={() => setAgain(true)} expanded={false}>
        {w.strings.verifyAgain}
      </Button>
    );
  }
  const cooling = isCooling(shield, s.now);
  const busy = pendingAction(s, channelKey(contact, channel), shield);
  const needsNote = noteBlocker(s, contact);
  const bar =
    needsNote ?? (cooling ? w.strings.againIn(leftUntil(shield.resend_at, s.now)) : s.online ? undefined : "");
  const first = channel.methods.find((m) => !m.reason);
  return (
    <div class="methods" ref={methods}>
      {channel.methods.map((option) => (
        <Button
          key={option.method}
          kind={option === first ? "first" : "plain"}
          label={w.methodAction(option.method, channel)}
          disabled={
            option.reason ? fullRefusalText(option) : (bar ?? (busy && busy !== option.method ? "" : undefined))
          }
          busy={busy === option.method}
          describedBy={needsNote && noteHelp}
          onPress={() => void controller.send(contact, channel, option.method)}
        >
          <span class="long">{w.sendLong(option.method)}</span>
          <span class="short">{w.sendShort(option.method)}</span>
        </Button>
      ))}
    </div>
  );
};
