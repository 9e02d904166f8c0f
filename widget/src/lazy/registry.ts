// The registry of code that the pod does not need until it has been drawn. It is a second file, fetched right after
// the first paint.

import { type Clock, systemClock } from "../clock";
import { observable } from "../observable";

type LazyModule = typeof import("./all");

/** In milliseconds: a file that takes longer is missing until it arrives. */
const timeout = 15_000;

/** Empty until the file has loaded. `missing`: loading failed, or takes too long. */
export const lazy = observable<Partial<LazyModule> & { missing?: boolean }>({});

/**
 * Loads the file once; a load that failed or took too long is repeated at the next call. A late file replaces
 * `missing`. Never rejects.
 */
export const createLoadLazy = (load: () => Promise<LazyModule>, clock: Clock): (() => Promise<void>) => {
  let loading: Promise<void> | undefined;
  return () => {
    loading ??= new Promise((resolve) => {
      const miss = () => {
        cancel();
        loading = undefined;
        if (!lazy.value.Pending) lazy.value = { missing: true };
        resolve();
      };
      const cancel = clock.after(timeout, miss);
      load().then((all) => {
        cancel();
        if (!lazy.value.Pending) lazy.value = all;
        resolve();
      }, miss);
    });
    return loading;
  };
};

export const loadLazy = createLoadLazy(() => import("./all"), systemClock);
