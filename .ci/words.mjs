// Fails when an identifier or a comment has a word that a reader of Go, OAuth and help desks does not know in that meaning.
// Strings are not checked: they are texts for people, or data.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { listed, words } from "./wordlist.mjs";

const files = execFileSync("git", ["ls-files", "*.go", "*.ts", "*.tsx", "*.mjs"], { encoding: "utf8" })
  .split("\n")
  .filter((file) => file && !/\.gen\.|\.ci\/wordlist\.mjs$/.test(file));

const token =
  /(?<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|(?<comment>\/\/[^\n]*|\/\*[\s\S]*?\*\/)|(?<name>[A-Za-z_]\w*)/g;

/** notifyWorker and notify_worker are notify, worker. */
const parts = (name) => name.replace(/([a-z0-9])([A-Z])/g, "$1 $2");

let found = 0;
for (const file of files) {
  const source = readFileSync(file, "utf8");
  for (const match of source.matchAll(token)) {
    const { comment, name } = match.groups;
    const hits = name || comment ? listed(name ? parts(name) : comment, file) : [];
    for (const word of hits) {
      found++;
      const line = source.slice(0, match.index).split("\n").length;
      console.error(`${file}:${line}: "${word}": write ${words[word]}`);
    }
  }
}
if (found > 0) {
  console.error(`${found} words that are not the field's terms. The list is in .ci/wordlist.mjs.`);
  process.exit(1);
}
