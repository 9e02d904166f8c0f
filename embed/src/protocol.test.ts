import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parsePodMessage } from "./protocol";

const dir = new URL("../../testdata/protocol/", import.meta.url);
const cases = readdirSync(dir)
  .map((file): { name: string; from: string; data: unknown; reads: unknown } =>
    JSON.parse(readFileSync(new URL(file, dir), "utf8")),
  )
  .filter(({ from }) => from === "pod");

describe("the messages of a pod", () => {
  it.each(cases)("$name", ({ data, reads }) => {
    expect(parsePodMessage(data)).toEqual(reads);
  });
});
