// Digits of a code: parsing and formatting.

const digit = /\p{Nd}/u;

/**
 * The first `length` digits of the typed or pasted text, in ASCII. Digits of every script count: Unicode encodes those of
 * each script as ten consecutive characters, so the value is the number of digits before it.
 */
export const digitsOf = (typed: string, length: number): string =>
  (typed.match(/\p{Nd}/gu) ?? []).slice(0, length).map(asciiOf).join("");

const asciiOf = (char: string): number => {
  const code = char.codePointAt(0) ?? 0;
  let before = 0;
  while (digit.test(String.fromCodePoint(code - before - 1))) before++;
  return before % 10;
};

/** In two halves: "482 193". */
export const grouped = (digits: string, length: number): string => {
  const half = Math.ceil(length / 2);
  return digits.length > half ? `${digits.slice(0, half)} ${digits.slice(half)}` : digits;
};

/** The caret's position in the grouped text, so that editing in the middle does not move it to the end. */
export const caretAfter = (typed: string, caret: number, length: number): number => {
  const before = digitsOf(typed.slice(0, caret), length).length;
  return before > Math.ceil(length / 2) ? before + 1 : before;
};
