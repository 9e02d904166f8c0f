import { beforeEach, describe, expect, it, vi } from "vitest";
import { pod, settle } from "../../test/harness";
import { fakeWindow, psa } from "../../test/window";
import { type Api, Refusal } from "../api";
import { systemClock } from "../clock";
import type { SessionOpened } from "../types";
import { createConnectWise } from "./connectwise";
import type { Ears, Host } from "./host";
import type { Shown } from "./hosted-messages";

const member = { memberid: "aortiz", memberHash: "h4sh", companyid: "acme" };

let page: ReturnType<typeof fakeWindow>;
let ears: { turn: ReturnType<typeof vi.fn>; again: ReturnType<typeof vi.fn>; save: ReturnType<typeof vi.fn> };
let launch: ReturnType<typeof vi.fn<Api["launchConnectWise"]>>;
let host: Host;
let ticket: AbortController;

const begin = (named: Shown | null = { id: "4711", screen: "ticket" }) => {
  page = fakeWindow();
  ears = { turn: vi.fn(), again: vi.fn(), save: vi.fn(() => []) };
  launch = vi.fn<Api["launchConnectWise"]>(async ({ ticket }) => launched(ticket.id));
  const api = { launchConnectWise: launch };
  host = createConnectWise(
    { window: page.window, origin: psa, tenant: "acme", named, api, clock: systemClock },
    ears as Ears,
  );
};
const launched = (id: string): SessionOpened => ({ token: "token-1", expires_at: "", pod: pod(id) });

beforeEach(() => {
  vi.useFakeTimers();
  ticket = new AbortController();
  begin();
});

/** What was said so far, each checked to have gone to ConnectWise's origin and nowhere else. */
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

/** Opens, and gives what comes of it: the ticket that was opened, or the refusal's code. */
const opening = () => {
  const result: { is?: string } = {};
  host.open(ticket.signal, false).then(
    ({ pod }) => {
      result.is = pod.ticket.id;
    },
    (e: Refusal) => {
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

  it("believes the address after a second without onLoad, and turns when onLoad names another after all", async () => {
    const result = opening();
    await frame();
    await answerMember();
    expect(launch).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(result.is).toBe("4711");
    await onLoad(4711);
    expect(ears.turn).not.toHaveBeenCalled();
    await onLoad(4712);
    expect(ears.turn).toHaveBeenCalledOnce();
  });

  it("shows nothing of an answer that is of another ticket", async () => {
    launch.mockResolvedValue(launched("4709"));
    const result = opening();
    await frame();
    await onLoad(4711);
    await answerMember();
    expect(result.is).toBe("invalid_response");
  });

  it("asks anew who is at the screen for each launch", async () => {
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

  it("on a ticket that was never saved, until it is", async () => {
    const result = opening();
    await frame();
    await onLoad(0);
    await answerMember();
    expect([result.is, launch.mock.calls.length]).toEqual(["ticket_unsaved", 0]);
    await onLoad(4713);
    expect(ears.turn).toHaveBeenCalledOnce();
  });

  it("where nobody names a ticket, until onLoad does after all", async () => {
    begin(null);
    const result = opening();
    await frame();
    await answerMember();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(result.is).toBe("no_ticket");
    await onLoad(4711);
    expect(ears.turn).toHaveBeenCalledOnce();
  });

  it("for a refusal of the server, which is told as it is", async () => {
    launch.mockRejectedValue(new Refusal("ticket_not_found", "", 404));
    const result = opening();
    await frame();
    await onLoad(4711);
    await answerMember();
    expect(result.is).toBe("ticket_not_found");
  });
});

describe("row 24: what is not heard", () => {
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

  it("a frame's id before it was asked for; but each time that the pod is ready it may get another", async () => {
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

  it("an answer that nobody asked for", async () => {
    await answerMember({ ...member, memberid: "mallory" });
    const result = opening();
    await frame();
    await onLoad(4711);
    await answerMember();
    await answerMember({ ...member, memberid: "mallory" });
    expect([launch.mock.calls[0]?.[0].member.id, result.is]).toEqual(["aortiz", "4711"]);
  });

  it("an answer that comes after its time", async () => {
    opening();
    await frame();
    await vi.advanceTimersByTimeAsync(15_000);
    await answerMember({ ...member, memberid: "mallory" });
    expect(launch).not.toHaveBeenCalled();
  });

  it("junk, by the thousand", async () => {
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

  it("also when something of ours throws", async () => {
    ears.save.mockImplementation(() => {
      throw new Error("ours");
    });
    expect(() => page.deliver(JSON.stringify({ event: "beforeSave", _id: "e1" }))).toThrow("ours");
    expect(said()).toEqual(ack("beforeSave", "e1"));
  });

  it("once each, in a flood", async () => {
    for (let n = 0; n < 500; n++) await tell({ event: "beforeSave", _id: n });
    expect(said().map((m) => m._id)).toEqual(Array.from({ length: 500 }, (_, n) => n));
  });

  it("but a save that the rules forbid is refused with the reasons", async () => {
    ears.save.mockReturnValue(["Verify the caller first."]);
    await tell({ event: "beforeSave", _id: "e1" });
    expect(said()).toEqual([
      { event: "beforeSave", _id: "e1", result: "failure", errors: ["Verify the caller first."], frameID: "MF-7" },
    ]);
  });
});

describe("row 26: another ticket on screen", () => {
  /** The session's part of a turn: what was begun for the old ticket is aborted, and the new one opened. */
  const turning = () => {
    const results: { is?: string }[] = [];
    ears.turn.mockImplementation(() => {
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

  it("turns at once, in the middle of the old one's launch, which is aborted", async () => {
    const results = turning();
    let late = (_: SessionOpened) => {};
    launch.mockImplementationOnce(() => new Promise((resolve) => (late = resolve)));
    opening();
    await answerMember();
    await onLoad(4712);
    expect(ears.turn).toHaveBeenCalledOnce();
    expect(launch.mock.calls.at(-1)?.[1].aborted).toBe(true);
    late(launched("4711"));
    await answerMember();
    expect(results.map((r) => r.is)).toEqual(["4712"]);
  });

  it("shares the one request for the member that is under way", async () => {
    const results = turning();
    opening();
    await onLoad(4712);
    expect(said().filter((m) => m.hosted_request)).toHaveLength(2);
    await answerMember();
    expect(results[0]?.is).toBe("4712");
  });

  it("opens only the last of tickets that rush by", async () => {
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

  it("is looked at again, quietly, and not more often than every five seconds", async () => {
    for (let n = 0; n < 50; n++) await onLoad(4711);
    expect([ears.turn.mock.calls.length, ears.again.mock.calls.length]).toEqual([0, 0]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(ears.again).toHaveBeenCalledOnce();
  });

  it("is not looked at again once another is on screen", async () => {
    await onLoad(4711);
    await onLoad(4712);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(ears.again).not.toHaveBeenCalled();
  });
});
