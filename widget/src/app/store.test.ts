import { beforeEach, describe, expect, it, vi } from "vitest";
import { channel, contact, createHarness, green, pending, pod, secondsAfter, t0 } from "../../test/harness";
import { bannerAt } from "./banner";

let w: ReturnType<typeof createHarness>;

beforeEach(async () => {
  vi.useFakeTimers({ now: Date.parse(t0) });
  w = createHarness();
  w.controller.start();
  await w.launch();
});

const state = () => w.controller.state.value;

describe("changes are reported", () => {
  const turns = () => w.said.slice(1);
  const ids = { contact_id: "dana", channel_id: "mobile", method: "sms_code" };

  it("to the host in ids and states, and to the live region in a sentence, each once", () => {
    w.event(2, { mobile: pending("v_1") });
    expect(state().announcement).toBe("dana, mobile ending in 4821: Code on its way");
    w.event(3, { mobile: { ...pending("v_1"), stage: "delivered" } });
    expect(state().announcement).toBe("mobile ending in 4821: Code delivered");
    w.event(4, { mobile: green("v_1") });
    w.event(4, { mobile: green("v_1") });
    expect(state().announcement).toBe("dana, mobile ending in 4821: verified");
    expect(turns()).toEqual([
      { type: "shieldpod:verification:sent", verification_id: "v_1", ...ids },
      { type: "shieldpod:verification:verified", verification_id: "v_1", ...ids },
    ]);
  });

  it("when a verification expires, by the pod's own clock", async () => {
    w.event(2, { mobile: pending("v_1") });
    await vi.advanceTimersByTimeAsync(299_000);
    expect(turns()).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(turns().slice(1)).toEqual([{ type: "shieldpod:verification:expired", verification_id: "v_1", ...ids }]);
    expect(state().announcement).toBe("dana, mobile ending in 4821: expired unanswered");
  });

  it("but not changes from before the launch", async () => {
    w.refresh();
    w.said.length = 0;
    await w.launch(pod("4712", [contact("dana", 1, [channel("mobile", green("v_0"))])]));
    expect([w.said, state().announcement]).toEqual([[{ type: "shieldpod:ready" }], ""]);
  });
});

describe("the clock", () => {
  it("is the server's", async () => {
    w.refresh();
    await w.launch({ ...pod(), now: secondsAfter(-7200) });
    expect(state().now).toBe(Date.parse(secondsAfter(-7200)));
  });

  it("ticks each second while a countdown runs, and not otherwise", async () => {
    const ticks = vi.fn();
    w.controller.state.subscribe(ticks);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(ticks).not.toHaveBeenCalled();
    w.event(2, { mobile: pending("v_1") });
    ticks.mockClear();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(ticks).toHaveBeenCalledTimes(10);
  });

  it("ticks every fifteen seconds while a shield is green, for a machine that slept", async () => {
    w.event(2, { mobile: green("v_1") });
    const ticks = vi.fn();
    w.controller.state.subscribe(ticks);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ticks).toHaveBeenCalledTimes(4);
  });

  it("follows the server when it jumps ahead", () => {
    w.event(2, { mobile: pending("v_1") });
    w.event(2, { mobile: pending("v_1") }, secondsAfter(400));
    expect(state().announcement).toBe("dana, mobile ending in 4821: expired unanswered");
  });

  it("row 24: is not set back by a late frame", () => {
    w.event(2, { mobile: green("v_1") }, secondsAfter(60));
    w.event(3, { mobile: green("v_1") }, t0);
    expect(state().now).toBe(Date.parse(secondsAfter(60)));
  });

  it("is corrected by a snapshot", () => {
    w.event(2, { mobile: green("v_1") }, secondsAfter(60));
    w.socket().say({ type: "snapshot", pod: pod() });
    expect(state().now).toBe(Date.parse(t0));
  });
});

describe("the banner", () => {
  it("appears and disappears by the server's clock", async () => {
    const banner = {
      text: "Change freeze.",
      tone: "warning" as const,
      from: secondsAfter(7200 + 20),
      until: secondsAfter(7200 + 40),
    };
    w.refresh();
    const fresh = pod();
    await w.launch({ ...fresh, now: secondsAfter(7200), policy: { ...fresh.policy, banner } });
    const shown = () => bannerAt(state().pod?.policy.banner, state().now)?.text;
    expect(shown()).toBeUndefined();
    await vi.advanceTimersByTimeAsync(20_000);
    expect([shown(), state().announcement]).toEqual(["Change freeze.", "Warning: Change freeze."]);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(shown()).toBeUndefined();
  });

  it("of a policy change is announced after the change", () => {
    w.rules({ banner: { text: "VIP client." } });
    expect(state().announcement).toBe("The rules for Contoso have changed. Information: VIP client.");
  });
});
