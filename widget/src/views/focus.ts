// The keyboard's place: not lost when what held it is drawn away.

import { useLayoutEffect, useRef } from "preact/hooks";

/** The focus of what was drawn away within the element goes to its heir. */
export const useKeptFocus = <E extends HTMLElement>(heir: (root: E) => HTMLElement) => {
  const root = useRef<E>(null);
  const had = root.current?.contains(document.activeElement) ?? false;
  useLayoutEffect(() => {
    if (had && root.current && !root.current.contains(document.activeElement)) heir(root.current).focus();
  });
  return root;
};
