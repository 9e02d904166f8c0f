// Shields differ by shape, not only by color: outline, draining ring, filled with a check mark, filled with a cross, outline
// with an exclamation mark.

import type { Shield } from "../types";

const body = "M10 1.8 16.6 4.2v5.1c0 4.1-2.7 7.2-6.6 8.9-3.9-1.7-6.6-4.8-6.6-8.9V4.2L10 1.8Z";

/** Drawn once per page; every icon uses one of its symbols. The style sheet sets the strokes. */
export const Sprite = () => (
  <svg class="sprite" aria-hidden="true">
    <symbol id="unverified" viewBox="0 0 20 20">
      <path d={body} />
    </symbol>
    <symbol id="pending" viewBox="0 0 20 20">
      <circle cx="10" cy="10" r="7.5" stroke-width="2.2" opacity=".25" />
      <circle class="ring" cx="10" cy="10" r="7.5" stroke-width="2.2" pathLength="1" />
      <circle class="full" cx="10" cy="10" r="1.3" />
    </symbol>
    <symbol id="verified" viewBox="0 0 20 20">
      <path class="full" d={body} />
      <path class="on check" d="m6.6 9.8 2.4 2.5 4.5-4.8" pathLength="1" />
    </symbol>
    <symbol id="denied" viewBox="0 0 20 20">
      <path class="full" d={body} />
      <path class="on" d="m7.4 6.9 5.2 5.2m0-5.2-5.2 5.2" />
    </symbol>
    <symbol id="failed" viewBox="0 0 20 20">
      <path d={body} />
      <path d="M10 5.8v4.4m0 2.5v.1" stroke-width="1.8" />
    </symbol>
    <symbol id="chevron" viewBox="0 0 16 16">
      <path d="m4.5 6.2 3.5 3.6 3.5-3.6" />
    </symbol>
    <symbol id="warning" viewBox="0 0 16 16">
      <path d="M8 2.2 14.5 13.5h-13L8 2.2Zm0 4.6v2.9m0 1.8v.1" />
    </symbol>
  </svg>
);

export const Icon = ({ name }: { name: "chevron" | "warning" }) => (
  <svg class="icon" width="16" height="16" aria-hidden="true">
    <use href={`#${name}`} />
  </svg>
);

/** `left`: the share of a pending shield's time that is left. The text beside the icon has the meaning. */
export const ShieldIcon = ({ state, left, size = 20 }: { state: Shield["state"]; left?: number; size?: number }) => (
  <svg
    class={`shield ${state}`}
    width={size}
    height={size}
    aria-hidden="true"
    style={left === undefined ? undefined : { "--left": left.toFixed(3) }}
  >
    <use href={`#${state}`} />
  </svg>
);
