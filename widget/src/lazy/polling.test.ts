import { beforeEach, describe, expect, it, vi } from "vitest";
import { channel, contact, createHarness, green, pending, pod, secondsAfter, settle, t0 } from "../../test/harness";

let w: ReturnType<typeof createHarness>;
let hidden = false;

beforeEach(async () => {
  vi.useFakeTimers({ now: Date.parse(t0) });
  hidden = false;
  w = createHarness({ polls: true, hidden: () => hidden });
  w.controller.start();
});

const state = () => w.controller.state.value;
const updates = () => (state().online ? (state().polling ? "polling" : "live") : "none");
const polls = () => w.calls.filter((c) => c.what === "pod");
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** Completes a launch; the socket then depends on the network. */
const open = async () => {
  await settle();
  await w.call().yes({ nonce: "n1" });
  await w.asked.at(-1)?.give("a.b.c");
  await w.call().yes({ token: "token-1", expires_at: secondsAfter(900), pod: pod() });
};

const danas = (seq: number, shield?: Parameters<typeof channel>[1]) =>
  contact("dana", seq, [channel("mobile", shield), channel("mail")]);

/** Answers the poll in progress. */
const answer = (seq = 1, shield?: Parameters<typeof channel>[1], token = "token-2") =>
  w.call().yes({
    token,
    expires_at: secondsAfter(1800),
    pod: { ...pod("4711", [danas(seq, shield)]), now: new Date().toISOString() },
  });

/** How a network treats each socket for `ms` milliseconds. */
const networks = {
  "refuses the handshake": async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 100) {
      if (w.socket().readyState === 0) w.socket().lose();
      await pass(100);
    }
  },
  "leaves the handshake without an answer": (ms: number) => pass(ms),
  "hangs up as soon as the socket is open": async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 100) {
      if (w.socket().readyState === 0) {
        w.socket().open();
        w.socket().lose();
      }
      await pass(100);
    }
  },
};

describe.each(Object.entries(networks))("a network that %s", (_, network) => {
  beforeEach(open);

  it("makes the pod poll, and everything can be sent", async () => {
    await network(5_000);
    expect(polls()).toHaveLength(1);
    expect(updates()).toBe("none");
    await answer();
    expect(updates()).toBe("polling");
    void w.controller.send(w.dana(), w.reach("mobile"), "sms_code");
    expect(w.call().what).toBe("send");
  });

  it("is polled every 2.5 s while a verification is pending, every 15 s otherwise, with the newest bearer", async () => {
    await network(5_000);
    await answer();
    for (let n = 0; n < 4; n++) {
      await network(15_000);
      await answer(1, undefined, `token-${n + 3}`);
    }
    expect(polls().map((c) => c.given[0])).toEqual(["token-1", "token-2", "token-3", "token-4", "token-5"]);
    await network(15_000);
    await answer(2, pending("v_1"));
    const before = polls().length;
    for (let n = 0; n < 8; n++) {
      await network(2_500);
      await answer(2, pending("v_1"));
    }
    expect(polls().length - before).toBe(8);
  });

  it("turns the shield green by a poll, which is reported to the host", async () => {
    await network(5_000);
    await answer(2, pending("v_1"));
    await network(2_500);
    await answer(3, green("v_1"));
    expect(w.shield().state).toBe("verified");
    expect(w.said.at(-1)).toMatchObject({ type: "shieldpod:verification:verified", verification_id: "v_1" });
  });

  it("is not polled while the page is hidden, and at once when it is visible again", async () => {
    await network(5_000);
    await answer();
    hidden = true;
    await network(60_000);
    expect(polls()).toHaveLength(1);
    hidden = false;
    w.controller.wake();
    expect(polls()).toHaveLength(2);
  });

  it("is live again when a socket opens and a frame comes", async () => {
    await network(5_000);
    await answer();
    await network(1_000);
    while (w.socket().readyState !== 0) await pass(500);
    w.socket().open();
    expect(updates()).toBe("polling"); // it may be closed at once, like the earlier ones
    w.event(2, { mobile: green("v_1") });
    expect(updates()).toBe("live");
    const before = polls().length;
    await pass(300_000);
    expect(polls()).toHaveLength(before);
  });

  it("reports that nothing can be sent while the server does not answer either", async () => {
    await network(5_000);
    await w.call().lost();
    expect(updates()).toBe("none");
    await network(15_000);
    await answer();
    await network(20_000);
    await answer();
    expect(updates()).toBe("polling");
  });

  it("launches again when the session has ended", async () => {
    await network(5_000);
    await answer();
    await network(15_000);
    await w.call().no("session_ended", 401);
    expect(w.call().what).toBe("challenge");
  });

  it("drops its polls with the ticket", async () => {
    await network(5_000);
    w.refresh();
    await answer(7, green("v_9"));
    expect(state().pod).toBeNull();
  });
});

describe("a network that lets sockets open and holds back their frames", () => {
  beforeEach(async () => {
    await open();
    w.socket().open();
  });

  it("is detected once a message is sent, and polled from then on", async () => {
    void w.controller.send(w.dana(), w.reach("mobile"), "sms_code");
    const sent = {
      id: "v_1",
      contact_id: "dana",
      channel_id: "mobile",
      method: "sms_code",
      seq: 2,
      shield: pending("v_1"),
    };
    await w.call().yes(sent);
    expect(updates()).toBe("live");
    await pass(2_500);
    await answer(3, { ...pending("v_1"), stage: "sent" });
    expect(w.shield().stage).toBe("sent");
    await pass(2_500);
    expect(updates()).toBe("polling");
    await answer(4, green("v_1"));
    expect(w.shield().state).toBe("verified");
  });

  it("is polled less and less often while there is no news", async () => {
    for (const wait of [15_000, 30_000, 60_000, 120_000, 240_000, 240_000]) {
      const before = polls().length;
      await pass(wait - 2_500);
      expect(polls()).toHaveLength(before);
      await pass(2_500);
      expect(polls()).toHaveLength(before + 1);
      await answer();
    }
    expect(updates()).toBe("live");
  });

  it("is not polled once a frame has arrived", async () => {
    w.event(2, { mobile: pending("v_1") });
    await pass(60_000);
    expect([polls(), updates()]).toEqual([[], "live"]);
  });
});

describe("a server that starts again", () => {
  it("is not mistaken for a network that blocks", async () => {
    await open();
    w.socket().open();
    w.event(2, { mobile: pending("v_1") });
    await pass(10_000);
    w.socket().lose(4400);
    expect(updates()).toBe("none");
    await pass(500);
    w.socket().lose();
    await pass(1_000);
    w.socket().lose();
    await w.call().lost(); // the poll
    expect(updates()).toBe("none");
    await pass(2_000);
    w.socket().open();
    expect(updates()).toBe("live");
  });

  it("gets a connection at once when a poll succeeds, and the pod never reports polling", async () => {
    await open();
    for (const wait of [500, 1_000, 2_000, 4_000]) {
      w.socket().lose();
      if (w.call().what === "pod") await w.call().lost();
      await pass(wait);
    }
    w.socket().lose();
    const sockets = w.sockets.length;
    await pass(15_000);
    await answer();
    expect([updates(), w.sockets.length > sockets]).toEqual(["none", true]);
    w.socket().open();
    expect(updates()).toBe("live");
  });
});
