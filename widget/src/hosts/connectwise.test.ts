import { beforeEach, describe, expect, it, vi } from "vitest";
import { createHosted, launched } from "../../test/connectwise";
import { psa } from "../../test/window";
import { ApiError } from "../api";
import type { SessionOpened } from "../types";

let w: ReturnType<typeof createHosted>;

beforeEach(() => {
  vi.useFakeTimers();
  w = createHosted();
});

describe("opening a ticket", () => {
  it("says ready, waits for the frame's id, asks for the member under it, and launches the ticket on screen", async () => {
    const result = w.opening();
    expect(w.said()).toEqual([{ message: "ready" }]);
    await w.frame();
    expect(w.said().slice(1)).toEqual([{ hosted_request: "getMemberAuthentication", frameID: "MF-7" }]);
    await w.onLoad(4711);
    await w.answerMember();
    expect(w.launch.mock.calls[0]?.[0]).toEqual({
      tenant: "acme",
      origin: psa,
      ticket: { id: "4711", screen: "ticket" },
      member: { id: "aortiz", hash: "h4sh", company: "acme" },
    });
    expect(result.is).toBe("4711");
  });

  it("takes onLoad's ticket when the address names another", async () => {
    const result = w.opening();
    await w.frame();
    await w.onLoad(4712);
    await w.answerMember();
    expect([result.is, w.launch.mock.calls.length]).toEqual(["4712", 1]);
  });

  it("takes the ticket that is on screen when the member is told, not the one before", async () => {
    const result = w.opening();
    await w.frame();
    await w.onLoad(4711);
    await w.onLoad(4712);
    await w.answerMember();
    expect([result.is, w.launch.mock.calls.length]).toEqual(["4712", 1]);
  });

  it("uses the ticket in the address after a second without onLoad, and switches when onLoad names another one later", async () => {
    const result = w.opening();
    await w.frame();
    await w.answerMember();
    expect(w.launch).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(result.is).toBe("4711");
    await w.onLoad(4711);
    expect(w.events.ticketChanged).not.toHaveBeenCalled();
    await w.onLoad(4712);
    expect(w.events.ticketChanged).toHaveBeenCalledOnce();
  });

  it("rejects a response for another ticket", async () => {
    w.launch.mockResolvedValue(launched("4709"));
    const result = w.opening();
    await w.frame();
    await w.onLoad(4711);
    await w.answerMember();
    expect(result.is).toBe("invalid_response");
  });

  it("asks for the member again for each launch", async () => {
    w.opening();
    await w.frame();
    await w.onLoad(4711);
    await w.answerMember();
    w.opening();
    expect(w.said().filter((m) => m.hosted_request)).toHaveLength(2);
  });
});

describe("no session", () => {
  const silent = async (result: { is?: string }) => {
    await vi.advanceTimersByTimeAsync(15_000);
    return result.is;
  };

  it("without an answer to ready", async () => {
    expect(await silent(w.opening())).toBe("host_timeout");
  });

  it("without an answer about the member", async () => {
    const result = w.opening();
    await w.frame();
    expect(await silent(result)).toBe("host_timeout");
  });

  it("for a member that ConnectWise does not name", async () => {
    const result = w.opening();
    await w.frame();
    await w.onLoad(4711);
    await w.answerMember({});
    expect(result.is).toBe("member_refused");
  });

  it("on a ticket that was never saved, until it is saved", async () => {
    const result = w.opening();
    await w.frame();
    await w.onLoad(0);
    await w.answerMember();
    expect([result.is, w.launch.mock.calls.length]).toEqual(["ticket_unsaved", 0]);
    await w.onLoad(4713);
    expect(w.events.ticketChanged).toHaveBeenCalledOnce();
  });

  it("without a ticket, until onLoad names one", async () => {
    w = createHosted(null);
    const result = w.opening();
    await w.frame();
    await w.answerMember();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(result.is).toBe("no_ticket");
    await w.onLoad(4711);
    expect(w.events.ticketChanged).toHaveBeenCalledOnce();
  });

  it("for an error of the server, which is passed on", async () => {
    w.launch.mockRejectedValue(new ApiError("ticket_not_found", "", 404));
    const result = w.opening();
    await w.frame();
    await w.onLoad(4711);
    await w.answerMember();
    expect(result.is).toBe("ticket_not_found");
  });
});

describe("row 26: another ticket on screen", () => {
  /** What the session does on another ticket: it aborts the old ticket's requests, and opens the new one. */
  const turning = () => {
    const results: { is?: string }[] = [];
    w.events.ticketChanged.mockImplementation(() => {
      w.dropTicket();
      results.push(w.opening());
    });
    return results;
  };
  beforeEach(async () => {
    w.opening();
    await w.frame();
    await w.onLoad(4711);
    await w.answerMember();
  });

  it("switches at once and aborts the launch in progress", async () => {
    const results = turning();
    let late = (_: SessionOpened) => {};
    w.launch.mockImplementationOnce(() => new Promise((resolve) => (late = resolve)));
    w.opening();
    await w.answerMember();
    await w.onLoad(4712);
    expect(w.events.ticketChanged).toHaveBeenCalledOnce();
    expect(w.launch.mock.calls.at(-1)?.[1].aborted).toBe(true);
    late(launched("4711"));
    await w.answerMember();
    expect(results.map((r) => r.is)).toEqual(["4712"]);
  });

  it("shares the request for the member that is in progress", async () => {
    const results = turning();
    w.opening();
    await w.onLoad(4712);
    expect(w.said().filter((m) => m.hosted_request)).toHaveLength(2);
    await w.answerMember();
    expect(results[0]?.is).toBe("4712");
  });

  it("opens only the last of tickets that change quickly", async () => {
    const results = turning();
    w.launch.mockClear();
    for (let n = 1; n <= 200; n++) await w.onLoad(5000 + n, `e${n}`);
    await vi.advanceTimersByTimeAsync(1_000);
    await w.answerMember();
    expect(w.launch.mock.calls.map(([{ ticket }]) => ticket.id)).toEqual(["5200"]);
    expect(results.at(-1)?.is).toBe("5200");
  });
});

describe("the same ticket, loaded again", () => {
  beforeEach(async () => {
    w.opening();
    await w.frame();
    await w.onLoad(4711);
    await w.answerMember();
  });

  it("is looked up again, at most every five seconds", async () => {
    for (let n = 0; n < 50; n++) await w.onLoad(4711);
    expect([w.events.ticketChanged.mock.calls.length, w.events.ticketUpdated.mock.calls.length]).toEqual([0, 0]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(w.events.ticketUpdated).toHaveBeenCalledOnce();
  });

  it("is not looked up again once another one is on screen", async () => {
    await w.onLoad(4711);
    await w.onLoad(4712);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(w.events.ticketUpdated).not.toHaveBeenCalled();
  });
});
