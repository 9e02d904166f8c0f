// A pending verification: the script for the technician, the code field, resend and cancel.

import { useLayoutEffect, useRef } from "preact/hooks";
import { isCooling } from "../app/shield";
import { type Action, channelKey, currentError, pendingAction } from "../app/state";
import { leftUntil } from "../i18n/format";
import { usesCode } from "../i18n/strings";
import { Button } from "../views/button";
import type { ShieldProps } from "../views/controller";
import { noteBlocker, noteHelp } from "../views/note-blocker";
import { caretAfter, digitsOf, grouped } from "./digits";
import * as w from "./strings";
import { warningNow } from "./warning";

export const Pending = (props: ShieldProps) => {
  const { controller, contact, channel, shield } = props;
  const s = controller.state.value;
  const id = shield.verification_id ?? "";
  const method = shield.method ?? "sms_code";
  const busy = pendingAction(s, channelKey(contact, channel), shield);
  const cooling = isCooling(shield, s.now);
  const needsNote = noteBlocker(s, contact);
  const waits = (act: Action) => (s.online && (!busy || busy === act) ? undefined : "");
  const warning = warningNow(s, channelKey(contact, channel), shield);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would need a legend to look at
    <div class="pending-body" role="group" aria-label={w.strings().methodName[method]}>
      <p class="script">
        {shield.match && (
          <span class="match" aria-hidden="true">
            {shield.match}
          </span>
        )}
        {w.script(method, shield, contact.scripts)}
      </p>
      {usesCode(method) && <CodeEntry key={id} {...props} />}
      <div class="after">
        {cooling ? (
          <span class="cooling">{w.resendIn(leftUntil(shield.resend_at, s.now))}</span>
        ) : (
          <Button
            kind="quiet"
            disabled={needsNote ?? waits(method)}
            busy={busy === method}
            describedBy={needsNote && noteHelp}
            onPress={() => void controller.send(contact, channel, method)}
          >
            {w.strings().resend}
          </Button>
        )}
        <Button
          kind="quiet"
          disabled={waits("cancel")}
          busy={busy === "cancel"}
          onPress={() => void controller.cancel(contact, channel, id)}
        >
          {w.strings().cancel}
        </Button>
      </div>
      {warning && <p class="warned">{w.nearLimit(warning, channel)}</p>}
    </div>
  );
};

const CodeEntry = ({ controller, contact, channel, shield }: ShieldProps) => {
  const s = controller.state.value;
  const where = channelKey(contact, channel);
  const id = shield.verification_id ?? "";
  const length = shield.code_length ?? 6;
  const digits = s.codes[id] ?? "";
  const complete = digits.length === length;
  const busy = pendingAction(s, where, shield);
  const fault = currentError(s, where, shield);
  const mine = fault?.action === "code" ? fault : undefined;
  const near = w.lockNear(contact.lock);
  const input = useRef<HTMLInputElement>(null);
  const composing = useRef(false);
  const shake = useShake(input, s.wrongCodes[where] ?? 0);
  const helpId = `help ${where}`.replaceAll(/\s/g, "-");

  /** Does nothing during an input method's composition: a changed value would end the composition. */
  const read = (field: HTMLInputElement) => {
    if (composing.current) return;
    const caret = caretAfter(field.value, field.selectionStart ?? field.value.length, length);
    const typed = digitsOf(field.value, length);
    controller.setCode(id, typed);
    field.value = grouped(typed, length);
    field.setSelectionRange(caret, caret);
  };

  const submit = (e: Event) => {
    e.preventDefault();
    if (busy || !s.online) return;
    const typed = digitsOf(input.current?.value ?? "", length); // a script may have filled it in without an event
    controller.setCode(id, typed);
    if (typed.length === length) void controller.checkCode(contact, channel, id);
    else controller.setCodeError(contact, channel, w.codeTooShort(length));
  };

  return (
    <form class="code" onSubmit={submit} noValidate ref={shake}>
      <label for={`code ${where}`}>{w.strings().enterCode}</label>
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
          onPress={() => {}}
          disabled={complete && s.online ? undefined : ""}
          busy={busy === "code"}
        >
          {w.strings().verify}
        </Button>
      </div>
      <p class={mine ? "fault" : "help"} id={helpId} role={mine ? "alert" : undefined}>
        {mine?.text ?? w.triesLeft(shield.tries_left)} {near && <span class="why">{near}</span>}
      </p>
    </form>
  );
};

/**
 * Shakes the field once for each wrong code and selects its text for the next one. A focus outside the form, in the pod or
 * in the host's page, is not moved.
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
