// The ticket on screen: its id, its bearer, and the requests that belong to it.

import { ApiError } from "../api";
import { backOff, type Clock, pause } from "../clock";

/** The request belongs to a ticket that is no longer on screen. */
export class StaleTicketError extends Error {}

/** Requests for the ticket on screen. Every method throws StaleTicketError once another ticket is on screen. */
export interface TicketScope {
  /** Sends a request with the bearer; a rejected bearer is replaced once. Throws ApiError or NetworkError. */
  call<T>(request: (token: string, signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Waits before the next try; `tries` counts from 0. */
  wait(tries: number): Promise<void>;
}

/** One ticket. `id` is null until a launch has succeeded; `signal` aborts when the ticket leaves the screen. */
export interface Ticket {
  id: string | null;
  token: string;
  readonly signal: AbortSignal;
  /** Aborts every request of the ticket. */
  drop(): void;
}

export const createTicket = (): Ticket => {
  const controller = new AbortController();
  return { id: null, token: "", signal: controller.signal, drop: () => controller.abort(new StaleTicketError()) };
};

interface ScopeDeps {
  clock: Clock;
  random: () => number;
  /** Replaces the bearer; resolves to false when that failed. */
  relaunch: () => Promise<boolean>;
}

/** The scope of a ticket. */
export const createScope = (ticket: Ticket, { clock, random, relaunch }: ScopeDeps): TicketScope => {
  const { signal } = ticket;
  const guarded = async <T>(request: (token: string, signal: AbortSignal) => Promise<T>): Promise<T> => {
    signal.throwIfAborted();
    try {
      return await request(ticket.token, signal);
    } finally {
      signal.throwIfAborted();
    }
  };
  return {
    async call(request) {
      for (;;) {
        const sent = ticket.token;
        try {
          return await guarded(request);
        } catch (e) {
          if (!(e instanceof ApiError) || e.status !== 401) throw e;
          if (sent !== ticket.token) continue; // the bearer was replaced while the response was on its way
          if (!(await relaunch())) throw e;
          return guarded(request);
        }
      }
    },
    async wait(tries) {
      await pause(clock, backOff(tries, random()), signal);
      signal.throwIfAborted();
    },
  };
};
