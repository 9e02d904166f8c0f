// The state that the views draw, and the server's clock. Every change goes through `set`, which reports it to the
// host and the live region and schedules the next tick.

import type { Clock } from "../clock";
import type { Host } from "../hosts/host";
import { lazy } from "../lazy/registry";
import { observable } from "../observable";
import type { Pod, PodFrame } from "../types";
import { fold, mergeFresh } from "./fold";
import {
  initialState,
  needsLazy,
  opensExpanded,
  type RecordField,
  type State,
  staysExpanded,
  ticketContact,
} from "./state";
import { nextTick } from "./timers";

export type Store = ReturnType<typeof createStore>;

export const createStore = (clock: Clock, post: Host["post"]) => {
  const state = observable<State>(initialState);
  /** Server time minus local time, in milliseconds. */
  let skew = 0;
  /** The state that was reported last. */
  let reported = initialState;
  let cancelTick = () => {};
  const serverNow = () => clock.now() + skew;

  const set = (patch: Partial<State>) => {
    const after = { ...state.value, now: serverNow(), ...patch };
    const { report, missing } = lazy.value;
    after.drawn = after.phase === "open" && !!(after.drawn || report || missing || !needsLazy(after));
    const announcement = report?.(reported, after, post);
    if (report || !reported.pod) reported = after; // changes before `report` has been loaded are reported once it is
    state.value = { ...after, announcement: announcement || after.announcement };
    cancelTick();
    const delay = nextTick(after.pod, serverNow());
    if (delay !== undefined) cancelTick = clock.after(delay, () => set({}));
  };

  /** An event may have been delayed on its way, so it can only move the clock forward. */
  const syncClock = (pod: Pod, frame: PodFrame) => {
    const measured = Date.parse(frame.type === "event" ? frame.now : frame.pod.now) - clock.now();
    if (frame.type === "snapshot") skew = measured;
    else if (frame.type === "policy" || pod.contacts.some((c) => c.id === frame.contact_id && frame.seq >= c.seq)) {
      skew = Math.max(skew, measured);
    }
  };

  /** Replaces the pod and keeps input; a typed code is dropped when its verification has ended. */
  const replacePod = (before: Pod, after: Pod, patch: Partial<State> = {}) => {
    const open = new Set(after.contacts.flatMap((c) => c.channels.map((ch) => ch.shield.verification_id)));
    const codes = Object.fromEntries(Object.entries(state.value.codes).filter(([id]) => open.has(id)));
    const expanded = staysExpanded({ ...state.value, codes }, before, after, serverNow());
    set({ pod: after, codes, expanded, ...patch });
  };

  /** Sets one entry of a record in the state. */
  const setEntry = <F extends RecordField>(field: F, key: string, value: State[F][string]) =>
    set({ [field]: { ...state.value[field], [key]: value } });

  return {
    state,
    serverNow,
    set,
    setEntry,

    /** Empties the screen: the ticket has left it. */
    reset() {
      cancelTick();
      reported = initialState;
      state.value = initialState;
    },

    /** Shows a launched pod. `resumed`: the same ticket as before. Returns whether the pod has news. */
    showPod(pod: Pod, resumed: boolean): boolean {
      skew = Date.parse(pod.now) - clock.now();
      const { pod: old, selected } = state.value;
      const contact = ticketContact(pod)?.id ?? "";
      if (resumed && old) {
        const followsTicket = selected === ticketContact(old)?.id;
        const patch = { phase: "open", problem: null, selected: followsTicket ? contact : selected } as const;
        replacePod(old, mergeFresh(old, pod), patch);
        return pod.contacts.some((c) => c.seq > (old.contacts.find((o) => o.id === c.id)?.seq ?? 0));
      }
      const expanded = opensExpanded(pod, serverNow());
      set({ pod, phase: "open", problem: null, expanded, selected: contact });
      post({ type: "shieldpod:ready" });
      return true;
    },

    applyFrame(frame: PodFrame) {
      const { pod } = state.value;
      if (!pod) return;
      syncClock(pod, frame);
      replacePod(pod, fold(pod, frame));
    },
  };
};
