// Holds Markdown to one sentence per line, so that a diff shows the sentences that changed, and to the word list.
// Lists the lines that it would change and fails; `--write` changes them.
//
// Only paragraphs and list items are looked at. A sentence ends at `.`, `!` or `?` before a space and anything but a small letter,
// unless the mark is part of an abbreviation, an initial, a code span, a link, a quotation that goes on, or the bold words that head a
// paragraph: those stay on the line of its first sentence.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { listed, words } from "./wordlist.mjs";

const abbreviation = /(?:^|[\s("])(?:e\.g|i\.e|etc|vs|cf|approx|[ap]\.m|No|Nos|Dr|Mr|Ms|St|[A-Z])$/;
const end = /[.!?]["')\]*_”’]*\s+(?=[^\sa-z])/g;
/** What Markdown would take for the start of a list, heading, quotation, table or HTML block. */
const block = /^(?:[-+*]\s|\d+[.)]\s|#{1,6}\s|[>|<])/;

/** The text with the marks inside of code spans, links, quotations and a heading in bold replaced, at equal length. */
const masked = (text) =>
  text
    .replace(/^\*\*[^*]+\*\*/, (part) => "X".repeat(part.length))
    .replace(/(`+)(?!`).*?[^`]\1(?!`)|!?\[[^\]]*\]\([^)]*\)/g, (part) => "X".repeat(part.length))
    .replace(/"[^"]*"/g, (part) => part.slice(0, -2).replace(/[.!?]/g, "X") + part.slice(-2));

/** The sentences of one paragraph. */
export const sentences = (paragraph) => {
  const mask = masked(paragraph);
  const lines = [];
  let from = 0;
  for (const match of mask.matchAll(end)) {
    const to = match.index + match[0].length;
    if (abbreviation.test(mask.slice(from, match.index)) || block.test(paragraph.slice(to))) continue;
    lines.push(paragraph.slice(from, to).trimEnd());
    from = to;
  }
  return [...lines, paragraph.slice(from)];
};

/** The text without code spans and the addresses of links. */
const plain = (text) => text.replace(/(`+).*?\1|\]\([^)]*\)/g, " ");

/** The page with one sentence per line, and its plain prose by number of line. */
export const reformat = (page) => {
  const out = [];
  const prose = [];
  let open; // the paragraph: its first line's prefix and number, the indent of the others, whether it starts a list item, the text
  let column = 0; // where the text of the last list item starts
  let verbatim; // what ends the code, front matter or HTML that this line is in
  const close = () => {
    if (!open) return;
    for (const [n, sentence] of sentences(open.text).entries()) out.push((n ? open.indent : open.first) + sentence);
    prose.push([open.line, plain(open.text)]);
    open = undefined;
  };
  for (const [n, line] of page.split("\n").entries()) {
    const list = open && !open.item ? /^(\s*)((?:[-*+]|1[.)])\s+)?(.*)$/ : /^(\s*)((?:[-*+]|\d+[.)])\s+)?(.*)$/;
    const [, indent, marker, text] = list.exec(line); // only 1. starts a list within a paragraph
    const code = !open && !marker && indent.length >= column + 4;
    const fence = /^(?:```+|~~~+)/.exec(text)?.[0];
    if (verbatim) {
      if (verbatim.test(line)) verbatim = undefined;
      out.push(line);
    } else if (n === 0 && line === "---") {
      verbatim = /^---$/;
      out.push(line);
    } else if (fence || (!marker && /^<[a-z!/]/i.test(text) && !open)) {
      close();
      verbatim = fence ? new RegExp(`^\\s*${fence}`) : /^\s*$/;
      out.push(line);
    } else if (!text || code || (!marker && /^(?:#{1,6}\s|[>|]|\[[^\]]+\]:|(?:---+|\*\*\*+)$)/.test(text))) {
      close();
      if (/^#/.test(text)) column = 0;
      if (text && !code) prose.push([n + 1, plain(text)]);
      out.push(line);
    } else if (open && !marker) {
      open.text += ` ${text.trim()}`;
    } else {
      close();
      column = marker ? indent.length + marker.length : Math.min(column, indent.length);
      const first = indent + (marker ?? "");
      open = { first, indent: " ".repeat(column), item: Boolean(marker), text: text.trim(), line: n + 1 };
    }
  }
  close();
  return { text: out.join("\n"), prose };
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  let found = 0;
  for (const file of execFileSync("git", ["ls-files", "*.md"], { encoding: "utf8" }).split("\n").filter(Boolean)) {
    const page = readFileSync(file, "utf8");
    const { text, prose } = reformat(page);
    if (process.argv.includes("--write")) writeFileSync(file, text);
    else if (text !== page) {
      const wanted = new Set(text.split("\n"));
      for (const [n, line] of page.split("\n").entries()) {
        if (!wanted.has(line)) console.error(`${file}:${n + 1}: not one sentence per line`);
      }
      found++;
    }
    for (const [line, sentence] of prose) {
      for (const word of listed(sentence, file)) {
        found++;
        console.error(`${file}:${line}: "${word}": write ${words[word]}`);
      }
    }
  }
  if (found > 0) {
    console.error("Run `node .ci/sentences.mjs --write` for the lines. The words are in .ci/wordlist.mjs.");
    process.exit(1);
  }
}
