// Wires the pod: the session feeds the store, and the views call the commands.

import type { Host } from "../hosts/host";
import { strings } from "../i18n/strings";
import type { Commands } from "../lazy/commands";
import { lazy } from "../lazy/registry";
import { createSession, type SessionDeps } from "../session/session";
import { StaleTicketError } from "../session/ticket";
import type { Channel, Contact } from "../types";
import type { Controller } from "../views/controller";
import { since } from "./fold";
import { type Action, channelKey, currentShield, hasPending, saveRule, shieldKeyOf } from "./state";
import { createStore, type Store } from "./store";

export interface ControllerDeps
  extends Pick<SessionDeps, "api" | "host" | "dial" | "clock" | "random" | "createPolling"> {
  /** A fresh idempotency key. */
  newKey: () => string;
  /** Loads lazy/, which has the commands. Never rejects. */
  loadLazy: () => Promise<void>;
}

/** In milliseconds: how long a press waits for lazy/. A later send would surprise the technician. */
const maxWait = 5_000;

export const createController = (deps: ControllerDeps): Controller => {
  const post: Host["post"] = (message) => session.post(message);
  const store = createStore(deps.clock, post);
  const { state, set, setEntry } = store;
  const session = createSession({ ...deps, ...sessionEvents(store, post) });
  lazy.subscribe(() => {
    if (!state.value.pod) return;
    set({});
    if (!lazy.value.missing) session.wake();
  });

  const run = async (command: (commands: Commands) => Promise<void> | void) => {
    const { createActions, createCommands } = lazy.value;
    if (!createActions || !createCommands) return;
    const scope = session.scope();
    try {
      await command(createCommands({ ...deps, actions: createActions(deps.api.request), store, scope }));
    } catch (e) {
      if (!(e instanceof StaleTicketError)) throw e;
    }
  };

  /**
   * Runs the command of a button. Before lazy/ has been loaded, the press waits for it with a busy button, and then
   * counts only if nothing has changed. Of several presses the last one waits.
   */
  const press = async (
    contact: Contact,
    channel: Channel,
    action: Action,
    command: (commands: Commands, contact: Contact, channel: Channel) => Promise<void>,
  ) => {
    let target: [Contact, Channel] | undefined = [contact, channel];
    if (!lazy.value.createCommands) {
      const where = channelKey(contact, channel);
      const shieldKey = shieldKeyOf(currentShield(channel, store.serverNow()));
      const mine = { action, shieldKey, contact, channel, until: deps.clock.now() + maxWait };
      const end = () => {
        const waits = state.value.busy[where] === mine;
        if (waits) set({ busy: {} });
        return waits;
      };
      set({ busy: { [where]: mine } });
      deps.clock.after(maxWait, end);
      await deps.loadLazy();
      if (!end()) return;
      target = lazy.value.pressTarget?.(mine, store, deps.clock.now());
    }
    if (target) await run((commands) => command(commands, ...target));
  };

  return {
    send: (contact, channel, method) =>
      press(contact, channel, method, (commands, ...target) => commands.send(...target, method)),
    checkCode: (...given) => run((commands) => commands.checkCode(...given)),
    cancel: (contact, channel, id) =>
      press(contact, channel, "cancel", (commands, ...target) => commands.cancel(...target, id)),
    setCodeError: (...error) => run((commands) => commands.setCodeError(...error)),
    loadOlder: (contact) => run((commands) => commands.loadOlder(contact)),
    state,
    start: session.start,
    wake() {
      if (lazy.value.missing) void deps.loadLazy();
      set({});
      session.wake();
    },
    retry() {
      void deps.loadLazy();
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
      const { pod, drawn } = state.value;
      const rule = pod && drawn ? saveRule(pod, serverNow()) : "off";
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
