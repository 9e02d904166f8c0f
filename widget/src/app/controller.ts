// Wires the pod: the session feeds the store, and the views call the commands.

import type { Host } from "../hosts/host";
import { strings } from "../i18n/strings";
import type { Commands } from "../lazy/commands";
import { lazy } from "../lazy/registry";
import { createSession, type SessionDeps } from "../session/session";
import { StaleTicketError } from "../session/ticket";
import type { Contact } from "../types";
import type { Controller } from "../views/controller";
import { since } from "./fold";
import { hasPending, saveRule } from "./state";
import { createStore, type Store } from "./store";

export interface ControllerDeps
  extends Pick<SessionDeps, "api" | "host" | "dial" | "clock" | "random" | "createPolling"> {
  /** A fresh idempotency key. */
  newKey: () => string;
  /** Loads lazy/, which has the commands. Never rejects. */
  loadLazy: () => Promise<void>;
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
  lazy.subscribe(() => !lazy.value.missing && state.value.pod && wake());

  /** Runs a command. One that is pressed before its code has been loaded waits for it, and ends with its ticket. */
  const run = async (command: (commands: Commands) => Promise<void> | void) => {
    const scope = session.scope();
    try {
      if (!lazy.value.createCommands) await scope.call(deps.loadLazy);
      const { createActions, createCommands } = lazy.value;
      if (!createActions || !createCommands) return;
      await command(createCommands({ ...deps, actions: createActions(deps.api.request), store, scope }));
    } catch (e) {
      if (!(e instanceof StaleTicketError)) throw e;
    }
  };

  return {
    send: (...press) => run((commands) => commands.send(...press)),
    checkCode: (...press) => run((commands) => commands.checkCode(...press)),
    cancel: (...press) => run((commands) => commands.cancel(...press)),
    setCodeError: (...error) => run((commands) => commands.setCodeError(...error)),
    loadOlder: (contact) => run((commands) => commands.loadOlder(contact)),
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
