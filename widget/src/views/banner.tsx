// The client's banner: at the top, two lines until it is expanded.

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { segments } from "../app/banner";
import { strings } from "../i18n/strings";
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
        <span class="sr">{strings.toneName[tone]}: </span>
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
          {open ? strings.less : strings.more}
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
