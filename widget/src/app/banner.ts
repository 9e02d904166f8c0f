// When the client's banner is shown.

import type { Banner } from "../types";

/** The banner, if it has text and `now` is within its time. */
export const bannerAt = (banner: Banner | undefined, now: number): Banner | undefined => {
  if (!banner?.text.trim()) return undefined;
  const { from, until } = banner;
  return (from && now < Date.parse(from)) || (until && now >= Date.parse(until)) ? undefined : banner;
};
