// The test harness of the ConnectWise host: a fake window of ConnectWise Manage, and a fake launch.

import { expect, vi } from "vitest";
import type { Api, ApiError } from "../src/api";
import { systemClock } from "../src/clock";
import { createConnectWise } from "../src/hosts/connectwise";
import type { HostEvents } from "../src/hosts/host";
import type { ShownTicket } from "../src/hosts/hosted-messages";
import type { SessionOpened } from "../src/types";
import { pod, settle } from "./harness";
import { fakeWindow, psa } from "./window";

export const member = { memberid: "aortiz", memberHash: "h4sh", companyid: "acme" };

export const launched = (id: string): SessionOpened => ({ token: "token-1", expires_at: "", pod: pod(id) });

/** `urlTicket`: the ticket in the page's address. */
export const createHosted = (urlTicket: ShownTicket | null = { id: "4711", screen: "ticket" }) => {
  const page = fakeWindow();
  const events = { ticketChanged: vi.fn(), ticketUpdated: vi.fn(), beforeSave: vi.fn((): string[] => []) };
  const launch = vi.fn<Api["launchConnectWise"]>(async ({ ticket }) => launched(ticket.id));
  const host = createConnectWise(
    {
      window: page.window,
      origin: psa,
      tenant: "acme",
      urlTicket,
      api: { launchConnectWise: launch },
      clock: systemClock,
    },
    events satisfies HostEvents,
  );
  let ticket = new AbortController();

  const tell = async (message: unknown, from = {}) => {
    page.deliver(JSON.stringify(message), from);
    await settle();
  };

  return {
    page,
    events,
    launch,
    tell,

    /** The messages posted so far; each checked to have ConnectWise's origin as its target. */
    said: () =>
      page.said.map(([json, target]) => {
        expect(target).toBe(psa);
        return JSON.parse(json as string);
      }),

    /** Opens, and returns the result: the ticket's id, or the error code. */
    opening() {
      const result: { is?: string } = {};
      host.open(ticket.signal, false).then(
        ({ pod }) => {
          result.is = pod.ticket.id;
        },
        (e: ApiError) => {
          result.is = e.code;
        },
      );
      return result;
    },

    /** Aborts the requests of the ticket on screen. */
    dropTicket() {
      ticket.abort();
      ticket = new AbortController();
    },

    frame: () => tell({ MessageFrameID: "MF-7" }),
    answerMember: (data: unknown = member) => tell({ response: "getmemberauthentication", data }),
    onLoad: (id: number, event = "e1") =>
      tell({ event: "onLoad", _id: event, data: { screenObject: { screen: "ticket", id, hostedAs: "pod" } } }),
  };
};
