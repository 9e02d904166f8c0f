// Keeps the keyboard focus when its element disappears.

import { useLayoutEffect, useRef } from "preact/hooks";

/** Moves the focus of an element that has disappeared within the root to a fallback. */
export const useKeptFocus = <E extends HTMLElement>(fallback: (root: E) => HTMLElement) => {
  const root = useRef<E>(null);
  const had = root.current?.contains(document.activeElement) ?? false;
  useLayoutEffect(() => {
    if (had && root.current && !root.current.contains(document.activeElement)) fallback(root.current).focus();
  });
  return root;
};
