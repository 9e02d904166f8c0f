// The stand-in for ConnectWise itself: what it says, hears and refuses with a pod of the test's own in its frame,
// and one walk with the real one.

import type { Frame } from "@playwright/test";
import { type ConnectWise, type Demo, expect, test } from "./demo";

test.use({ demoScope: "worker" });

/** A pod that says and hears what the test has it. */
const page = `<!doctype html><script>
  const heard = [];
  addEventListener("message", (e) => heard.push([e.origin, e.data]));
</script>`;

interface Pod {
  say: (message: unknown) => Promise<void>;
  /** All that was heard; each checked to be a JSON string of the host's. */
  heard: () => Promise<Record<string, unknown>[]>;
  /** Says that it is ready, and gives the id of its frame. */
  begin: () => Promise<string>;
  acknowledge: (event: string, result?: object) => Promise<void>;
}

declare const heard: [string, unknown][];

const playPod = async (manage: ConnectWise, demo: Demo, open: () => Promise<void>): Promise<Pod> => {
  await manage.page.route(`${demo.bff}/pod/**`, (route) => route.fulfill({ contentType: "text/html", body: page }));
  await open();
  const own = (): Frame => {
    const frame = manage.page.frame({ url: /\/pod\/acme/ });
    if (!frame) throw new Error("there is no frame");
    return frame;
  };
  await expect.poll(() => own().evaluate("typeof heard")).toBe("object");
  let frameID = "";
  const pod: Pod = {
    say: (message) =>
      own().evaluate(
        ([text, origin]) => parent.postMessage(text, origin as string),
        [typeof message === "object" ? JSON.stringify(message) : message, demo.manage],
      ),
    heard: async () =>
      (await own().evaluate(() => heard)).map(([origin, data]) => {
        expect([origin, typeof data]).toEqual([demo.manage, "string"]);
        return JSON.parse(data as string);
      }),
    begin: async () => {
      await pod.say({ message: "ready" });
      await expect.poll(async () => (await pod.heard()).length).toBe(2);
      frameID = String((await pod.heard())[0]?.MessageFrameID);
      return frameID;
    },
    acknowledge: async (event, result = { result: "success" }) => {
      const last = (all: Record<string, unknown>[]) => all.findLast((m) => m.event === event);
      await expect.poll(async () => last(await pod.heard())).toBeTruthy();
      await pod.say({ event, _id: last(await pod.heard())?._id, frameID, ...result });
    },
  };
  return pod;
};

const begin = async (manage: ConnectWise, demo: Demo, ticket = "61211", dialect = {}) => {
  const pod = await playPod(manage, demo, () => manage.show(ticket, dialect));
  const frameID = await pod.begin();
  return { pod, frameID };
};

const onScreen = (id: number, screen = "ticket") => ({ screen, id, hostedAs: "pod" });

test("three sites: the pod is a stranger to both ticket screens", async ({ manage, demo }) => {
  for (const screen of [`${demo.manage}/tickets/61211`, `${demo.desk}/tickets/4711`]) {
    const asked = manage.page.waitForRequest((request) => request.url().includes("/pod/acme"));
    await manage.page.goto(screen);
    expect((await (await asked).allHeaders())["sec-fetch-site"]).toBe("cross-site");
  }
});

test("it says nothing before ready, then the frame's id, then what is on screen", async ({ manage, demo }) => {
  const pod = await playPod(manage, demo, () => manage.show("61211"));
  expect(await pod.heard()).toEqual([]);
  const id = await pod.begin();
  expect(await pod.heard()).toEqual([
    { MessageFrameID: id },
    { event: "onLoad", _id: "1", data: { screenObject: onScreen(61211) } },
  ]);
});

for (const { shape, carries } of [
  { shape: "data", carries: { data: { screenObject: onScreen(61165, "projectticket") } } },
  { shape: "args", carries: { args: { ...onScreen(61165, "projectticket"), id: "61165" } } },
  { shape: "nested", carries: { args: { screenObject: onScreen(61165, "projectticket") } } },
] as const) {
  test(`an event in the shape of ${shape}`, async ({ manage, demo }) => {
    const { pod } = await begin(manage, demo, "61165", { shape });
    expect((await pod.heard())[1]).toEqual({ event: "onLoad", _id: "1", ...carries });
  });
}

for (const { keys, names } of [
  { keys: "documented", names: ["companyid", "memberid", "memberHash", "codeBase"] },
  { keys: "camel", names: ["companyId", "memberId", "memberHash", "codeBase"] },
  { keys: "lower", names: ["companyid", "memberid", "memberhash", "codebase"] },
  { keys: "pascal", names: ["Companyid", "Memberid", "MemberHash", "CodeBase"] },
] as const) {
  test(`a member's data with ${keys} keys, and no hash in what the screen shows of its messages`, async ({
    manage,
    demo,
  }) => {
    const { pod, frameID } = await begin(manage, demo, "61211", { keys });
    await pod.say({ hosted_request: "getMemberAuthentication", frameID });
    await expect.poll(async () => (await pod.heard()).length).toBe(3);
    const { response, data } = (await pod.heard())[2] as { response: string; data: Record<string, string> };
    expect(response).toBe("getmemberauthentication");
    const [company, member, hash, codebase] = names.map((name) => data[name]);
    expect([company, member, codebase]).toEqual(["acme", "AOrtiz", "v2025_1/"]);
    expect(hash).toMatch(/^[0-9a-f]{32}$/);
    expect(await manage.page.content()).not.toContain(hash);
  });
}

test("what it does not hear: other keys, other ids, no strings, other origins", async ({ manage, demo }) => {
  const { pod, frameID } = await begin(manage, demo);
  const ask = "getMemberAuthentication";
  for (const message of [
    { request: ask, frameID },
    { hosted_request: ask },
    { hosted_request: ask, frameID: "of another" },
    { hosted_request: "getEverything", frameID },
    { event: "onLoad", _id: "99", frameID, result: "success" },
    "no JSON",
    "null",
  ]) {
    await pod.say(message);
  }
  await pod.say(5);
  await pod.say({ hosted_request: "setDirty", frameID, args: { dirty: true } });
  await expect(manage.state).toHaveText("Not saved yet");
  expect((await pod.heard()).length).toBe(2);
  expect(await manage.page.evaluate(() => window.sandbox.unacknowledged())).toBe(1);
});

test("another ticket in place: the frame stays and hears the new id; a page load brings a new frame", async ({
  manage,
  demo,
}) => {
  const { pod, frameID } = await begin(manage, demo);
  await manage.turnTo("61198");
  await expect.poll(async () => (await pod.heard()).length).toBe(3);
  expect((await pod.heard())[2]).toEqual({ event: "onLoad", _id: "2", data: { screenObject: onScreen(61198) } });
  await expect(manage.page).toHaveURL(/\/tickets\/61198/);
  await pod.say({ hosted_request: "openScreen", frameID, args: { newTab: false, screen: "ticket", id: 61187 } });
  await expect(manage.page.getByRole("heading", { name: "#61187" })).toBeVisible();
  await pod.say({ hosted_request: "refreshScreen", frameID });
  await expect.poll(async () => (await pod.heard()).length).toBe(5);
  await manage.page.reload();
  expect(manage.page.frame({ url: /\/pod\/acme\?id=61187&screen=ticket/ })).toBeTruthy();
});

test.describe(() => {
  test.use({ demoScope: "test" });

  test("it saves when every event is acknowledged, and not before", async ({ manage, demo }) => {
    const { pod } = await begin(manage, demo);
    await manage.page.locator("#status").selectOption("Waiting Client");
    await expect(manage.state).toHaveText("Not saved yet");
    await manage.save();
    await expect(manage.state).toHaveText("Waiting for Shieldpod…");
    expect((await pod.heard()).length).toBe(2); // beforeSave is not asked while onLoad waits
    await pod.acknowledge("onLoad");
    await pod.acknowledge("beforeSave");
    await expect(manage.state).toHaveText(/^Saved \d\d:\d\d$/);
    await manage.page.reload();
    await expect(manage.page.locator("#status")).toHaveValue("18");
  });
});

test.describe(() => {
  test.use({ demoScope: "test" });

  test("a save that the pod refuses shows why, and changes nothing", async ({ manage, demo }) => {
    const { pod } = await begin(manage, demo);
    await pod.acknowledge("onLoad");
    await manage.page.locator("#status").selectOption(">Closed");
    await manage.save();
    await pod.acknowledge("beforeSave", { result: "failure", errors: ["Verify Dana first.", "Ask a team lead."] });
    await expect(manage.refusal.getByRole("listitem")).toHaveText(["Verify Dana first.", "Ask a team lead."]);
    await expect(manage.state).toHaveText("Not saved");
    await manage.page.reload();
    await expect(manage.page.locator("#status")).toHaveValue("17");
  });
});

test.describe(() => {
  test.use({ demoScope: "test" });

  test("a note shows on the open screen as it is written", async ({ manage, demo }) => {
    await begin(manage, demo);
    await expect(manage.notes).toHaveCount(3);
    const session = await manage.page.evaluate(async () => (await fetch("/session")).json());
    const written = await fetch(
      `${demo.manage.replace("manage.localhost", "127.0.0.1")}/v2025_1/apis/3.0/service/tickets/61211/notes`,
      {
        method: "POST",
        headers: {
          clientId: "5d1e1d50-0000-4000-8000-000000000001",
          Accept: "application/vnd.connectwise.com+json; version=2025.16",
          "Content-Type": "application/json",
          Cookie: `companyName=acme; memberId=AOrtiz; memberHash=${session.memberHash}; memberContext=web`,
        },
        body: JSON.stringify({ text: "Written by somebody else.", internalAnalysisFlag: true }),
      },
    );
    expect(written.status).toBe(201);
    await expect(manage.notes.first()).toContainText("Written by somebody else.");
    await expect(manage.notes).toHaveCount(4);
  });
});

test.describe(() => {
  test.use({ demoScope: "test" });

  test("a frame of a foreign origin, a second one of the pod, and a member who is somebody else", async ({
    manage,
    demo,
  }) => {
    await begin(manage, demo);
    await manage.page.evaluate(() => window.sandbox.intrude("hello from elsewhere"));
    const first = manage.page.frame({ url: /\/pod\/acme/ });
    await expect
      .poll(() => first?.evaluate(() => heard.at(-1)))
      .toEqual([demo.manage.replace("manage.localhost", "127.0.0.1"), "hello from elsewhere"]);
    await manage.page.evaluate(() => window.sandbox.addFrame() && undefined);
    await expect(manage.page.locator("#pod iframe")).toHaveCount(2);
    await manage.be("Lee Park");
    expect((await manage.page.evaluate(async () => (await fetch("/session")).json())).memberid).toBe("LPark");
    await manage.show("61150");
    await expect(manage.page.getByText("Lee Park has no right to see it")).toBeVisible();
  });
});

test.describe(() => {
  test.use({ demoScope: "test" });

  test("the whole walk: a save is refused, Dana is verified, the proof lands on the ticket, the save goes through", async ({
    manage,
    demo,
  }) => {
    await demo.policy({ before_save: "block" });
    await manage.open("61211");
    await manage.page.locator("#status").selectOption(">Closed");
    await manage.save();
    await expect(manage.refusal).toContainText("Verify the caller before you save");
    await manage.send("4821", "Code");
    await manage.enter(await demo.code());
    await expect(manage.row("4821")).toContainText("Verified");
    await expect(manage.notes.first()).toContainText("Caller verification: verified");
    await expect(manage.notes.first()).toContainText("Internal");
    await manage.save();
    await expect(manage.state).toContainText("Saved");
    await expect(manage.refusal).toBeHidden();
    const asked = (await demo.connectWiseRequests()).map(({ method, path, as }) => [method, path.split("3.0")[1], as]);
    expect(asked.filter(([method]) => method === "POST")).toEqual([
      ["POST", "/service/tickets/61211/notes", "Shieldpod"],
    ]);
  });
});
