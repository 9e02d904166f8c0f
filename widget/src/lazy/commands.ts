// What the technician does on a channel: send, check a code, cancel, read older history.

import { ApiError, NetworkError } from "../api";
import {
  type Action,
  channelKey,
  currentShield,
  noteStatus,
  type PendingAction,
  pendingAction,
  type RecordField,
  type State,
  shieldKeyOf,
} from "../app/state";
import type { Observable } from "../observable";
import { StaleTicketError, type TicketScope } from "../session/ticket";
import type { Channel, Contact, Method, SendRequest, Verification } from "../types";
import type { Actions } from "./actions";
import { loadOlder } from "./older";
import { applyResponse } from "./response";
import { errorText, strings } from "./strings";

/** How often a send without a response is repeated under the same key before an error is shown. */
const maxSendTries = 5;

/** The state that the commands read and change. */
export interface CommandStore {
  state: Observable<State>;
  set(patch: Partial<State>): void;
  setEntry<F extends RecordField>(field: F, key: string, value: State[F][string]): void;
  serverNow(): number;
}

export interface CommandDeps {
  actions: Actions;
  store: CommandStore;
  /** Requests for the ticket on which a button was pressed. */
  scope: TicketScope;
  /** A fresh idempotency key. */
  newKey: () => string;
}

export type Commands = ReturnType<typeof createCommands>;

export const createCommands = ({ actions, store, scope, newKey }: CommandDeps) => {
  const { state, set, setEntry, serverNow } = store;
  const perform = createPerform(store);

  /** Repeats a send without a response under the same key, so that nothing is sent twice. */
  const sendWithRetry = async (key: string, body: SendRequest): Promise<Verification> => {
    for (let tries = 0; ; tries++) {
      try {
        return await scope.call((token, signal) => actions.send(token, signal, key, body));
      } catch (e) {
        if (!(e instanceof NetworkError) || tries + 1 >= maxSendTries) throw e;
        await scope.wait(tries);
      }
    }
  };

  return {
    /** Sends nothing while a required note is missing. */
    async send(contact: Contact, channel: Channel, method: Method) {
      const { pod, notes } = state.value;
      const note = (notes[contact.id] ?? "").trim();
      const status = pod ? noteStatus(contact, pod.policy, note) : "missing";
      if (status === "missing" || status === "short") return;
      const body: SendRequest = { contact_id: contact.id, channel_id: channel.id, method };
      if (status === "ok" && note) body.note = note;
      const press = JSON.stringify(body);
      await perform(contact, channel, method, async () => {
        const key = state.value.keys[press] ?? newKey();
        setEntry("keys", press, key);
        try {
          const verification = await sendWithRetry(key, body);
          set({ keys: omit(state.value.keys, press) });
          return verification;
        } catch (e) {
          if (e instanceof ApiError) set({ keys: omit(state.value.keys, press) });
          throw e;
        }
      });
    },

    checkCode(contact: Contact, channel: Channel, id: string) {
      const code = state.value.codes[id] ?? "";
      return perform(contact, channel, "code", () =>
        scope.call((token, signal) => actions.checkCode(token, signal, id, code)),
      );
    },

    cancel: (contact: Contact, channel: Channel, id: string) =>
      perform(contact, channel, "cancel", () => scope.call((token, signal) => actions.cancel(token, signal, id))),

    /** Shows an error below the code field without asking the server. */
    setCodeError(contact: Contact, channel: Channel, text: string) {
      const shieldKey = shieldKeyOf(currentShield(channel, serverNow()));
      setEntry("errors", channelKey(contact, channel), { action: "code", text, judged: true, shieldKey });
    },

    loadOlder: (contact: Contact) =>
      loadOlder(contact, {
        store,
        fetchPage: (cursor) => scope.call((token, signal) => actions.history(token, signal, contact.id, cursor)),
        textOf: (e) => textOf(e, "history"),
      }),
  };
};

/** Runs one action at a time on a channel: the channel is busy meanwhile, and an error is shown beside it. */
const createPerform =
  ({ state, set, serverNow }: CommandStore) =>
  async (contact: Contact, channel: Channel, action: Action, request: () => Promise<Verification>) => {
    const where = channelKey(contact, channel);
    const shield = currentShield(channel, serverNow());
    if (pendingAction(state.value, where, shield) || !state.value.online) return;
    const mine: PendingAction = { action, shieldKey: shieldKeyOf(shield) };
    const settled = () => {
      const { busy } = state.value;
      return busy[where] === mine ? omit(busy, where) : busy;
    };
    set({ busy: { ...state.value.busy, [where]: mine }, errors: omit(state.value.errors, where) });
    try {
      const verification = await request();
      const { pod } = state.value;
      if (!pod) return;
      const warning = { quotas: verification.warnings ?? [], shieldKey: shieldKeyOf(verification.shield) };
      set({
        pod: applyResponse(pod, verification),
        busy: settled(),
        warnings: { ...state.value.warnings, [where]: warning },
      });
    } catch (e) {
      if (e instanceof StaleTicketError) return;
      const { errors, wrongCodes } = state.value;
      const judged = action === "code" && e instanceof ApiError;
      set({
        busy: settled(),
        errors: { ...errors, [where]: { action, text: textOf(e, action), judged, shieldKey: mine.shieldKey } },
        wrongCodes: judged ? { ...wrongCodes, [where]: (wrongCodes[where] ?? 0) + 1 } : wrongCodes,
      });
    }
  };

const textOf = (e: unknown, action: Action | "history"): string => {
  if (e instanceof ApiError) return errorText(e.code, e.detail, e.retryAfter);
  if (action === "code") return strings().unreachableCode;
  return action === "cancel" || action === "history" ? strings().unreachable : strings().unreachableSend;
};

/** The record without one key. */
const omit = <T>(record: Record<string, T>, key: string): Record<string, T> => {
  const { [key]: _, ...rest } = record;
  return rest;
};
