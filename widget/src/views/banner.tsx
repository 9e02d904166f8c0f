// The client's banner: above all else, and two lines of it until more is asked for.

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { pieces } from "../app/banner";
import { toneName, words } from "../i18n/strings";
import type { Banner as Given } from "../types";
import { Button } from "./button";
import { Icon } from "./icons";

export const Banner = ({ text, tone = "info" }: Given) => {
  const [open, setOpen] = useState(false);
  const clipped = useClipped(open);
  return (
    <div class={`banner ${tone}`}>
      <Icon name={tone} />
      <p class={open ? "" : "clip"} ref={clipped.text} dir="auto" onFocusIn={() => setOpen(true)}>
        <span class="sr">{toneName(tone)}: </span>
        {pieces(text).map(({ text, href }) =>
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
        <Button kind="quiet" expanded={open} press={() => setOpen(!open)}>
          {open ? words.less : words.more}
        </Button>
      )}
    </div>
  );
};

/** Whether the closed text has more than there is room for; while it is open that stays as it was. */
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
