// Other scripts change the pod's page too: page translators, password managers, dark modes. Their changes are recorded
// here and undone by lazy/restore.ts, so that Preact finds the nodes that it created and the screen shows what the pod
// drew last.

import { options } from "preact";
import { lazy, loadLazy } from "../lazy/registry";

/**
 * Observes everything within the root from now on. Preact changes the page only while it flushes, so a change between
 * two flushes was made by another script.
 */
export const guardDom = (root: Node) => {
  const foreign: MutationRecord[] = [];
  const handle = (records: MutationRecord[], drawing = false) => {
    foreign.push(...records);
    if (drawing || foreign.length > 0) lazy.value.restore?.(foreign, observer, root, drawing);
  };
  const observer = new MutationObserver((records) => handle(records));
  options.debounceRendering = (flush) => {
    const draw = () => {
      handle(observer.takeRecords(), true);
      flush();
      observer.takeRecords();
    };
    if (foreign.length > 0) void loadLazy().then(draw);
    else queueMicrotask(draw);
  };
  observer.observe(root, { subtree: true, childList: true, characterDataOldValue: true, attributeOldValue: true });
};
