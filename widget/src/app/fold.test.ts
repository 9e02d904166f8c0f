import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { pod } from "../../test/harness";
import { applyResponse } from "../lazy/response";
import type { Contact, EventFrame, Lock, MethodOption, Pod, Shield, Verification } from "../types";
import { fold, mergeFresh, since } from "./fold";

interface Brief {
  id: string;
  seq: number;
  shields: Record<string, Shield>;
  methods?: Record<string, MethodOption[]>;
  lock?: Lock;
  ahead?: Record<string, number>;
}

type Step =
  | EventFrame
  | { type: "snapshot" | "policy"; contacts: Brief[] }
  | { answer: Verification }
  | { asked: Brief[] };

interface Case {
  name: string;
  given: Brief[];
  steps: Step[];
  expect: Brief[] | "same";
}

const contactOf = ({ id, seq, shields, methods, lock, ahead }: Brief): Contact => ({
  id,
  name: id,
  default: id === "dana",
  seq,
  channels: Object.entries(shields).map(([channel, shield]) => ({
    id: channel,
    kind: "phone",
    label: channel,
    masked: channel,
    methods: methods?.[channel] ?? [],
    shield,
  })),
  history: [],
  ...(lock && { lock }),
  ...(ahead && { ahead }),
});

const { policy } = pod();

const podOf = (contacts: Brief[]): Pod => ({
  now: "2026-03-02T14:00:00Z",
  tenant: { id: "acme", name: "Acme IT" },
  technician: { id: "ana", name: "Ana Ortiz" },
  technician_known: true,
  ticket: { id: "t1", number: "4711", summary: "Reset" },
  client: { id: "contoso", name: "Contoso" },
  first_open: true,
  policy,
  contacts: contacts.map(contactOf),
});

const step = (pod: Pod, s: Step): Pod => {
  if ("answer" in s) return applyResponse(pod, s.answer);
  if ("asked" in s) return mergeFresh(pod, podOf(s.asked));
  return fold(pod, s.type === "event" ? s : { type: s.type, pod: podOf(s.contacts) });
};

const dir = new URL("../../../testdata/frames/", import.meta.url);
const cases = readdirSync(dir).map((file): Case => JSON.parse(readFileSync(new URL(file, dir), "utf8")));

describe("a pod after frames of the server", () => {
  it.each(cases)("$name", ({ given, steps, expect: want }) => {
    const before = podOf(given);
    const after = steps.reduce(step, before);
    if (want === "same") expect(after).toBe(before);
    else expect(after).toEqual(podOf(want));
  });

  it("resumes from the contact that is furthest behind", () => {
    expect(
      since(
        podOf([
          { id: "dana", seq: 7, shields: {} },
          { id: "sam", seq: 3, shields: {} },
        ]),
      ),
    ).toBe(3);
  });

  it("resumes from nothing when the ticket has no contact", () => {
    expect(since(podOf([]))).toBe(0);
  });
});
