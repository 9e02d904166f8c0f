import { expect, it } from "vitest";
import { reformat } from "./sentences.mjs";

const cases = [
  ["a line for each sentence", "One is here. Two is there.\nIs it?", "One is here.\nTwo is there.\nIs it?"],
  ["a sentence is joined", "One sentence\nover lines.", "One sentence over lines."],
  [
    "a list item is indented by its text",
    "1. One. Two.\n- Three. Four\n  goes on.",
    "1. One.\n   Two.\n- Three.\n  Four goes on.",
  ],
  ["a later paragraph of an item keeps its indent", "- One.\n\n  Two. Three.", "- One.\n\n  Two.\n  Three."],
  ["abbreviations", "Ask, e.g. Ana, i.e. etc. Or cf. No. 5 vs. Dr. Who at 9 a.m. UTC.", undefined],
  ["versions and files", "See main.go and 1.26.3 of v1.0.", undefined],
  ["code", "Run `a. B` or `c.` Now.", undefined],
  ["links", "See [One. Two](a.md) now.", undefined],
  ["quotations that go on", 'It says "One. Two." and ends.', undefined],
  ["quotations that end", 'It says "One. Two." Then it ends.', 'It says "One. Two."\nThen it ends.'],
  ["sentences between quotations", 'It says "One." Then. "Two" ends.', 'It says "One."\nThen.\n"Two" ends.'],
  ["sentences that begin with code, a link or a digit", "One. `two`. [3](x). 4 is.", "One.\n`two`.\n[3](x).\n4 is."],
  ["a heading in bold", "**1. Head.** One. Two.", "**1. Head.** One.\nTwo."],
  ["a list marker within a sentence", "It is 5. - no list.", undefined],
  ["a number that starts a line of a paragraph", "It is 70 and\n67. It ends.", "It is 70 and 67.\nIt ends."],
  ["tables", "| a. B | c |\n| --- | --- |\n| d. E | f |", undefined],
  ["headings", "# One. Two", undefined],
  ["code blocks", "```sh\na. B\n\nc\n```\n\n    d. E\n\n- f\n  ```\n  g. H\n  ```", undefined],
  ["HTML and front matter", "---\na: b. C\n---\n\n<p>\nd. E\n</p>", undefined],
];

it.each(cases)("%s", (_, page, want = page) => {
  expect(reformat(page).text).toBe(want);
  expect(reformat(want).text).toBe(want);
});

it("gives prose without code spans and addresses", () => {
  expect(
    reformat("# One\n\n`two` [three](four)\nfive\n\n```\nsix\n```").prose.map(([line, text]) => [
      line,
      text.match(/\w+/g),
    ]),
  ).toEqual([
    [1, ["One"]],
    [3, ["three", "five"]],
  ]);
});
