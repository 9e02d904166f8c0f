import { beforeEach, describe, expect, it, vi } from "vitest";
import { settle, t0 } from "../../test/harness";
import { createClock } from "../clock";
import { createLoadLazy, lazy } from "./registry";

type Module = Parameters<typeof createLoadLazy>[0] extends () => Promise<infer M> ? M : never;

/** The module as far as the registry reads it. */
const all = { Pending: () => null } as unknown as Module;

const start = () => {
  const requests: { arrive: () => Promise<void>; fail: () => Promise<void> }[] = [];
  const load = createLoadLazy(
    () =>
      new Promise((resolve, reject) => {
        const then = (end: () => void) => {
          end();
          return settle();
        };
        requests.push({ arrive: () => then(() => resolve(all)), fail: () => then(() => reject(new Error("aborted"))) });
      }),
    createClock(),
  );
  return { load, requests };
};

describe("loading the second file", () => {
  let changes: unknown[];

  beforeEach(() => {
    vi.useFakeTimers({ now: Date.parse(t0) });
    lazy.value = {};
    changes = [];
    return lazy.subscribe(() => changes.push(lazy.value));
  });

  it("happens once", async () => {
    const { load, requests } = start();
    const both = [load(), load()];
    await requests[0]?.arrive();
    await Promise.all([...both, load()]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect([requests.length, changes]).toEqual([1, [all]]);
  });

  it("is repeated at the next call when it failed, and only then", async () => {
    const { load, requests } = start();
    const first = load();
    await requests[0]?.fail();
    await first;
    await vi.advanceTimersByTimeAsync(60_000);
    expect([requests.length, changes]).toEqual([1, [{ missing: true }]]);
    void load();
    await requests[1]?.arrive();
    expect(changes).toEqual([{ missing: true }, all]);
  });

  it("is not missing for 15 seconds, and then is, without an end of the wait before", async () => {
    const { load, requests } = start();
    const ended = vi.fn();
    void load().then(ended);
    await vi.advanceTimersByTimeAsync(14_999);
    expect([changes, ended.mock.calls.length]).toEqual([[], 0]);
    await vi.advanceTimersByTimeAsync(1);
    expect([changes, ended.mock.calls.length, requests.length]).toEqual([[{ missing: true }], 1, 1]);
  });

  it("replaces a missing file when it arrives late, once", async () => {
    const { load, requests } = start();
    void load();
    await vi.advanceTimersByTimeAsync(15_000);
    void load();
    await requests[0]?.arrive();
    await requests[1]?.arrive();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(changes).toEqual([{ missing: true }, all]);
  });

  it("does not lose a file that has arrived when another load of it fails", async () => {
    const { load, requests } = start();
    void load();
    await vi.advanceTimersByTimeAsync(15_000);
    void load();
    await requests[0]?.arrive();
    await requests[1]?.fail();
    expect(changes).toEqual([{ missing: true }, all]);
  });
});
