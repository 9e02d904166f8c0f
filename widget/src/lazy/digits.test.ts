import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { caretAfter, digitsOf, grouped } from "./digits";

describe("the code as it is typed", () => {
  it.each([
    ["digits", "482193", 6, "482193"],
    ["pasted with spaces", " 482 193 ", 6, "482193"],
    ["pasted with words", "Your code is 482-193.", 6, "482193"],
    ["one digit too many", "4821937", 6, "482193"],
    ["letters", "abc", 6, ""],
  ])("%s", (_, typed, length, want) => {
    expect(digitsOf(typed, length)).toBe(want);
  });

  // The server's tests use the same cases: bff/internal/verify/secret_test.go.
  const typed = new URL("../../../testdata/codes/typed.json", import.meta.url);
  const cases: { name: string; typed: string; code: string; box?: string }[] = JSON.parse(readFileSync(typed, "utf8"));
  it.each(cases)("$name", ({ typed, code, box = code }) => {
    expect(digitsOf(typed, 8)).toBe(box);
  });

  it("reads every decimal digit of Unicode", () => {
    let digits = "";
    for (let n = 0; n < 0x20000; n++) if (/^\p{Nd}$/u.test(String.fromCodePoint(n))) digits += String.fromCodePoint(n);
    expect(digitsOf(digits, Number.POSITIVE_INFINITY)).toMatch(/^(0123456789){60,}$/);
  });

  it.each([
    ["", 6, ""],
    ["482", 6, "482"],
    ["4821", 6, "482 1"],
    ["482193", 6, "482 193"],
    ["4821937", 7, "4821 937"],
    ["48219375", 8, "4821 9375"],
  ])("%s of %i digits is shown as %s", (digits, length, want) => {
    expect(grouped(digits, length)).toBe(want);
  });

  it.each([
    ["typing the fourth digit goes past the gap", "4821", 4, 5],
    ["a digit put into the middle keeps the caret there", "4 82193", 1, 1],
    ["before the gap", "482 193", 3, 3],
    ["at the end", "482 193", 7, 7],
    ["fullwidth digits", "４８２１", 4, 5],
    ["digits of two code units each", "𝟒𝟖𝟐𝟏", 8, 5],
    ["behind a mark that is not seen", "\u200f٤٨", 2, 1],
  ])("%s", (_, typed, caret, want) => {
    expect(caretAfter(typed, caret, 6)).toBe(want);
  });
});
