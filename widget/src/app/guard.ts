// Other scripts change the pod's page too: page translators, password managers, dark modes. What they change is
// recorded here and taken back by lazy/restore.ts, so that Preact always finds the nodes that it made and what is
// on screen is what the pod drew last.

import { options } from "preact";
import { fetchLater, later } from "../lazy/registry";

/**
 * Watches all that is within the root from now on. Preact changes the page in its flush only: what is recorded
 * between two flushes is of another script.
 */
export const guard = (root: Node) => {
  const foreign: MutationRecord[] = [];
  const deal = (records: MutationRecord[], drawing = false) => {
    foreign.push(...records);
    if (drawing || foreign.length > 0) later.value.restore?.(foreign, observer, root, drawing);
  };
  const observer = new MutationObserver((records) => deal(records));
  options.debounceRendering = (flush) => {
    const draw = () => {
      deal(observer.takeRecords(), true);
      flush();
      observer.takeRecords();
    };
    if (foreign.length > 0) void fetchLater().then(draw);
    else queueMicrotask(draw);
  };
  observer.observe(root, { subtree: true, childList: true, characterDataOldValue: true, attributeOldValue: true });
};
