// Fails when an identifier or a comment has a word that a reader of Go, OAuth and help desks does not know in that meaning.
// Strings are not checked: they are texts for people, or data.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** The word, and what to write in its place. */
const words = {
  brandbook: "repository",
  crew: "workers",
  ears: "subscribers",
  everybody: "the name of the group",
  farewell: "shutdown",
  house: "platform or harness",
  moods: "faults",
  nobody: "no user, no client, …",
  nudge: "notify",
  parcel: "message",
  patience: "timeout",
  rulebook: "policy repository",
  shelf: "cache",
  somebody: "the name of the role",
  whatever: "any, each, all",
  whichever: "any, each",
  whisper: "notification",
  whoever: "the name of the role",
};

/** Word by file: where it is the field's own, or a name. */
const allowed = {};

const files = execFileSync("git", ["ls-files", "*.go", "*.ts", "*.tsx", "*.mjs"], { encoding: "utf8" })
  .split("\n")
  .filter((file) => file && !/\.gen\.|\.ci\/words\.mjs$/.test(file));

const token =
  /(?<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|(?<comment>\/\/[^\n]*|\/\*[\s\S]*?\*\/)|(?<name>[A-Za-z_]\w*)/g;

/** notifyWorker and notify_worker are notify, worker. */
const parts = (name) => name.replace(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase().split(/[^a-z]+/);

let found = 0;
for (const file of files) {
  const source = readFileSync(file, "utf8");
  for (const match of source.matchAll(token)) {
    const { comment, name } = match.groups;
    const hits = (name ? parts(name) : comment ? (comment.toLowerCase().match(/[a-z]+/g) ?? []) : []).filter(
      (word) => Object.hasOwn(words, word) && !allowed[file]?.includes(word),
    );
    for (const word of hits) {
      found++;
      const line = source.slice(0, match.index).split("\n").length;
      console.error(`${file}:${line}: "${word}": write ${words[word]}`);
    }
  }
}
if (found > 0) {
  console.error(`${found} words that are not the field's terms. The list is in .ci/words.mjs.`);
  process.exit(1);
}
