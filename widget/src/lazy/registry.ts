// What a pod can do without until it has been drawn: it comes as a second file, right after the first paint,
// so that it is there when it is asked for.

import { cell } from "../observable";

type Later = typeof import("./all");

/** Nothing until it has come. `missing`: it was asked for and did not arrive. */
export const later = cell<Partial<Later> & { missing?: boolean }>({});

let coming: Promise<void> | undefined;

/** Fetches it, once; what did not arrive is fetched anew when it is next asked for. */
export const fetchLater = (): Promise<void> => {
  coming ??= import("./all").then(
    (all) => {
      later.value = all;
    },
    () => {
      coming = undefined;
      later.value = { missing: true };
    },
  );
  return coming;
};
