import { beforeEach, describe, expect, it, vi } from "vitest";
import { createHosted, member } from "../../test/connectwise";

let w: ReturnType<typeof createHosted>;

beforeEach(() => {
  vi.useFakeTimers();
  w = createHosted();
});

describe("row 24: ignored messages", () => {
  it.each([
    ["another origin", { origin: "https://evil.example" }],
    ["another origin under the same site", { origin: "https://evil.psa.example" }],
    ["another frame of the same page", { source: {} }],
  ])("a message of %s", async (_, from) => {
    w.opening();
    await w.tell({ MessageFrameID: "MF-9" }, from);
    await w.tell({ event: "beforeSave", _id: "e9" }, from);
    expect(w.said()).toEqual([{ message: "ready" }]);
  });

  it("a second frame's id", async () => {
    w.opening();
    await w.frame();
    await w.tell({ MessageFrameID: "MF-9" });
    await w.onLoad(4711);
    expect(
      w
        .said()
        .slice(1)
        .map((m) => m.frameID),
    ).toEqual(["MF-7", "MF-7"]);
  });

  it("a frame's id without a ready; but each ready may get another one", async () => {
    await w.tell({ MessageFrameID: "MF-1" });
    w.opening();
    expect(w.said()).toEqual([{ message: "ready" }]);
    await vi.advanceTimersByTimeAsync(15_000);
    w.opening();
    await w.tell({ MessageFrameID: "MF-2" });
    await w.tell({ MessageFrameID: "MF-3" });
    await w.onLoad(4711);
    expect(w.said().at(-1)?.frameID).toBe("MF-3");
  });

  it("an answer without a request", async () => {
    await w.answerMember({ ...member, memberid: "mallory" });
    const result = w.opening();
    await w.frame();
    await w.onLoad(4711);
    await w.answerMember();
    await w.answerMember({ ...member, memberid: "mallory" });
    expect([w.launch.mock.calls[0]?.[0].member.id, result.is]).toEqual(["aortiz", "4711"]);
  });

  it("an answer after its time-out", async () => {
    w.opening();
    await w.frame();
    await vi.advanceTimersByTimeAsync(15_000);
    await w.answerMember({ ...member, memberid: "mallory" });
    expect(w.launch).not.toHaveBeenCalled();
  });

  it("invalid messages, by the thousand", async () => {
    const result = w.opening();
    await w.frame();
    for (let n = 0; n < 2_000; n++) w.page.deliver(n % 2 ? `junk ${n}` : { MessageFrameID: n });
    w.page.deliver("x".repeat(1_000_000));
    await w.onLoad(4711);
    await w.answerMember();
    expect([result.is, w.said().length]).toEqual(["4711", 3]);
  });
});

describe("every event is acknowledged, so that the screen saves", () => {
  beforeEach(async () => {
    w.opening();
    await w.frame();
    w.page.said.length = 0;
  });
  const ack = (event: string, id: unknown) => [{ event, _id: id, result: "success", frameID: "MF-7" }];

  it.each([
    ["onLoad", "e1", { screenObject: { id: 4711 } }],
    ["beforeSave", 42, {}],
    ["onSomethingNew", null, {}],
  ])("%s", async (event, _id, data) => {
    await w.tell({ event, _id, data });
    expect(w.said()).toEqual(ack(event, _id));
  });

  it("also before the frame has its id", async () => {
    w = createHosted();
    await w.tell({ event: "onLoad", _id: "e1", data: {} });
    expect(w.said()).toEqual([{ event: "onLoad", _id: "e1", result: "success" }]);
  });

  it("also when our own code throws", async () => {
    w.events.beforeSave.mockImplementation(() => {
      throw new Error("ours");
    });
    expect(() => w.page.deliver(JSON.stringify({ event: "beforeSave", _id: "e1" }))).toThrow("ours");
    expect(w.said()).toEqual(ack("beforeSave", "e1"));
  });

  it("once each, in a flood", async () => {
    for (let n = 0; n < 500; n++) await w.tell({ event: "beforeSave", _id: n });
    expect(w.said().map((m) => m._id)).toEqual(Array.from({ length: 500 }, (_, n) => n));
  });

  it("but a save that the policy forbids is refused with the reasons", async () => {
    w.events.beforeSave.mockReturnValue(["Verify the caller first."]);
    await w.tell({ event: "beforeSave", _id: "e1" });
    expect(w.said()).toEqual([
      { event: "beforeSave", _id: "e1", result: "failure", errors: ["Verify the caller first."], frameID: "MF-7" },
    ]);
  });
});
