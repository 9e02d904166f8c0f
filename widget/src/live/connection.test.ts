import { beforeEach, describe, expect, it, vi } from "vitest";
import { FakeSocket, green, t0 } from "../../test/harness";
import { createClock } from "../clock";
import type { ServerFrame } from "../types";
import { type Link, type Live, openLive, parseFrame } from "./connection";

const update: ServerFrame = {
  type: "event",
  seq: 8,
  now: t0,
  contact_id: "dana",
  shields: { mobile: green("v_1") },
  methods: {},
  history: [],
};

describe("the socket", () => {
  let sockets: FakeSocket[];
  let links: [Link, number][];
  let frames: ServerFrame[];
  let stops: number[];
  let live: Live;
  let since: number;

  const socket = () => sockets.at(-1) as FakeSocket;

  beforeEach(() => {
    vi.useFakeTimers();
    [sockets, links, frames, stops, since] = [[], [], [], [], 7];
    live = openLive({
      dial: () => {
        sockets.push(new FakeSocket());
        return socket();
      },
      clock: createClock(),
      chance: () => 1,
      auth: () => ({ type: "auth", token: "token-1", since }),
      onFrame: (f) => frames.push(f),
      onLink: (link, failures) => links.push([link, failures]),
      onStop: (code) => stops.push(code),
    });
  });

  it("says in its first frame who it is and how far it is", () => {
    socket().open();
    expect(socket().sent).toEqual([{ type: "auth", token: "token-1", since: 7 }]);
    expect(links).toEqual([["open", 0]]);
  });

  it("hands on frames, and nothing that is none", () => {
    socket().open();
    for (const junk of ["", "{", "null", "[]", '{"type":"rules"}', '"event"']) socket().say(junk);
    socket().say(update);
    expect(frames).toEqual([update]);
  });

  it.each([1006, 1001, 4400, 4408, 4450])("comes back after code %i, from where the pod is then", (code) => {
    socket().open();
    since = 9;
    socket().lose(code);
    expect(links).toEqual([
      ["open", 0],
      ["down", 1],
    ]);
    vi.advanceTimersByTime(500);
    socket().open();
    expect(sockets).toHaveLength(2);
    expect(socket().sent[0]?.since).toBe(9);
    expect(stops).toEqual([]);
  });

  it.each([4500, 4501, 4503, 4504, 4999])("stops after code %i and says so", (code) => {
    socket().open();
    socket().lose(code);
    vi.advanceTimersByTime(60_000);
    expect(stops).toEqual([code]);
    expect(sockets).toHaveLength(1);
  });

  it("waits twice as long each time, up to fifteen seconds", () => {
    const waits: number[] = [];
    for (let i = 0; i < 7; i++) {
      const before = Date.now();
      const count = sockets.length;
      socket().lose();
      while (sockets.length === count) vi.advanceTimersByTime(100);
      waits.push(Date.now() - before);
    }
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
  });

  it("begins with short waits again after a connection that held", () => {
    for (const wait of [500, 1000, 2000]) {
      socket().lose();
      vi.advanceTimersByTime(wait);
    }
    socket().open();
    vi.advanceTimersByTime(5000);
    socket().lose();
    vi.advanceTimersByTime(500);
    expect(sockets).toHaveLength(5);
  });

  it("gives up a connection that hangs, which counts as two failures, and tries again", () => {
    vi.advanceTimersByTime(4_999);
    expect(links).toEqual([]);
    vi.advanceTimersByTime(1);
    expect([links, sockets[0]?.closed]).toEqual([[["down", 2]], true]);
    sockets[0]?.open(); // too late
    expect(links).toEqual([["down", 2]]);
    vi.advanceTimersByTime(500);
    socket().open();
    vi.advanceTimersByTime(60_000);
    expect([links.at(-1), sockets.length]).toEqual([["open", 2], 2]);
  });

  it("is proven by the first frame of a connection, and by no junk", () => {
    socket().open();
    socket().say("{");
    expect(links.at(-1)).toEqual(["open", 0]);
    socket().say(update);
    socket().say(update);
    expect(links.slice(1)).toEqual([["proven", 0]]);
    socket().lose();
    vi.advanceTimersByTime(500);
    socket().open();
    expect(links.slice(2)).toEqual([
      ["down", 0],
      ["open", 0],
    ]);
  });

  it("counts connections that are closed at once, until one has held or carried a frame", () => {
    for (const wait of [500, 1000, 2000]) {
      socket().open();
      socket().lose();
      vi.advanceTimersByTime(wait);
    }
    expect(links.filter(([link]) => link === "down").map(([, failures]) => failures)).toEqual([1, 2, 3]);
    socket().open();
    vi.advanceTimersByTime(5_000);
    socket().lose();
    expect(links.at(-1)).toEqual(["down", 0]);
  });

  it("hurries when the network is back", () => {
    for (const wait of [500, 1000, 2000]) {
      socket().lose();
      vi.advanceTimersByTime(wait);
    }
    socket().lose();
    live.hurry();
    expect(sockets).toHaveLength(5);
    socket().open();
    vi.advanceTimersByTime(60_000);
    expect(sockets).toHaveLength(5);
  });

  it("is silent once it is closed, even in the middle of a wait", () => {
    socket().open();
    socket().lose();
    live.close();
    vi.advanceTimersByTime(60_000);
    expect(sockets).toHaveLength(1);
  });

  it("hears nothing more of a connection that was closed", () => {
    socket().open();
    live.close();
    socket().say(update);
    socket().lose(4501);
    expect([frames, stops, socket().closed]).toEqual([[], [], true]);
  });
});

it("a frame that is not text is none", () => {
  expect(parseFrame(new ArrayBuffer(2))).toBeNull();
});
