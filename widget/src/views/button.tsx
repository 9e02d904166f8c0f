// A disabled button keeps the keyboard focus and shows the reason.

import type { ComponentChildren } from "preact";

interface Props {
  children: ComponentChildren;
  onPress: () => void;
  kind?: "solid" | "first" | "plain" | "quiet";
  /** Why the button is disabled; empty: for no reason that needs an explanation. Undefined: it is enabled. */
  disabled?: string | undefined;
  busy?: boolean;
  label?: string;
  /** The id of the element that describes the button. */
  describedBy?: string | undefined;
  expanded?: boolean;
  submit?: boolean;
}

export const Button = ({
  children,
  onPress,
  kind = "plain",
  disabled,
  busy = false,
  label,
  describedBy,
  expanded,
  submit,
}: Props) => (
  <button
    type={submit ? "submit" : "button"}
    class={`button ${kind}`}
    aria-disabled={disabled !== undefined || busy}
    aria-busy={busy}
    aria-label={label}
    aria-describedby={describedBy}
    aria-expanded={expanded}
    title={disabled || undefined}
    onClick={(e) => {
      e.currentTarget.focus(); // Safari does not; useKeptFocus depends on it
      if (submit) return;
      if (disabled === undefined && !busy) onPress();
    }}
  >
    {children}
  </button>
);
