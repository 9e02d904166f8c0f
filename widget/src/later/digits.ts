// Digits as they are typed and read.

/** The digits of what was typed or pasted, at most so many. */
export const digitsOf = (typed: string, length: number): string => typed.replace(/\D/g, "").slice(0, length);

/** In two halves: "482 193". */
export const grouped = (digits: string, length: number): string => {
  const half = Math.ceil(length / 2);
  return digits.length > half ? `${digits.slice(0, half)} ${digits.slice(half)}` : digits;
};

/** Where the caret belongs in the grouped text, so that editing in the middle does not throw it to the end. */
export const caretAfter = (typed: string, caret: number, length: number): number => {
  const before = digitsOf(typed.slice(0, caret), length).length;
  return before > Math.ceil(length / 2) ? before + 1 : before;
};
