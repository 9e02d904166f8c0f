// Measures what fits into a row: that depends on the language, the width, and the row's text.

import { useLayoutEffect, useState } from "preact/hooks";

/** In CSS pixels, as in the style sheet. */
const [gap, between, around, leastLabel] = [8, 6, 22, 48];

/**
 * The classes of the row. `short`: its buttons have short labels. `wrapped`: its address takes two lines, with the label
 * beside the first. Measured before the row is painted, and again when its width or text changes.
 */
export const useFit = (row: { current: HTMLElement | null }): string => {
  const [fit, setFit] = useState("");
  useLayoutEffect(() => {
    const element = row.current;
    const state = element?.querySelector(".state");
    if (!element || !state) return;
    const observer = new ResizeObserver(() => setFit(measured(element)));
    observer.observe(element);
    observer.observe(state);
    return () => observer.disconnect();
  }, []);
  return fit;
};

const measured = (row: HTMLElement): string => {
  const widths = (selector: string) => [...row.querySelectorAll<HTMLElement>(selector)].map((part) => part.offsetWidth);
  const sum = (parts: number[], each = 0) => parts.reduce((total, width) => total + width + each, 0);
  const [room = 0] = widths(".line");
  const [state = 0] = widths(".state");
  const [long, short] = [sum(widths(".long"), around + between), sum(widths(".short"), around + between)];
  const beside = room - state - gap + between;
  const buttons = long > beside && (short <= beside || long - between > room) ? "short" : "";
  const address = sum(widths(".masked > span")) + gap + leastLabel > room ? "wrapped" : "";
  return `${buttons} ${address}`;
};
