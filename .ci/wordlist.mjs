// Words that a reader of Go, OAuth and help desks does not know in that meaning. `.ci/words.mjs` looks for them in identifiers and
// comments, `.ci/sentences.mjs` in Markdown.

/** The word, and what to write in its place. */
export const words = {
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
export const allowed = {};

/** The words of the list that a text has; `file` is where it stands. */
export const listed = (text, file) =>
  (text.toLowerCase().match(/[a-z]+/g) ?? []).filter(
    (word) => Object.hasOwn(words, word) && !allowed[file]?.includes(word),
  );
