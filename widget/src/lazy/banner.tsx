// The client's banner: at the top, two lines until it is expanded.

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { toneName } from "../i18n/strings";
import type { Banner as Given } from "../types";
import { Button } from "../views/button";
import { segments } from "./links";
import { strings } from "./strings";

/** One shape for each tone. */
const shapes = {
  info: (
    <>
      <circle cx="8" cy="8" r="6.3" />
      <path d="M8 7.6v3.6m0-6.4v.1" />
    </>
  ),
  warning: <use href="#warning" />,
  critical: (
    <>
      <path class="full" d="M5.4 1.8h5.2l3.6 3.6v5.2l-3.6 3.6H5.4l-3.6-3.6V5.4l3.6-3.6Z" />
      <path class="on" d="M8 4.8v3.7m0 2.6v.1" />
    </>
  ),
};

export const Banner = ({ text, tone = "info" }: Given) => {
  const [open, setOpen] = useState(false);
  const clipped = useClipped(open);
  return (
    <div class={`banner ${tone}`}>
      <svg class="icon" width="16" height="16" aria-hidden="true">
        {shapes[tone]}
      </svg>
      <p class={open ? "" : "clip"} ref={clipped.text} dir="auto" onFocusIn={() => setOpen(true)}>
        <span class="sr">{toneName({ text, tone })}: </span>
        {segments(text).map(({ text, href }) =>
          href ? (
            <a href={href} target="_blank" rel="noopener noreferrer" dir="ltr">
              {text}
            </a>
          ) : (
            text
          ),
        )}
      </p>
      {clipped.is && (
        <Button kind="quiet" expanded={open} onPress={() => setOpen(!open)}>
          {open ? strings().less : strings().more}
        </Button>
      )}
    </div>
  );
};

/** Whether the collapsed text is clipped; unchanged while it is expanded. */
const useClipped = (open: boolean) => {
  const text = useRef<HTMLParagraphElement>(null);
  const [is, setIs] = useState(false);
  useLayoutEffect(() => {
    const p = text.current;
    if (open || !p) return;
    const observer = new ResizeObserver(() => setIs(p.scrollHeight > p.clientHeight));
    observer.observe(p);
    return () => observer.disconnect();
  }, [open]);
  return { text, is };
};
