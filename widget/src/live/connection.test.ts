import { beforeEach, describe, expect, it, vi } from "vitest";
import { FakeSocket, green, t0 } from "../../test/harness";
import { createClock } from "../clock";
import type { ServerFrame } from "../types";
import { type Connection, type ConnectionState, openConnection } from "./connection";
import { parseFrame } from "./frames";

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
  let links: [ConnectionState, number][];
  let frames: ServerFrame[];
  let stops: number[];
  let live: Connection;
  let since: number;

  const socket = () => sockets.at(-1) as FakeSocket;

  beforeEach(() => {
    vi.useFakeTimers();
    [sockets, links, frames, stops, since] = [[], [], [], [], 7];
    live = openConnection({
      dial: () => {
        sockets.push(new FakeSocket());
        return socket();
      },
      clock: createClock(),
      random: () => 1,
      auth: () => ({ type: "auth", token: "token-1", since }),
      onFrame: (f) => frames.push(f),
      onState: (link, failures) => links.push([link, failures]),
      onStop: (code) => stops.push(code),
    });
  });

  it("authenticates and sends its sequence number in the first frame", () => {
    socket().open();
    expect(socket().sent).toEqual([{ type: "auth", token: "token-1", since: 7 }]);
    expect(links).toEqual([["open", 0]]);
  });

  it("passes on frames, and ignores other messages", () => {
    socket().open();
    for (const junk of ["", "{", "null", "[]", '{"type":"rules"}', '"event"']) socket().say(junk);
    socket().say(update);
    expect(frames).toEqual([update]);
  });

  it.each([1006, 1001, 4400, 4408, 4450])("reconnects after code %i, from the pod's sequence number", (code) => {
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

  it.each([4500, 4501, 4503, 4504, 4999])("stops after code %i and reports it", (code) => {
    socket().open();
    socket().lose(code);
    vi.advanceTimersByTime(60_000);
    expect(stops).toEqual([code]);
    expect(sockets).toHaveLength(1);
  });

  it("doubles the wait each time, up to fifteen seconds", () => {
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

  it("begins with short waits again after a stable connection", () => {
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

  it("abandons a connection that hangs, which counts as two failures, and reconnects", () => {
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

  it("is active after the first frame of a connection, and not after other messages", () => {
    socket().open();
    socket().say("{");
    expect(links.at(-1)).toEqual(["open", 0]);
    socket().say(update);
    socket().say(update);
    expect(links.slice(1)).toEqual([["active", 0]]);
    socket().lose();
    vi.advanceTimersByTime(500);
    socket().open();
    expect(links.slice(2)).toEqual([
      ["down", 0],
      ["open", 0],
    ]);
  });

  it("counts connections that are closed at once, until one was stable or carried a frame", () => {
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

  it("reconnects at once when the network is back", () => {
    for (const wait of [500, 1000, 2000]) {
      socket().lose();
      vi.advanceTimersByTime(wait);
    }
    socket().lose();
    live.reconnectNow();
    expect(sockets).toHaveLength(5);
    socket().open();
    vi.advanceTimersByTime(60_000);
    expect(sockets).toHaveLength(5);
  });

  it("does nothing once it is closed, even during a wait", () => {
    socket().open();
    socket().lose();
    live.close();
    vi.advanceTimersByTime(60_000);
    expect(sockets).toHaveLength(1);
  });

  it("ignores messages of a closed connection", () => {
    socket().open();
    live.close();
    socket().say(update);
    socket().lose(4501);
    expect([frames, stops, socket().closed]).toEqual([[], [], true]);
  });
});

it("a message that is not text is not a frame", () => {
  expect(parseFrame(new ArrayBuffer(2))).toBeNull();
});
