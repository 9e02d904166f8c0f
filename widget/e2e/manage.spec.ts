// The ConnectWise sandbox itself: the messages that it sends, reads and ignores with a fake pod in its frame, and one
// complete flow with the real pod.

import type { Frame } from "@playwright/test";
import { type ConnectWisePage, type Demo, expect, test } from "./demo";

test.use({ demoScope: "worker" });

/** A fake pod that the test controls. */
const page = `<!doctype html><script>
  const heard = [];
  addEventListener("message", (e) => heard.push([e.origin, e.data]));
</script>`;

interface Pod {
  say: (message: unknown) => Promise<void>;
  /** All messages received; each checked to be a JSON string from the host. */
  heard: () => Promise<Record<string, unknown>[]>;
  /** Reports that it is ready, and returns the id of its frame. */
  begin: () => Promise<string>;
  acknowledge: (event: string, result?: object) => Promise<void>;
}

declare const heard: [string, unknown][];

const playPod = async (connectwise: ConnectWisePage, demo: Demo, open: () => Promise<void>): Promise<Pod> => {
  await connectwise.page.route(`${demo.bff}/pod/**`, (route) =>
    route.fulfill({ contentType: "text/html", body: page }),
  );
  await open();
  const own = (): Frame => {
    const frame = connectwise.page.frame({ url: /\/pod\/acme/ });
    if (!frame) throw new Error("there is no frame");
    return frame;
  };
  await expect.poll(() => own().evaluate("typeof heard")).toBe("object");
  let frameID = "";
  const pod: Pod = {
    say: (message) =>
      own().evaluate(
        ([text, origin]) => parent.postMessage(text, origin as string),
        [typeof message === "object" ? JSON.stringify(message) : message, demo.connectwise],
      ),
    heard: async () =>
      (await own().evaluate(() => heard)).map(([origin, data]) => {
        expect([origin, typeof data]).toEqual([demo.connectwise, "string"]);
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

const begin = async (connectwise: ConnectWisePage, demo: Demo, ticket = "61211", dialect = {}) => {
  const pod = await playPod(connectwise, demo, () => connectwise.show(ticket, dialect));
  const frameID = await pod.begin();
  return { pod, frameID };
};

const onScreen = (id: number, screen = "ticket") => ({ screen, id, hostedAs: "pod" });

test("three sites: the pod is cross-site for both ticket screens", async ({ connectwise, demo }) => {
  for (const screen of [`${demo.connectwise}/tickets/61211`, `${demo.psa}/tickets/4711`]) {
    const asked = connectwise.page.waitForRequest((request) => request.url().includes("/pod/acme"));
    await connectwise.page.goto(screen);
    expect((await (await asked).allHeaders())["sec-fetch-site"]).toBe("cross-site");
  }
});

test("it sends nothing before ready, then the frame's id, then the ticket on screen", async ({ connectwise, demo }) => {
  const pod = await playPod(connectwise, demo, () => connectwise.show("61211"));
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
  test(`an event in the shape of ${shape}`, async ({ connectwise, demo }) => {
    const { pod } = await begin(connectwise, demo, "61165", { shape });
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
    connectwise,
    demo,
  }) => {
    const { pod, frameID } = await begin(connectwise, demo, "61211", { keys });
    await pod.say({ hosted_request: "getMemberAuthentication", frameID });
    await expect.poll(async () => (await pod.heard()).length).toBe(3);
    const { response, data } = (await pod.heard())[2] as { response: string; data: Record<string, string> };
    expect(response).toBe("getmemberauthentication");
    const [company, member, hash, codebase] = names.map((name) => data[name]);
    expect([company, member, codebase]).toEqual(["acme", "AOrtiz", "v2025_1/"]);
    expect(hash).toMatch(/^[0-9a-f]{32}$/);
    expect(await connectwise.page.content()).not.toContain(hash);
  });
}

test("it ignores other keys, other ids, other types than strings, and other origins", async ({ connectwise, demo }) => {
  const { pod, frameID } = await begin(connectwise, demo);
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
  await expect(connectwise.state).toHaveText("Not saved yet");
  expect((await pod.heard()).length).toBe(2);
  expect(await connectwise.page.evaluate(() => window.sandbox.unacknowledged())).toBe(1);
});

test("another ticket in place: the frame stays and gets the new id; a page load creates a new frame", async ({
  connectwise,
  demo,
}) => {
  const { pod, frameID } = await begin(connectwise, demo);
  await connectwise.switchTo("61198");
  await expect.poll(async () => (await pod.heard()).length).toBe(3);
  expect((await pod.heard())[2]).toEqual({ event: "onLoad", _id: "2", data: { screenObject: onScreen(61198) } });
  await expect(connectwise.page).toHaveURL(/\/tickets\/61198/);
  await pod.say({ hosted_request: "openScreen", frameID, args: { newTab: false, screen: "ticket", id: 61187 } });
  await expect(connectwise.page.getByRole("heading", { name: "#61187" })).toBeVisible();
  await pod.say({ hosted_request: "refreshScreen", frameID });
  await expect.poll(async () => (await pod.heard()).length).toBe(5);
  await connectwise.page.reload();
  expect(connectwise.page.frame({ url: /\/pod\/acme\?id=61187&screen=ticket/ })).toBeTruthy();
});

test.describe(() => {
  test.use({ demoScope: "test" });

  test("it saves when every event is acknowledged, and not before", async ({ connectwise, demo }) => {
    const { pod } = await begin(connectwise, demo);
    await connectwise.page.locator("#status").selectOption("Waiting Client");
    await expect(connectwise.state).toHaveText("Not saved yet");
    await connectwise.save();
    await expect(connectwise.state).toHaveText("Waiting for Shieldpod…");
    expect((await pod.heard()).length).toBe(2); // beforeSave is not asked while onLoad waits
    await pod.acknowledge("onLoad");
    await pod.acknowledge("beforeSave");
    await expect(connectwise.state).toHaveText(/^Saved \d\d:\d\d$/);
    await connectwise.page.reload();
    await expect(connectwise.page.locator("#status")).toHaveValue("18");
  });
});

test.describe(() => {
  test.use({ demoScope: "test" });

  test("a save that the pod refuses shows the reason, and changes nothing", async ({ connectwise, demo }) => {
    const { pod } = await begin(connectwise, demo);
    await pod.acknowledge("onLoad");
    await connectwise.page.locator("#status").selectOption(">Closed");
    await connectwise.save();
    await pod.acknowledge("beforeSave", { result: "failure", errors: ["Verify Dana first.", "Ask a team lead."] });
    await expect(connectwise.refusal.getByRole("listitem")).toHaveText(["Verify Dana first.", "Ask a team lead."]);
    await expect(connectwise.state).toHaveText("Not saved");
    await connectwise.page.reload();
    await expect(connectwise.page.locator("#status")).toHaveValue("17");
  });
});

test.describe(() => {
  test.use({ demoScope: "test" });

  test("a note appears on the open screen when it is written", async ({ connectwise, demo }) => {
    await begin(connectwise, demo);
    await expect(connectwise.notes).toHaveCount(3);
    const session = await connectwise.page.evaluate(async () => (await fetch("/session")).json());
    const written = await fetch(
      `${demo.connectwise.replace("manage.localhost", "127.0.0.1")}/v2025_1/apis/3.0/service/tickets/61211/notes`,
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
    await expect(connectwise.notes.first()).toContainText("Written by somebody else.");
    await expect(connectwise.notes).toHaveCount(4);
  });
});

test.describe(() => {
  test.use({ demoScope: "test" });

  test("a frame of a foreign origin, a second one of the pod, and another member", async ({ connectwise, demo }) => {
    await begin(connectwise, demo);
    await connectwise.page.evaluate(() => window.sandbox.intrude("hello from elsewhere"));
    const first = connectwise.page.frame({ url: /\/pod\/acme/ });
    await expect
      .poll(() => first?.evaluate(() => heard.at(-1)))
      .toEqual([demo.connectwise.replace("manage.localhost", "127.0.0.1"), "hello from elsewhere"]);
    await connectwise.page.evaluate(() => window.sandbox.addFrame() && undefined);
    await expect(connectwise.page.locator("#pod iframe")).toHaveCount(2);
    await connectwise.signInAs("Lee Park");
    expect((await connectwise.page.evaluate(async () => (await fetch("/session")).json())).memberid).toBe("LPark");
    await connectwise.show("61150");
    await expect(connectwise.page.getByText("Lee Park has no right to see it")).toBeVisible();
  });
});

test.describe(() => {
  test.use({ demoScope: "test" });

  test("the whole flow: a save is refused, Dana is verified, the result is noted on the ticket, the save succeeds", async ({
    connectwise,
    demo,
  }) => {
    await demo.policy({ before_save: "block" });
    await connectwise.open("61211");
    await connectwise.page.locator("#status").selectOption(">Closed");
    await connectwise.save();
    await expect(connectwise.refusal).toContainText("Verify the caller before you save");
    await connectwise.send("4821", "Code");
    await connectwise.enter(await demo.code());
    await expect(connectwise.row("4821")).toContainText("Verified");
    await expect(connectwise.notes.first()).toContainText("Caller verification: verified");
    await expect(connectwise.notes.first()).toContainText("Internal");
    await connectwise.save();
    await expect(connectwise.state).toContainText("Saved");
    await expect(connectwise.refusal).toBeHidden();
    const asked = (await demo.connectWiseRequests()).map(({ method, path, as }) => [method, path.split("3.0")[1], as]);
    expect(asked.filter(([method]) => method === "POST")).toEqual([
      ["POST", "/service/tickets/61211/notes", "Shieldpod"],
    ]);
  });
});
