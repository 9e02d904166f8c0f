// A button that can't be pressed stays in reach of the keyboard, and says why.

import type { ComponentChildren } from "preact";

interface Props {
  children: ComponentChildren;
  press: () => void;
  kind?: "solid" | "first" | "plain" | "quiet";
  /** Why it can't be pressed now; empty: it just waits. */
  barred?: string | undefined;
  busy?: boolean;
  label?: string;
  title?: string;
  /** The id of the element that explains it. */
  explained?: string | undefined;
  expanded?: boolean;
  submit?: boolean;
}

export const Button = ({
  children,
  press,
  kind = "plain",
  barred,
  busy = false,
  label,
  title,
  explained,
  expanded,
  submit,
}: Props) => (
  <button
    type={submit ? "submit" : "button"}
    class={`button ${kind}`}
    aria-disabled={barred !== undefined || busy}
    aria-busy={busy}
    aria-label={label}
    aria-describedby={explained}
    aria-expanded={expanded}
    title={barred || title}
    onClick={(e) => {
      e.currentTarget.focus(); // not every browser does; the focus of what follows depends on it
      if (submit) return;
      if (barred === undefined && !busy) press();
    }}
  >
    {children}
  </button>
);
