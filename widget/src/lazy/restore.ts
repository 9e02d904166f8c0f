// Undoes changes by other scripts. A translator that replaces text by <font> leaves Preact with detached text nodes, so
// that the first contact's name would stay above the second one's shield.

import { type Clock, systemClock } from "../clock";

/** The number of changes undone without a pause after each drawing: a script that repeats its changes has to wait then. */
const maxChanges = 1_000;
/** In milliseconds: the pause before further changes are undone, unless the pod draws before. */
const cooldown = 2_000;

type Restore = (foreign: MutationRecord[], observer: MutationObserver, root: Node, drawing: boolean) => void;

export const createRestore = (clock: Clock): Restore => {
  /** Nodes that other scripts inserted. */
  const foreignNodes = new WeakSet<Node>();
  let left = maxChanges;
  let resting = false;
  const restore: Restore = (foreign, observer, root, drawing) => {
    if (drawing) left = maxChanges;
    if (foreign.length === 0) return;
    if (left > 0) {
      left -= foreign.length;
      undo(foreign.splice(0), root, foreignNodes);
      observer.takeRecords();
    } else if (!resting) {
      resting = true;
      clock.after(cooldown, () => {
        resting = false;
        left = 1;
        restore(foreign, observer, root, false);
      });
    }
  };
  return restore;
};

export const restore = createRestore(systemClock);

/**
 * Undoes the records, newest first, for the pod's own nodes. An inserted node stays if it has no text (a password manager's
 * icon) or is outside the pod (an extension's own box).
 */
const undo = (records: MutationRecord[], root: Node, alien: WeakSet<Node>) => {
  const focused = document.activeElement === document.body ? lastFocused : null;
  const taken = new Set<Node>();
  const unwanted = new Set<Element | Text>();
  for (const { target, addedNodes, removedNodes } of records) {
    for (const node of removedNodes) if (!alien.has(node)) taken.add(node);
    const instead = removedNodes.length > 0;
    for (const node of addedNodes) {
      if (taken.has(node)) continue;
      alien.add(node);
      if (node.textContent && (target !== root || instead)) unwanted.add(node as Element | Text);
    }
  }
  for (const record of records.reverse()) {
    const within = outermost(record.target, alien, taken);
    if (!within) undoOne(record, taken);
    else if (within.textContent && within.parentNode !== root) unwanted.add(within as Element | Text);
  }
  for (const node of unwanted) node.remove();
  if (focused?.isConnected && [...taken].some((node) => node.contains(focused))) focused.focus({ preventScroll: true });
};

const undoOne = (
  { type, target, attributeName, oldValue, removedNodes, previousSibling, nextSibling }: MutationRecord,
  taken: Set<Node>,
) => {
  if (type === "characterData") (target as CharacterData).data = oldValue ?? "";
  if (type === "attributes" && attributeName && oldValue !== null && !/^(style|data-.*)$/.test(attributeName)) {
    (target as Element).setAttribute(attributeName, oldValue);
  }
  const before = [nextSibling, previousSibling?.nextSibling].find((node) => node?.parentNode === target) ?? null;
  for (const node of removedNodes) if (taken.has(node)) target.insertBefore(node, before);
};

/** The outermost foreign node that contains the node; undefined for the pod's own nodes that were moved into one. */
const outermost = (node: Node | null, alien: WeakSet<Node>, taken: Set<Node>): Node | undefined => {
  let found: Node | undefined;
  for (let at = node; at && !taken.has(at); at = at.parentNode) if (alien.has(at)) found = at;
  return found;
};

/** The element that had the focus last: an element that is removed from the page loses it. */
let lastFocused: HTMLElement | null = null;
document.addEventListener("focusin", ({ target }) => {
  lastFocused = target as HTMLElement;
});
document.addEventListener("focusout", ({ target }) => {
  const blurred = () => document.activeElement !== target && lastFocused === target;
  setTimeout(() => {
    if (blurred()) lastFocused = null;
  });
});
