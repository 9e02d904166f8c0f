import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { acknowledge, askMember, parseHostedMessage, ready } from "./hosted-messages";

/** The rows of the hosted API's table of messages, in its order. */
const rows = [
  "what is none of them",
  "pod: ready",
  "host: MessageFrameID",
  "pod: getMemberAuthentication",
  "host: getmemberauthentication",
  "host: onLoad",
  "host: beforeSave and other events",
  "pod: acknowledgement",
];

type Case = { row: number; name: string } & (
  | { from: "host"; data: unknown; reads: unknown }
  | {
      from: "pod";
      data: string;
      say: { what: string; frame: string; event: string; id: unknown; reasons: string[] };
    }
);

const dir = new URL("../../../testdata/hosted/", import.meta.url);
const cases = readdirSync(dir).map((file): Case => JSON.parse(readFileSync(new URL(file, dir), "utf8")));

describe.each(rows.map((row, n) => [n, row] as const))("row %i of the hosted API, %s", (n) => {
  it.each(cases.filter((c) => c.row === n))("$name", (c) => {
    if (c.from === "host") {
      expect(parseHostedMessage(c.data)).toEqual(c.reads);
      return;
    }
    const { what, frame, event, id, reasons } = c.say;
    const said = { ready, ask: askMember(frame), acknowledge: acknowledge(frame, event, id, reasons ?? []) }[what];
    expect(said).toBe(c.data);
  });
});

it("ignores messages that are too long or nested too deeply", () => {
  expect(parseHostedMessage(JSON.stringify({ event: "onLoad", data: "x".repeat(70_000) }))).toBeNull();
  expect(parseHostedMessage(`{"event":"onLoad","data":${"[".repeat(20_000)}${"]".repeat(20_000)}}`)).toEqual({
    kind: "event",
    event: "onLoad",
  });
});
