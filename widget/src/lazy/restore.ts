// Takes back what other scripts changed in the pod's page: a translator that puts <font> in place of text leaves
// Preact with text nodes that are on no screen, and the first contact's name above the second one's shield.

import { type Clock, systemClock } from "../clock";

/** So many changes are taken back at once after the pod has drawn: a script that makes them again each time then waits. */
const atOnce = 1_000;
/** How long it waits for that, in milliseconds, unless the pod draws before. */
const rest = 2_000;

type Restore = (foreign: MutationRecord[], observer: MutationObserver, root: Node, drawing: boolean) => void;

export const createRestore = (clock: Clock): Restore => {
  /** Nodes that other scripts put in. */
  const alien = new WeakSet<Node>();
  let left = atOnce;
  let resting = false;
  const restore: Restore = (foreign, observer, root, drawing) => {
    if (drawing) left = atOnce;
    if (foreign.length === 0) return;
    if (left > 0) {
      left -= foreign.length;
      undo(foreign.splice(0), root, alien);
      observer.takeRecords();
    } else if (!resting) {
      resting = true;
      clock.after(rest, () => {
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
 * Undoes the records, the newest first, as far as they concern the pod's own nodes. What was put in stays if it
 * shows no text (a password manager's icon), or stands beside the pod (an extension's own box).
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

/** The node of another script that the node is within; a node of the pod's that was moved into one is not. */
const outermost = (node: Node | null, alien: WeakSet<Node>, taken: Set<Node>): Node | undefined => {
  let found: Node | undefined;
  for (let at = node; at && !taken.has(at); at = at.parentNode) if (alien.has(at)) found = at;
  return found;
};

/** Where the keyboard was: a node that is taken out of the page loses it. */
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
