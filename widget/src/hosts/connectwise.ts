// ConnectWise Manage around the pod, by its hosted API. What the browser says of the member is a claim that the
// server proves; the ticket is the one that ConnectWise has on screen.

import { type Api, Refusal } from "../api";
import { type Clock, pause } from "../clock";
import { type Cell, cell } from "../observable";
import type { Member } from "../types";
import { type Ears, type Host, type HostWindow, listen } from "./host";
import { acknowledge, askMember, type Heard, hear, ready, type Shown } from "./hosted-messages";

/** How long ConnectWise may take to answer. */
const patience = 15_000;
/** How long it may take to say which ticket is on screen, before the page's own address is believed. */
const grace = 1_000;
/** Tickets that change faster than this are waited out: only the one that stays is opened. */
const lull = 300;
/** How often the same ticket is looked at again. */
const rest = 5_000;

export interface HostedPage {
  window: HostWindow;
  /** ConnectWise's: one of the tenant's, and the one that frames this page. */
  origin: string;
  tenant: string;
  /** The ticket that the page's address names. */
  named: Shown | null;
  api: Pick<Api, "launchConnectWise">;
  clock: Clock;
}

export const createConnectWise = ({ window, origin, tenant, named, api, clock }: HostedPage, ears: Ears): Host => {
  const frame = cell("");
  const shown = cell<Shown | null>(null);
  const member = cell<Member | null | undefined>(undefined);
  let owed = 0; // ids of the frame: one for each time that it said it was ready
  let asking: Promise<Member> | null = null;
  let opened: string | null = null;
  let openedAt = 0;
  let turnedAt = Number.NEGATIVE_INFINITY;
  let rushed = false;
  let callOffLook = () => {};

  const say = (json: string) => window.parent.postMessage(json, origin);

  listen(window, origin, (data) => {
    const heard = hear(data);
    if (heard?.is === "frame" && owed > 0) {
      owed--;
      frame.value = heard.frame;
    }
    if (heard?.is === "member" && asking) member.value = heard.member;
    if (heard?.is === "event") answer(heard);
  });

  /** Acknowledged first, whatever becomes of it here: an event that is not keeps the screen from saving. */
  const answer = ({ event, id, ticket }: Heard & { is: "event" }) => {
    let reasons: string[] = [];
    try {
      if (event.toLowerCase() === "beforesave") reasons = ears.save();
    } finally {
      say(acknowledge(frame.value, event, id, reasons));
    }
    if (ticket) show(ticket);
  };

  const show = (ticket: Shown) => {
    const known = shown.value;
    shown.value = ticket;
    if (opened === null) return;
    if (opened === ticket.id) {
      if (known) lookAgain();
      return;
    }
    callOffLook();
    rushed = clock.now() - turnedAt < lull;
    turnedAt = clock.now();
    opened = ticket.id;
    ears.turn();
  };

  const lookAgain = () => {
    callOffLook();
    callOffLook = clock.after(Math.max(0, openedAt + rest - clock.now()), ears.again);
  };

  /** Nothing correlates an answer with its request: one is asked at a time, and whoever needs it waits for that one. */
  const whoIs = (): Promise<Member> => {
    asking ??= (async () => {
      try {
        member.value = undefined;
        say(askMember(frame.value));
        const given = await settled(member, (m) => m !== undefined, patience, clock);
        if (given === undefined) throw new Refusal("host_timeout", "");
        if (given === null) throw new Refusal("member_refused", "");
        return given;
      } finally {
        asking = null;
        member.value = undefined;
      }
    })();
    return asking;
  };

  const open: Host["open"] = async (signal) => {
    if (rushed) await pause(clock, lull, signal);
    signal.throwIfAborted();
    if (!frame.value) {
      owed++;
      say(ready);
      if (!(await settled(frame, Boolean, patience, clock, signal))) throw new Refusal("host_timeout", "");
    }
    const [who] = await Promise.all([whoIs(), settled(shown, Boolean, grace, clock, signal)]);
    signal.throwIfAborted();
    const ticket = shown.value ?? named; // what is on screen now, however long the member took
    if (!ticket) {
      opened = ""; // whichever is named from now on is another one
      throw new Refusal("no_ticket", "");
    }
    [opened, openedAt] = [ticket.id, clock.now()];
    if (ticket.id === "0") throw new Refusal("ticket_unsaved", "");
    const screen = ticket.screen ?? named?.screen;
    const body = { tenant, origin, ticket: { id: ticket.id, ...(screen && { screen }) }, member: who };
    const launched = await api.launchConnectWise(body, signal);
    if (launched.pod.ticket.id !== ticket.id) throw new Refusal("invalid_response", "");
    return launched;
  };

  return { open, say() {} };
};

/** The cell's value once it is good, or as it is when time is up or nobody waits any more. */
const settled = <T>(it: Cell<T>, good: (value: T) => unknown, ms: number, clock: Clock, signal?: AbortSignal) =>
  new Promise<T>((resolve) => {
    const done = () => {
      callOff();
      unwatch();
      signal?.removeEventListener("abort", done);
      resolve(it.value);
    };
    const unwatch = it.watch(() => good(it.value) && done());
    const callOff = clock.after(ms, done);
    signal?.addEventListener("abort", done);
    if (good(it.value)) done();
  });
