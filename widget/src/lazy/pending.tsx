// A message is on its way: what to say, where the code goes, and how to send again or call it off.

import { useLayoutEffect, useRef } from "preact/hooks";
import { isCooling } from "../app/shield";
import { type Act, doing, faultNow, place } from "../app/state";
import { leftUntil } from "../i18n/format";
import { byCode, methodName } from "../i18n/strings";
import type { Shield } from "../types";
import { noteBar, noteHelp } from "../views/bar";
import { Button } from "../views/button";
import type { RowProps } from "../views/row";
import { caretAfter, digitsOf, grouped } from "./digits";
import * as w from "./strings";
import { warningNow } from "./warning";

type Props = RowProps & { shield: Shield };

export const Pending = (props: Props) => {
  const { desk, contact, channel, shield } = props;
  const s = desk.state.value;
  const id = shield.verification_id ?? "";
  const method = shield.method ?? "sms_code";
  const busy = doing(s, place(contact, channel), shield);
  const cooling = isCooling(shield, s.now);
  const needsNote = noteBar(s, contact);
  const waits = (act: Act) => (s.online && (!busy || busy === act) ? undefined : "");
  const warning = warningNow(s, place(contact, channel), shield);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would need a legend to look at
    <div class="pending-body" role="group" aria-label={methodName(method)}>
      <p class="script">
        {shield.match && (
          <span class="match" aria-hidden="true">
            {shield.match}
          </span>
        )}
        {w.script(method, shield, contact.scripts)}
      </p>
      {byCode(method) && <CodeEntry key={id} {...props} />}
      <div class="after">
        {cooling ? (
          <span class="cooling">{w.resendIn(leftUntil(shield.resend_at, s.now))}</span>
        ) : (
          <Button
            kind="quiet"
            barred={needsNote ?? waits(method)}
            busy={busy === method}
            explained={needsNote && noteHelp}
            press={() => void desk.send(contact, channel, method)}
          >
            {w.words().resend}
          </Button>
        )}
        <Button
          kind="quiet"
          barred={waits("cancel")}
          busy={busy === "cancel"}
          press={() => void desk.cancel(contact, channel, id)}
        >
          {w.words().cancel}
        </Button>
      </div>
      {warning && <p class="warned">{w.nearLimit(warning, channel)}</p>}
    </div>
  );
};

const CodeEntry = ({ desk, contact, channel, shield }: Props) => {
  const s = desk.state.value;
  const where = place(contact, channel);
  const id = shield.verification_id ?? "";
  const length = shield.code_length ?? 6;
  const digits = s.codes[id] ?? "";
  const complete = digits.length === length;
  const busy = doing(s, where, shield);
  const fault = faultNow(s, where, shield);
  const mine = fault?.act === "code" ? fault : undefined;
  const near = w.lockNear(contact.lock);
  const input = useRef<HTMLInputElement>(null);
  const composing = useRef(false);
  const shake = useShake(input, s.wrong[where] ?? 0);
  const helpId = `help ${where}`.replaceAll(/\s/g, "-");

  /** An input method owns the field until its composition ends: a changed value would break the composition. */
  const read = (field: HTMLInputElement) => {
    if (composing.current) return;
    const caret = caretAfter(field.value, field.selectionStart ?? field.value.length, length);
    const typed = digitsOf(field.value, length);
    desk.type(id, typed);
    field.value = grouped(typed, length);
    field.setSelectionRange(caret, caret);
  };

  const submit = (e: Event) => {
    e.preventDefault();
    if (busy || !s.online) return;
    const typed = digitsOf(input.current?.value ?? "", length); // a script may have filled it in without an event
    desk.type(id, typed);
    if (typed.length === length) void desk.check(contact, channel, id);
    else desk.object(contact, channel, w.codeTooShort(length));
  };

  return (
    <form class="code" onSubmit={submit} noValidate ref={shake}>
      <label for={`code ${where}`}>{w.words().enterCode}</label>
      <div class="entry">
        <input
          id={`code ${where}`}
          ref={input}
          value={composing.current ? input.current?.value : grouped(digits, length)}
          data-length={length}
          inputMode="numeric"
          autocomplete="off"
          spellcheck={false}
          enterkeyhint="done"
          aria-invalid={mine?.judged ?? false}
          aria-describedby={helpId}
          onCompositionStart={() => {
            composing.current = true;
          }}
          onCompositionEnd={(e) => {
            composing.current = false;
            read(e.currentTarget);
          }}
          onInput={(e) => read(e.currentTarget)}
        />
        <Button
          submit
          kind="solid"
          press={() => {}}
          barred={complete && s.online ? undefined : ""}
          busy={busy === "code"}
        >
          {w.words().verify}
        </Button>
      </div>
      <p class={mine ? "fault" : "help"} id={helpId} role={mine ? "alert" : undefined}>
        {mine?.text ?? w.triesLeft(shield.tries_left)} {near && <span class="why">{near}</span>}
      </p>
    </form>
  );
};

/**
 * One shake for each wrong code; the field keeps the focus, its text selected, ready for the next. Who has gone
 * elsewhere meanwhile, to the host's own page even, is not called back.
 */
const useShake = (input: { current: HTMLInputElement | null }, wrong: number) => {
  const form = useRef<HTMLFormElement>(null);
  const seen = useRef(wrong);
  useLayoutEffect(() => {
    if (wrong === seen.current) return;
    seen.current = wrong;
    if (form.current?.contains(document.activeElement)) {
      input.current?.focus();
      input.current?.select();
    }
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    const steps = [0, -4, 4, -3, 2, 0].map((x) => ({ transform: `translateX(${x}px)` }));
    form.current?.querySelector(".entry")?.animate(steps, { duration: 180, easing: "ease-out" });
  }, [wrong]);
  return form;
};
