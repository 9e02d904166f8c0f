// Time comes in through the door: tests bring their own.

export interface Clock {
  /** Unix milliseconds. */
  now(): number;
  /** Runs it once after so many milliseconds; gives the function that calls it off. */
  after(ms: number, run: () => void): () => void;
}

/** The computer's clock that never goes back: where it is set back, the time since the last call is added instead. */
export const createClock = (): Clock => {
  let last = Date.now();
  let mark = performance.now();
  return {
    now: () => {
      const since = performance.now() - mark;
      mark += since;
      last = Math.max(Date.now(), last + since);
      return last;
    },
    after: (ms, run) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
  };
};

export const systemClock = createClock();

/** Settles after so many milliseconds, or at once when the signal is aborted. */
export const pause = (clock: Clock, ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((done) => {
    const callOff = clock.after(ms, done);
    signal.addEventListener(
      "abort",
      () => {
        callOff();
        done();
      },
      { once: true },
    );
  });

/** How long to wait before the nth try (from 0): doubling from half a second to 15, and half of it by chance. */
export const backOff = (n: number, chance: number): number =>
  Math.min(15_000, 500 * 2 ** Math.min(n, 10)) * (0.5 + chance / 2);
