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
  ])("%s", (_, typed, caret, want) => {
    expect(caretAfter(typed, caret, 6)).toBe(want);
  });
});
