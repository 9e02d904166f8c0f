import { beforeEach, describe, expect, it, vi } from "vitest";
import { pod, settle } from "../../test/harness";
import { fakeWindow, psa } from "../../test/window";
import { type Api, ApiError } from "../api";
import { systemClock } from "../clock";
import type { SessionOpened } from "../types";
import { createConnectWise } from "./connectwise";
import type { Host, HostEvents } from "./host";
import type { ShownTicket } from "./hosted-messages";

const member = { memberid: "aortiz", memberHash: "h4sh", companyid: "acme" };

let page: ReturnType<typeof fakeWindow>;
let events: Record<keyof HostEvents, ReturnType<typeof vi.fn>>;
let launch: ReturnType<typeof vi.fn<Api["launchConnectWise"]>>;
let host: Host;
let ticket: AbortController;

const begin = (urlTicket: ShownTicket | null = { id: "4711", screen: "ticket" }) => {
  page = fakeWindow();
  events = { ticketChanged: vi.fn(), ticketUpdated: vi.fn(), beforeSave: vi.fn(() => []) };
  launch = vi.fn<Api["launchConnectWise"]>(async ({ ticket }) => launched(ticket.id));
  const api = { launchConnectWise: launch };
  host = createConnectWise(
    { window: page.window, origin: psa, tenant: "acme", urlTicket, api, clock: systemClock },
    events as HostEvents,
  );
};
const launched = (id: string): SessionOpened => ({ token: "token-1", expires_at: "", pod: pod(id) });

beforeEach(() => {
  vi.useFakeTimers();
  ticket = new AbortController();
  begin();
});

/** The messages posted so far; each checked to have ConnectWise's origin as its target. */
const said = () =>
  page.said.map(([json, target]) => {
    expect(target).toBe(psa);
    return JSON.parse(json as string);
  });
const tell = async (message: unknown, from = {}) => {
  page.deliver(JSON.stringify(message), from);
  await settle();
};
const onLoad = (id: number, event = "e1") =>
  tell({ event: "onLoad", _id: event, data: { screenObject: { screen: "ticket", id, hostedAs: "pod" } } });

/** Opens, and returns the result: the ticket's id, or the error code. */
const opening = () => {
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
};
const frame = () => tell({ MessageFrameID: "MF-7" });
const answerMember = (data: unknown = member) => tell({ response: "getmemberauthentication", data });

describe("opening a ticket", () => {
  it("says ready, waits for the frame's id, asks for the member under it, and launches the ticket on screen", async () => {
    const result = opening();
    expect(said()).toEqual([{ message: "ready" }]);
    await frame();
    expect(said().slice(1)).toEqual([{ hosted_request: "getMemberAuthentication", frameID: "MF-7" }]);
    await onLoad(4711);
    await answerMember();
    expect(launch.mock.calls[0]?.[0]).toEqual({
      tenant: "acme",
      origin: psa,
      ticket: { id: "4711", screen: "ticket" },
      member: { id: "aortiz", hash: "h4sh", company: "acme" },
    });
    expect(result.is).toBe("4711");
  });

  it("takes onLoad's ticket when the address names another", async () => {
    const result = opening();
    await frame();
    await onLoad(4712);
    await answerMember();
    expect([result.is, launch.mock.calls.length]).toEqual(["4712", 1]);
  });

  it("takes the ticket that is on screen when the member is told, not the one before", async () => {
    const result = opening();
    await frame();
    await onLoad(4711);
    await onLoad(4712);
    await answerMember();
    expect([result.is, launch.mock.calls.length]).toEqual(["4712", 1]);
  });

  it("uses the ticket in the address after a second without onLoad, and switches when onLoad names another one later", async () => {
    const result = opening();
    await frame();
    await answerMember();
    expect(launch).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(result.is).toBe("4711");
    await onLoad(4711);
    expect(events.ticketChanged).not.toHaveBeenCalled();
    await onLoad(4712);
    expect(events.ticketChanged).toHaveBeenCalledOnce();
  });

  it("rejects a response for another ticket", async () => {
    launch.mockResolvedValue(launched("4709"));
    const result = opening();
    await frame();
    await onLoad(4711);
    await answerMember();
    expect(result.is).toBe("invalid_response");
  });

  it("asks for the member again for each launch", async () => {
    opening();
    await frame();
    await onLoad(4711);
    await answerMember();
    opening();
    expect(said().filter((m) => m.hosted_request)).toHaveLength(2);
  });
});

describe("no session", () => {
  const silent = async (result: { is?: string }) => {
    await vi.advanceTimersByTimeAsync(15_000);
    return result.is;
  };

  it("without an answer to ready", async () => {
    expect(await silent(opening())).toBe("host_timeout");
  });

  it("without an answer about the member", async () => {
    const result = opening();
    await frame();
    expect(await silent(result)).toBe("host_timeout");
  });

  it("for a member that ConnectWise does not name", async () => {
    const result = opening();
    await frame();
    await onLoad(4711);
    await answerMember({});
    expect(result.is).toBe("member_refused");
  });

  it("on a ticket that was never saved, until it is saved", async () => {
    const result = opening();
    await frame();
    await onLoad(0);
    await answerMember();
    expect([result.is, launch.mock.calls.length]).toEqual(["ticket_unsaved", 0]);
    await onLoad(4713);
    expect(events.ticketChanged).toHaveBeenCalledOnce();
  });

  it("without a ticket, until onLoad names one", async () => {
    begin(null);
    const result = opening();
    await frame();
    await answerMember();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(result.is).toBe("no_ticket");
    await onLoad(4711);
    expect(events.ticketChanged).toHaveBeenCalledOnce();
  });

  it("for an error of the server, which is passed on", async () => {
    launch.mockRejectedValue(new ApiError("ticket_not_found", "", 404));
    const result = opening();
    await frame();
    await onLoad(4711);
    await answerMember();
    expect(result.is).toBe("ticket_not_found");
  });
});

describe("row 24: ignored messages", () => {
  it.each([
    ["another origin", { origin: "https://evil.example" }],
    ["another origin under the same site", { origin: "https://evil.psa.example" }],
    ["another frame of the same page", { source: {} }],
  ])("a message of %s", async (_, from) => {
    opening();
    await tell({ MessageFrameID: "MF-9" }, from);
    await tell({ event: "beforeSave", _id: "e9" }, from);
    expect(said()).toEqual([{ message: "ready" }]);
  });

  it("a second frame's id", async () => {
    opening();
    await frame();
    await tell({ MessageFrameID: "MF-9" });
    await onLoad(4711);
    expect(
      said()
        .slice(1)
        .map((m) => m.frameID),
    ).toEqual(["MF-7", "MF-7"]);
  });

  it("a frame's id without a ready; but each ready may get another one", async () => {
    await tell({ MessageFrameID: "MF-1" });
    opening();
    expect(said()).toEqual([{ message: "ready" }]);
    await vi.advanceTimersByTimeAsync(15_000);
    opening();
    await tell({ MessageFrameID: "MF-2" });
    await tell({ MessageFrameID: "MF-3" });
    await onLoad(4711);
    expect(said().at(-1)?.frameID).toBe("MF-3");
  });

  it("an answer without a request", async () => {
    await answerMember({ ...member, memberid: "mallory" });
    const result = opening();
    await frame();
    await onLoad(4711);
    await answerMember();
    await answerMember({ ...member, memberid: "mallory" });
    expect([launch.mock.calls[0]?.[0].member.id, result.is]).toEqual(["aortiz", "4711"]);
  });

  it("an answer after its time-out", async () => {
    opening();
    await frame();
    await vi.advanceTimersByTimeAsync(15_000);
    await answerMember({ ...member, memberid: "mallory" });
    expect(launch).not.toHaveBeenCalled();
  });

  it("invalid messages, by the thousand", async () => {
    const result = opening();
    await frame();
    for (let n = 0; n < 2_000; n++) page.deliver(n % 2 ? `junk ${n}` : { MessageFrameID: n });
    page.deliver("x".repeat(1_000_000));
    await onLoad(4711);
    await answerMember();
    expect([result.is, said().length]).toEqual(["4711", 3]);
  });
});

describe("every event is acknowledged, so that the screen saves", () => {
  beforeEach(async () => {
    opening();
    await frame();
    page.said.length = 0;
  });
  const ack = (event: string, id: unknown) => [{ event, _id: id, result: "success", frameID: "MF-7" }];

  it.each([
    ["onLoad", "e1", { screenObject: { id: 4711 } }],
    ["beforeSave", 42, {}],
    ["onSomethingNew", null, {}],
  ])("%s", async (event, _id, data) => {
    await tell({ event, _id, data });
    expect(said()).toEqual(ack(event, _id));
  });

  it("also before the frame has its id", async () => {
    begin();
    await tell({ event: "onLoad", _id: "e1", data: {} });
    expect(said()).toEqual([{ event: "onLoad", _id: "e1", result: "success" }]);
  });

  it("also when our own code throws", async () => {
    events.beforeSave.mockImplementation(() => {
      throw new Error("ours");
    });
    expect(() => page.deliver(JSON.stringify({ event: "beforeSave", _id: "e1" }))).toThrow("ours");
    expect(said()).toEqual(ack("beforeSave", "e1"));
  });

  it("once each, in a flood", async () => {
    for (let n = 0; n < 500; n++) await tell({ event: "beforeSave", _id: n });
    expect(said().map((m) => m._id)).toEqual(Array.from({ length: 500 }, (_, n) => n));
  });

  it("but a save that the policy forbids is refused with the reasons", async () => {
    events.beforeSave.mockReturnValue(["Verify the caller first."]);
    await tell({ event: "beforeSave", _id: "e1" });
    expect(said()).toEqual([
      { event: "beforeSave", _id: "e1", result: "failure", errors: ["Verify the caller first."], frameID: "MF-7" },
    ]);
  });
});

describe("row 26: another ticket on screen", () => {
  /** What the session does on another ticket: it aborts the old ticket's requests, and opens the new one. */
  const turning = () => {
    const results: { is?: string }[] = [];
    events.ticketChanged.mockImplementation(() => {
      ticket.abort();
      ticket = new AbortController();
      results.push(opening());
    });
    return results;
  };
  beforeEach(async () => {
    opening();
    await frame();
    await onLoad(4711);
    await answerMember();
  });

  it("switches at once and aborts the launch in progress", async () => {
    const results = turning();
    let late = (_: SessionOpened) => {};
    launch.mockImplementationOnce(() => new Promise((resolve) => (late = resolve)));
    opening();
    await answerMember();
    await onLoad(4712);
    expect(events.ticketChanged).toHaveBeenCalledOnce();
    expect(launch.mock.calls.at(-1)?.[1].aborted).toBe(true);
    late(launched("4711"));
    await answerMember();
    expect(results.map((r) => r.is)).toEqual(["4712"]);
  });

  it("shares the request for the member that is in progress", async () => {
    const results = turning();
    opening();
    await onLoad(4712);
    expect(said().filter((m) => m.hosted_request)).toHaveLength(2);
    await answerMember();
    expect(results[0]?.is).toBe("4712");
  });

  it("opens only the last of tickets that change quickly", async () => {
    const results = turning();
    launch.mockClear();
    for (let n = 1; n <= 200; n++) await onLoad(5000 + n, `e${n}`);
    await vi.advanceTimersByTimeAsync(1_000);
    await answerMember();
    expect(launch.mock.calls.map(([{ ticket }]) => ticket.id)).toEqual(["5200"]);
    expect(results.at(-1)?.is).toBe("5200");
  });
});

describe("the same ticket, loaded again", () => {
  beforeEach(async () => {
    opening();
    await frame();
    await onLoad(4711);
    await answerMember();
  });

  it("is looked up again, at most every five seconds", async () => {
    for (let n = 0; n < 50; n++) await onLoad(4711);
    expect([events.ticketChanged.mock.calls.length, events.ticketUpdated.mock.calls.length]).toEqual([0, 0]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(events.ticketUpdated).toHaveBeenCalledOnce();
  });

  it("is not looked up again once another one is on screen", async () => {
    await onLoad(4711);
    await onLoad(4712);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(events.ticketUpdated).not.toHaveBeenCalled();
  });
});
