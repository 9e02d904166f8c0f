// ConnectWise Manage as the host, through its hosted API. The member that the browser reports is a claim, which the
// server verifies. The ticket is the one that ConnectWise has on screen.

import { type Api, ApiError } from "../api";
import { type Clock, pause } from "../clock";
import { type Observable, observable } from "../observable";
import type { Member } from "../types";
import { type Host, type HostEvents, type HostWindow, listenToParent } from "./host";
import {
  acknowledge,
  askMember,
  type HostedEvent,
  parseHostedMessage,
  ready,
  type ShownTicket,
} from "./hosted-messages";

/** In milliseconds: how long ConnectWise may take to answer. */
const hostTimeout = 15_000;
/** In milliseconds: how long ConnectWise may take to name the ticket, before the page's address decides. */
const ticketTimeout = 1_000;
/** In milliseconds: a ticket that follows another one faster is opened only if it stays this long. */
const settleTime = 300;
/** In milliseconds: how often the same ticket is looked up again at most. */
const recheckInterval = 5_000;

export interface HostedPage {
  window: HostWindow;
  /** The origin of ConnectWise: one of the tenant's, and the one that frames this page. */
  origin: string;
  tenant: string;
  /** The ticket in the page's address. */
  urlTicket: ShownTicket | null;
  api: Pick<Api, "launchConnectWise">;
  clock: Clock;
}

export const createConnectWise = (page: HostedPage, events: HostEvents): Host => {
  const { window, origin, tenant, urlTicket, api, clock } = page;
  const frame = observable("");
  const shown = observable<ShownTicket | null>(null);
  const member = observable<Member | null | undefined>(undefined);
  let requestedFrames = 0; // ConnectWise sends one id of the frame for each `ready`
  let memberRequest: Promise<Member> | null = null;
  let opened: string | null = null;
  let openedAt = 0;
  let changedAt = Number.NEGATIVE_INFINITY;
  let changesFast = false;
  let cancelRecheck = () => {};

  const post = (json: string) => window.parent.postMessage(json, origin);

  listenToParent(window, origin, (data) => {
    const message = parseHostedMessage(data);
    if (message?.kind === "frame" && requestedFrames > 0) {
      requestedFrames--;
      frame.value = message.frame;
    }
    if (message?.kind === "member" && memberRequest) member.value = message.member;
    if (message?.kind === "event") onEvent(message);
  });

  /** Acknowledges in any case: an event without an acknowledgement keeps the screen from saving. */
  const onEvent = ({ event, id, ticket }: HostedEvent) => {
    let reasons: string[] = [];
    try {
      if (event.toLowerCase() === "beforesave") reasons = events.beforeSave();
    } finally {
      post(acknowledge(frame.value, event, id, reasons));
    }
    if (ticket) show(ticket);
  };

  const show = (ticket: ShownTicket) => {
    const known = shown.value;
    shown.value = ticket;
    if (opened === null) return;
    if (opened === ticket.id) {
      if (known) scheduleRecheck();
      return;
    }
    cancelRecheck();
    changesFast = clock.now() - changedAt < settleTime;
    changedAt = clock.now();
    opened = ticket.id;
    events.ticketChanged();
  };

  const scheduleRecheck = () => {
    cancelRecheck();
    cancelRecheck = clock.after(Math.max(0, openedAt + recheckInterval - clock.now()), events.ticketUpdated);
  };

  /** Answers carry no request id, so there is one request at a time, and callers share it. */
  const getMember = (): Promise<Member> => {
    memberRequest ??= (async () => {
      try {
        member.value = undefined;
        post(askMember(frame.value));
        const given = await waitFor(member, (m) => m !== undefined, hostTimeout, clock);
        if (given === undefined) throw new ApiError("host_timeout");
        if (given === null) throw new ApiError("member_refused");
        return given;
      } finally {
        memberRequest = null;
        member.value = undefined;
      }
    })();
    return memberRequest;
  };

  const open: Host["open"] = async (signal) => {
    if (changesFast) await pause(clock, settleTime, signal);
    signal.throwIfAborted();
    if (!frame.value) {
      requestedFrames++;
      post(ready);
      if (!(await waitFor(frame, Boolean, hostTimeout, clock, signal))) throw new ApiError("host_timeout");
    }
    const [who] = await Promise.all([getMember(), waitFor(shown, Boolean, ticketTimeout, clock, signal)]);
    signal.throwIfAborted();
    const ticket = shown.value ?? urlTicket; // read after the member is known: it may have changed meanwhile
    if (!ticket) {
      opened = ""; // any ticket that is named later is another one
      throw new ApiError("no_ticket");
    }
    [opened, openedAt] = [ticket.id, clock.now()];
    if (ticket.id === "0") throw new ApiError("ticket_unsaved");
    const screen = ticket.screen ?? urlTicket?.screen;
    const body = { tenant, origin, ticket: { id: ticket.id, screen }, member: who };
    const launched = await api.launchConnectWise(body, signal);
    if (launched.pod.ticket.id !== ticket.id) throw new ApiError("invalid_response");
    return launched;
  };

  return { open, post() {} };
};

/** The value once it is good, or the current one after `ms` milliseconds or when the signal aborts. */
const waitFor = <T>(it: Observable<T>, good: (value: T) => unknown, ms: number, clock: Clock, signal?: AbortSignal) =>
  new Promise<T>((resolve) => {
    const done = () => {
      cancel();
      unsubscribe();
      signal?.removeEventListener("abort", done);
      resolve(it.value);
    };
    const unsubscribe = it.subscribe(() => good(it.value) && done());
    const cancel = clock.after(ms, done);
    signal?.addEventListener("abort", done);
    if (good(it.value)) done();
  });
