// The pod at work: the session feeds it, the views draw `state` and call its acts.

import { Refusal, Unreachable } from "../api";
import { fault, words } from "../i18n/strings";
import { later } from "../lazy/registry";
import { cell } from "../observable";
import { createSession, Dropped, type SessionDeps, type Ticket } from "../session/session";
import type { Channel, Contact, Method, Pod, PodFrame, SendRequest, Verification } from "../types";
import { fold, lead, meet, since } from "./fold";
import { isCooling, nextEnd } from "./shield";
import {
  type Act,
  blank,
  type Doing,
  doing,
  type Fault,
  historyOf,
  mark,
  noteNeed,
  opensWide,
  place,
  type State,
  saveRule,
  shieldNow,
  staysOpen,
  ticketContact,
  underWay,
  without,
} from "./state";

export interface DeskDeps extends Pick<SessionDeps, "api" | "host" | "dial" | "clock" | "chance" | "feed"> {
  newKey: () => string;
}

/** Timers stand still while a machine sleeps: a green must not outlive its end by more than this after waking. */
const longestTick = 15_000;

/** How often a send of unknown fate is asked for again, under the same key, before the technician is told. */
const sendTries = 5;

export type Desk = ReturnType<typeof createDesk>;

export const createDesk = ({ api, host, clock, chance, dial, newKey, feed }: DeskDeps) => {
  const state = cell<State>(blank);
  let skew = 0;
  let callOffTick = () => {};
  /** The state that host and live region were told of last. */
  let told = blank;
  const serverNow = () => clock.now() + skew;

  const set = (patch: Partial<State>) => {
    const after = { ...state.value, now: serverNow(), ...patch };
    const { report } = later.value;
    const said = report?.(told, after, session.say);
    if (report || !told.pod) told = after; // else what happens until the report is there is told then
    state.value = { ...after, said: said || after.said };
    schedule();
  };

  /** Ticks each second while something counts down, else when the next shield ends, or the banner comes or goes. */
  const schedule = () => {
    callOffTick();
    const now = serverNow();
    const { pod } = state.value;
    const shields = pod?.contacts.flatMap((c) => c.channels.map((ch) => shieldNow(ch, now))) ?? [];
    const { from, until } = pod?.policy.banner ?? {};
    const end = nextEnd(shields, now, [from, until]);
    if (end === undefined) return;
    const counting = shields.some((s) => s.state === "pending" || isCooling(s, now));
    const step = counting ? 1000 - (now % 1000) : longestTick;
    callOffTick = clock.after(Math.max(1, Math.min(step, end - now)), () => set({}));
  };

  const onPod = (pod: Pod, resumed: boolean): boolean => {
    skew = Date.parse(pod.now) - clock.now();
    const old = state.value.pod;
    if (resumed && old) {
      const { selected } = state.value;
      const moved = selected === ticketContact(old)?.id;
      const patch = {
        phase: "open",
        problem: null,
        selected: moved ? (ticketContact(pod)?.id ?? "") : selected,
      } as const;
      follow(old, meet(old, pod), patch);
      return pod.contacts.some((c) => c.seq > (old.contacts.find((o) => o.id === c.id)?.seq ?? 0));
    }
    set({
      pod,
      phase: "open",
      problem: null,
      shown: opensWide(pod, serverNow()),
      selected: ticketContact(pod)?.id ?? "",
    });
    session.say({ type: "shieldpod:ready" });
    return true;
  };

  const onFrame = (frame: PodFrame) => {
    const { pod } = state.value;
    if (!pod) return;
    heed(pod, frame);
    follow(pod, fold(pod, frame));
  };

  /** Goes on with the pod as it is now: what was typed and chosen stays, for as long as there is something to type it for. */
  const follow = (before: Pod, after: Pod, patch: Partial<State> = {}) => {
    const open = new Set(after.contacts.flatMap((c) => c.channels.map((ch) => ch.shield.verification_id)));
    const codes = Object.fromEntries(Object.entries(state.value.codes).filter(([id]) => open.has(id)));
    const shown = staysOpen({ ...state.value, codes }, before, after, serverNow());
    set({ pod: after, codes, shown, ...patch });
  };

  /** An event may have been long on its way: it can only find the server's clock to be later than thought. */
  const heed = (pod: Pod, frame: PodFrame) => {
    const told = Date.parse(frame.type === "event" ? frame.now : frame.pod.now) - clock.now();
    if (frame.type === "snapshot") skew = told;
    else if (frame.type === "policy" || pod.contacts.some((c) => c.id === frame.contact_id && frame.seq >= c.seq)) {
      skew = Math.max(skew, told);
    }
  };

  const session = createSession({
    api,
    host,
    clock,
    chance,
    dial,
    ...(feed && { feed }),
    serverNow,
    known() {
      const { pod } = state.value;
      return pod ? { since: since(pod), policy: pod.policy.version } : { since: 0 };
    },
    onSave() {
      const { pod, phase } = state.value;
      const rule = pod && phase === "open" ? saveRule(pod, serverNow()) : "off";
      if (!pod || rule === "off") return [];
      set({ saved: rule });
      return rule === "block" ? [words.saveFirst, pod.policy.explanations.before_save ?? ""].filter(Boolean) : [];
    },
    onDrop() {
      callOffTick();
      told = blank;
      state.value = blank;
    },
    onPod,
    onFrame,
    onUpdates: (updates) => set({ online: updates !== "none", polling: updates === "polling" }),
    waiting() {
      const { pod } = state.value;
      return pod !== null && underWay(pod, serverNow());
    },
    onWait: (why) => set(state.value.phase === "open" ? { online: false } : { phase: "stopped", problem: why }),
    onStop(why) {
      set({ phase: "stopped", problem: why });
      session.say({ type: "shieldpod:error", code: why.code });
    },
  });

  const wake = () => {
    set({});
    session.wake();
  };
  later.watch(() => state.value.pod && wake());

  /** One act on one channel: busy while it lasts, its fault beside it. */
  const act = async (contact: Contact, channel: Channel, what: Act, ask: (ticket: Ticket) => Promise<Verification>) => {
    const where = place(contact, channel);
    const shield = shieldNow(channel, serverNow());
    if (doing(state.value, where, shield) || !state.value.online) return;
    const mine: Doing = { act: what, mark: mark(shield) };
    const settled = () => {
      const { busy } = state.value;
      return busy[where] === mine ? without(busy, where) : busy;
    };
    set({ busy: { ...state.value.busy, [where]: mine }, faults: without(state.value.faults, where) });
    try {
      const answer = await ask(session.ticket());
      const { pod } = state.value;
      if (!pod) return;
      const warning = { quotas: answer.warnings ?? [], mark: mark(answer.shield) };
      set({
        pod: lead(pod, answer),
        busy: settled(),
        warnings: { ...state.value.warnings, [where]: warning },
      });
    } catch (e) {
      if (e instanceof Dropped) return;
      const { faults, wrong } = state.value;
      const judged = what === "code" && e instanceof Refusal;
      set({
        busy: settled(),
        faults: { ...faults, [where]: { act: what, text: faultOf(e, what), judged, mark: mine.mark } },
        wrong: judged ? { ...wrong, [where]: (wrong[where] ?? 0) + 1 } : wrong,
      });
    }
  };

  /** A send of unknown fate is asked for again under the same key, so that nothing is sent twice. */
  const persist = async (ticket: Ticket, key: string, request: SendRequest): Promise<Verification> => {
    for (let tries = 0; ; tries++) {
      try {
        return await ticket.call((token, signal) => api.send(token, signal, key, request));
      } catch (e) {
        if (!(e instanceof Unreachable) || tries + 1 >= sendTries) throw e;
        await ticket.wait(tries);
      }
    }
  };

  return {
    state,
    start: () => session.start(),
    /** The technician presses to try once more. */
    again() {
      set({ phase: "starting", problem: null });
      session.again();
    },
    /** The screen is looked at again, or the network is back. */
    wake,
    show: () => set({ shown: true, opened: true }),
    select: (contact: string) => set({ selected: contact }),
    unfold: (contact: string) => set({ unfolded: contact }),
    /** A note is one line. */
    setNote: (contact: Contact, note: string) =>
      set({ notes: { ...state.value.notes, [contact.id]: note.replace(/\s*[\r\n]+\s*/g, " ") } }),
    type: (verification: string, digits: string) => set({ codes: { ...state.value.codes, [verification]: digits } }),

    async send(contact: Contact, channel: Channel, method: Method) {
      const { pod, notes } = state.value;
      const note = (notes[contact.id] ?? "").trim();
      const need = pod ? noteNeed(contact, pod.policy, note) : "missing";
      if (need === "missing" || need === "short") return;
      const request: SendRequest = { contact_id: contact.id, channel_id: channel.id, method };
      if (need === "ok" && note) request.note = note;
      const press = JSON.stringify(request);
      await act(contact, channel, method, async (ticket) => {
        const key = state.value.keys[press] ?? newKey();
        set({ keys: { ...state.value.keys, [press]: key } });
        try {
          const answer = await persist(ticket, key, request);
          set({ keys: without(state.value.keys, press) });
          return answer;
        } catch (e) {
          if (e instanceof Refusal) set({ keys: without(state.value.keys, press) });
          throw e;
        }
      });
    },

    async check(contact: Contact, channel: Channel, verification: string) {
      const code = state.value.codes[verification] ?? "";
      await act(contact, channel, "code", (ticket) =>
        ticket.call((token, signal) => api.check(token, signal, verification, code)),
      );
    },

    async cancel(contact: Contact, channel: Channel, verification: string) {
      await act(contact, channel, "cancel", (ticket) =>
        ticket.call((token, signal) => api.cancel(token, signal, verification)),
      );
    },

    /** Says below the field what is wrong with the code typed; nothing is asked of the server. */
    object(contact: Contact, channel: Channel, text: string) {
      const fault: Fault = { act: "code", text, judged: true, mark: mark(shieldNow(channel, serverNow())) };
      set({ faults: { ...state.value.faults, [place(contact, channel)]: fault } });
    },

    async loadOlder(contact: Contact) {
      const had = state.value.older[contact.id];
      if (had?.state === "loading" || had?.state === "done") return;
      const keep = (older: NonNullable<typeof had>) => set({ older: { ...state.value.older, [contact.id]: older } });
      keep({ ...had, entries: had?.entries ?? [], state: "loading" });
      try {
        const page = await session.ticket().call((token, signal) => api.history(token, signal, contact.id, had?.next));
        keep({
          entries: [...(had?.entries ?? []), ...page.entries],
          state: page.next ? "ready" : "done",
          ...(page.next && { next: page.next }),
        });
      } catch (e) {
        if (e instanceof Dropped) return;
        keep({ ...had, entries: had?.entries ?? [], state: "ready", fault: faultOf(e, "history") });
      }
    },

    history: (contact: Contact) => historyOf(state.value, contact),
    resize: (height: number) => session.say({ type: "shieldpod:resize", height }),
  };
};

const faultOf = (e: unknown, what: Act | "history"): string => {
  if (e instanceof Refusal) return fault(e.code, e.detail, e.retryAfter);
  if (what === "code") return words.unreachableCode;
  return what === "cancel" || what === "history" ? words.unreachable : words.unreachableSend;
};
