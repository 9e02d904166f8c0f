// The client's banner: when it is shown, and what in its text is a link. It is plain text: nothing but a whole
// https:// address ever becomes more than that.

import type { Banner } from "../types";

/** The banner, if it has a word to say and this is its time. */
export const bannerAt = (banner: Banner | undefined, now: number): Banner | undefined => {
  if (!banner?.text.trim()) return undefined;
  const { from, until } = banner;
  return (from && now < Date.parse(from)) || (until && now >= Date.parse(until)) ? undefined : banner;
};

export interface Piece {
  text: string;
  href?: string;
}

/** Marks that turn the order of the letters around: what is read would not be what is there. */
const turning = /[\u202a-\u202e\u2066-\u2069]/g;

/** Printable ASCII without quotes, angles and the like: an address that shows what it is. */
const address = /https:\/\/[\w!#$%&'()*+,./:;=?@[\]~-]+/gi;

/** The text in pieces, those that are addresses with where they lead. */
export const pieces = (text: string): Piece[] => {
  const plain = text.replace(turning, "");
  const found: Piece[] = [];
  let done = 0;
  const upTo = (end: number) => {
    if (end > done) found.push({ text: plain.slice(done, end) });
  };
  for (const { 0: match, index } of plain.matchAll(address)) {
    const shown = trimmed(match);
    const href = hrefOf(shown);
    if (!href) continue;
    upTo(index);
    found.push({ text: shown, href });
    done = index + shown.length;
  }
  upTo(plain.length);
  return found;
};

/** Without the punctuation of the sentence around it; a closing bracket belongs to the address that opens it. */
const trimmed = (match: string): string => {
  let shown = match;
  while (/[.,:;!?'*]$/.test(shown) || closesMore(shown)) shown = shown.slice(0, -1);
  return shown;
};

const closesMore = (shown: string): boolean =>
  /[)\]]$/.test(shown) && shown.split(/[)\]]/).length > shown.split(/[([]/).length;

/** An address that names somebody before its host only looks like that somebody's. */
const hrefOf = (shown: string): string | undefined => {
  if (!URL.canParse(shown)) return undefined;
  const { protocol, username, password, href } = new URL(shown);
  return protocol === "https:" && !username && !password ? href : undefined;
};
