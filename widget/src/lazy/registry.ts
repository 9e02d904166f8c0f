// The registry of code that the pod does not need until it has been drawn. It is a second file, fetched right after
// the first paint.

import { observable } from "../observable";

type LazyModule = typeof import("./all");

/** Empty until the file has loaded. `missing`: loading failed. */
export const lazy = observable<Partial<LazyModule> & { missing?: boolean }>({});

let loading: Promise<void> | undefined;

/** Loads the file once; a failed load is repeated at the next call. Never rejects. */
export const loadLazy = (): Promise<void> => {
  loading ??= import("./all").then(
    (all) => {
      lazy.value = all;
    },
    () => {
      loading = undefined;
      lazy.value = { missing: true };
    },
  );
  return loading;
};
