// Wires the pod: the session feeds the store, and the views call the commands.

import type { Host } from "../hosts/host";
import { strings } from "../i18n/strings";
import { lazy } from "../lazy/registry";
import { createSession, type SessionDeps } from "../session/session";
import type { Contact } from "../types";
import type { Controller } from "../views/controller";
import { createCommands } from "./commands";
import { since } from "./fold";
import { hasPending, saveRule } from "./state";
import { createStore, type Store } from "./store";

export interface ControllerDeps
  extends Pick<SessionDeps, "api" | "host" | "dial" | "clock" | "random" | "createPolling"> {
  /** A fresh idempotency key. */
  newKey: () => string;
}

export const createController = (deps: ControllerDeps): Controller => {
  const post: Host["post"] = (message) => session.post(message);
  const store = createStore(deps.clock, post);
  const { state, set, setEntry } = store;
  const session = createSession({ ...deps, ...sessionEvents(store, post) });
  const wake = () => {
    set({});
    session.wake();
  };
  lazy.subscribe(() => state.value.pod && wake());

  return {
    ...createCommands({ ...deps, store, session }),
    state,
    start: session.start,
    wake,
    retry() {
      set({ phase: "starting", problem: null });
      session.retry();
    },
    expand: () => set({ expanded: true, expandedByUser: true }),
    selectContact: (id: string) => set({ selected: id }),
    openHistory: (contactId: string) => set({ openHistory: contactId }),
    setNote: (contact: Contact, note: string) => setEntry("notes", contact.id, note.replace(/\s*[\r\n]+\s*/g, " ")),
    setCode: (id: string, digits: string) => setEntry("codes", id, digits),
    resize: (height: number) => post({ type: "shieldpod:resize", height }),
  };
};

/** What the session tells the store, and what it asks it. */
const sessionEvents = ({ state, set, serverNow, reset, showPod, applyFrame }: Store, post: Host["post"]) =>
  ({
    serverNow,
    resumePoint() {
      const { pod } = state.value;
      return pod ? { since: since(pod), policy: pod.policy.version } : { since: 0 };
    },
    isWaiting() {
      const { pod } = state.value;
      return pod !== null && hasPending(pod, serverNow());
    },
    onSave() {
      const { pod, phase } = state.value;
      const rule = pod && phase === "open" ? saveRule(pod, serverNow()) : "off";
      if (!pod || rule === "off") return [];
      set({ saveNotice: rule });
      return rule === "block" ? [strings.saveFirst, pod.policy.explanations.before_save ?? ""].filter(Boolean) : [];
    },
    onReset: reset,
    onPod: showPod,
    onFrame: applyFrame,
    onUpdates: (updates) => set({ online: updates !== "none", polling: updates === "polling" }),
    onWait: (reason) => set(state.value.phase === "open" ? { online: false } : { phase: "stopped", problem: reason }),
    onStop(reason) {
      set({ phase: "stopped", problem: reason });
      post({ type: "shieldpod:error", code: reason.code });
    },
  }) satisfies Partial<SessionDeps>;
