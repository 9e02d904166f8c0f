// Other scripts change the pod's page too: page translators, password managers, dark modes. Their changes are recorded
// here and undone by lazy/restore.ts, so that Preact finds the nodes that it created and the screen shows what the pod
// drew last.

import { options } from "preact";
import { lazy } from "../lazy/registry";

/** Whether a change may hide what the pod draws; styles and data of other scripts are left alone. */
const isHarmful = ({ attributeName }: MutationRecord) => !/^(style|data-.*)$/.test(attributeName ?? "");

/**
 * Observes everything within the root from now on. Preact changes the page only while it flushes, so a change between
 * two flushes was made by another script. `redraw` draws everything anew: it is called before a flush where changes cannot
 * be undone, because lazy/ has not been loaded.
 */
export const guardDom = (root: Node, redraw: () => void) => {
  const foreign: MutationRecord[] = [];
  const handle = (records: MutationRecord[], drawing = false) => {
    foreign.push(...records);
    if (drawing || foreign.length > 0) lazy.value.restore?.(foreign, observer, root, drawing);
  };
  const observer = new MutationObserver((records) => handle(records));
  options.debounceRendering = (flush) =>
    queueMicrotask(() => {
      handle(observer.takeRecords(), true);
      if (!lazy.value.restore && foreign.splice(0).some(isHarmful)) redraw();
      flush();
      observer.takeRecords();
    });
  observer.observe(root, { subtree: true, childList: true, characterDataOldValue: true, attributeOldValue: true });
};
