// Time is injected, so that tests control it.

export interface Clock {
  /** Unix milliseconds. */
  now(): number;
  /** Runs the function once after `ms` milliseconds; returns the function that cancels it. */
  after(ms: number, run: () => void): () => void;
}

/** The system clock, but never going back: when it is set back, the time since the last call is added instead. */
export const createClock = (): Clock => {
  let last = Date.now();
  let readAt = performance.now();
  return {
    now: () => {
      const since = performance.now() - readAt;
      readAt += since;
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

/** Resolves after `ms` milliseconds, or at once when the signal aborts. */
export const pause = (clock: Clock, ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const cancel = clock.after(ms, resolve);
    signal.addEventListener(
      "abort",
      () => {
        cancel();
        resolve();
      },
      { once: true },
    );
  });

/**
 * The wait before the nth try (from 0), in milliseconds: it doubles from half a second to 15 seconds, and half of it is
 * random. `random` is from 0 to 1.
 */
export const backOff = (n: number, random: number): number =>
  Math.min(15_000, 500 * 2 ** Math.min(n, 10)) * (0.5 + random / 2);
