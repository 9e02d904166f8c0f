// The links in the text of a banner. The text is plain: only complete https:// URLs become links.

export interface TextSegment {
  text: string;
  href?: string;
}

/** Control characters that reverse the order of letters, so that the text would look different from what it is. */
const bidiControls = /[\u202a-\u202e\u2066-\u2069]/g;

/** Printable ASCII without quotes and angle brackets: a URL that looks like what it is. */
const urlPattern = /https:\/\/[\w!#$%&'()*+,./:;=?@[\]~-]+/gi;

/** The text in segments; a URL is a segment with `href`. */
export const segments = (text: string): TextSegment[] => {
  const plain = text.replace(bidiControls, "");
  const found: TextSegment[] = [];
  let done = 0;
  const pushText = (end: number) => {
    if (end > done) found.push({ text: plain.slice(done, end) });
  };
  for (const { 0: match, index } of plain.matchAll(urlPattern)) {
    const shown = trimPunctuation(match);
    const href = hrefOf(shown);
    if (!href) continue;
    pushText(index);
    found.push({ text: shown, href });
    done = index + shown.length;
  }
  pushText(plain.length);
  return found;
};

/** Without the punctuation of the sentence around it. A closing bracket is kept if the URL opens it. */
const trimPunctuation = (match: string): string => {
  let shown = match;
  while (/[.,:;!?'*]$/.test(shown) || hasUnopenedBracket(shown)) shown = shown.slice(0, -1);
  return shown;
};

const hasUnopenedBracket = (shown: string): boolean =>
  /[)\]]$/.test(shown) && shown.split(/[)\]]/).length > shown.split(/[([]/).length;

/** No link for a URL with user information: `https://bank.example@evil.example` looks like another host. */
const hrefOf = (shown: string): string | undefined => {
  if (!URL.canParse(shown)) return undefined;
  const { protocol, username, password, href } = new URL(shown);
  return protocol === "https:" && !username && !password ? href : undefined;
};
