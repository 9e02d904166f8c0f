// The pod in ConnectWise's own frame: another site, a strict policy around it, and a host that is not always kind.

import { type ConnectWise, type ConnectWiseMode, expect, test } from "./demo";
import { blockStorage } from "./pages";

test("a caller is verified beside the ticket, and the proof is on it", async ({ manage, demo }) => {
  const complaints: string[] = [];
  manage.page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  manage.page.on("pageerror", (error) => complaints.push(String(error)));
  await blockStorage(manage.page);
  await manage.open("61211");
  await manage.send("4821", "Code");
  await manage.enter(await demo.code());
  await expect(manage.row("4821")).toContainText(/Verified .+ by you, until/);
  await expect(manage.notes.first()).toContainText("Caller verification: verified");
  await expect(manage.notes).toHaveCount(4);
  await manage.pod.getByRole("button", { name: /Verification history/ }).click();
  await expect(manage.pod.locator(".entry-row")).toContainText(/Verified.+#61211/);
  const [ready, ask, ...rest] = await manage.messages("in");
  expect([ready, ask]).toEqual([
    { message: "ready" },
    { hosted_request: "getMemberAuthentication", frameID: expect.any(String) },
  ]);
  expect(rest).toEqual([{ event: "onLoad", _id: "1", result: "success", frameID: ask?.frameID }]);
  expect(complaints).toEqual([]);
});

test("every dialect of the hosted API opens the ticket", async ({ manage }) => {
  for (const [shape, keys] of [
    ["args", "lower"],
    ["nested", "pascal"],
    ["data", "camel"],
  ] as const) {
    await manage.show("61165", { shape, keys });
    await expect(manage.pod.getByText("Marcus Lee").first()).toBeVisible();
    await expect.poll(() => manage.page.evaluate(() => window.sandbox.unacknowledged())).toBe(0);
  }
});

test("row 26: another ticket in the middle of a launch and of a send leaves nothing of the old one", async ({
  manage,
  demo,
}) => {
  let release = () => {};
  let held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const opened: string[] = [];
  await manage.page.route("**/api/v1/{launch/connectwise,verifications}", async (route) => {
    const { ticket } = route.request().postDataJSON();
    if (ticket) opened.push(ticket.id);
    if (!ticket || opened.length === 1) await held;
    await route.continue().catch(() => {}); // the pod has let go of it
  });
  await manage.show("61211");
  await expect.poll(() => opened).toEqual(["61211"]);
  await manage.turnTo("61198");
  await expect(manage.pod.getByText("Priya Shah").first()).toBeVisible();
  release();
  await manage.turnTo("61211");
  await manage.unfold();
  await expect(manage.row("4821")).toBeVisible();
  await expect(manage.pod.getByText("Priya Shah")).toHaveCount(0);

  held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await manage.send("4821", "Code");
  await manage.turnTo("61198");
  await expect(manage.pod.getByText("Priya Shah").first()).toBeVisible();
  release();
  await manage.unfold();
  await expect(manage.row("@fabrikam.example")).toContainText("Not verified");
  await expect(manage.pod.getByText("4821")).toHaveCount(0);
  expect([opened, await demo.messages()]).toEqual([["61211", "61198", "61211", "61198"], []]);
});

test("row 26: the ticket that ConnectWise has on screen wins over the one in the address", async ({ manage }) => {
  await manage.open("61211");
  await manage.page.evaluate(() => {
    const frame = document.querySelector<HTMLIFrameElement>("#pod iframe");
    if (frame) frame.src = frame.src.replace("61211", "61187");
  });
  await manage.unfold();
  await expect(manage.row("4821")).toBeVisible();
  await expect(manage.pod.getByText("Jordan")).toHaveCount(0);
});

test("row 24: junk, a flood, a foreign frame and a second pod move nothing, and every event is acknowledged", async ({
  manage,
  demo,
}) => {
  await manage.open("61211");
  const { page } = manage;
  const settled = () => expect.poll(() => page.evaluate(() => window.sandbox.unacknowledged())).toBe(0);

  await test.step("junk and a flood of the host's own", async () => {
    await page.evaluate(() => {
      for (const junk of [
        "no JSON",
        "null",
        "[]",
        '{"MessageFrameID":"MF-9"}',
        { response: "getmemberauthentication", data: { memberid: "SNovak", memberHash: "x" } },
        "x".repeat(200_000),
      ]) {
        window.sandbox.send(junk);
      }
      window.sandbox.flood(2_000);
      window.sandbox.flood(2_000, "junk");
    });
    await page.evaluate(() => window.sandbox.fire("onSomethingNew"));
    await settled();
    await expect(manage.row("4821")).toContainText("Not verified");
  });

  await test.step("a foreign frame", async () => {
    const before = (await manage.messages("in")).length;
    for (const message of [
      { event: "onLoad", _id: "7", data: { screenObject: { screen: "ticket", id: 61198 } } },
      { event: "beforeSave", _id: "8" },
    ]) {
      await page.evaluate((text) => window.sandbox.intrude(text), JSON.stringify(message));
    }
    await page.evaluate(() => window.sandbox.fire("onSomethingNew"));
    expect((await manage.messages("in")).length).toBe(before + 1);
    await expect(manage.row("4821")).toBeVisible();
  });

  await test.step("a second pod on the same screen", async () => {
    await page.evaluate(() => window.sandbox.addFrame() && undefined);
    const second = page.frameLocator("#pod iframe >> nth=1");
    await expect(second.getByText("Dana Reyes").first()).toBeVisible();
    await manage.send("4821", "Code");
    await manage.enter(await demo.code());
    await expect(manage.row("4821")).toContainText("Verified");
    await settled();
  });
});

test("a session that ends in mid-flow begins anew by itself, and what was typed stays", async ({ manage, demo }) => {
  await manage.open("61211");
  await manage.pod.getByRole("combobox").selectOption({ label: "Marcus Lee · Office Manager" });
  await manage.pod.getByLabel("Why this contact?").fill("Dana is on leave, Marcus rang");
  const launches: string[] = [];
  manage.page.on("request", (request) => request.url().endsWith("/launch/connectwise") && launches.push(request.url()));
  await demo.forward("2h");
  await expect.poll(() => launches.length).toBe(1);
  await expect(manage.pod.getByText("Reconnecting…")).toBeHidden();
  await expect(manage.pod.getByLabel("Why this contact?")).toHaveValue("Dana is on leave, Marcus rang");
  await manage.send("3107", "Code");
  await manage.enter(await demo.code());
  await expect(manage.row("3107")).toContainText("Verified");
});

/** What ConnectWise's API does, and what the pod says to it. */
const troubles: [ConnectWiseMode, string, string?][] = [
  ["down", "The ticket system is not answering"],
  ["html", "The ticket system is not answering"],
  ["500", "The ticket system is not answering"],
  ["429", "The ticket system is busy"],
  ["slow", "The ticket system is not answering"],
  ["401", "The ticket system refuses Shieldpod"],
  ["401", "We can’t tell who you are", "myMembers"],
  ["403", "You can’t see this ticket", "tickets"],
  ["inactive", "We can’t tell who you are"],
  ["mismatch", "We can’t tell who you are"],
];

test.describe("a ticket that can't be opened says what to do, and shows nothing of anybody", () => {
  test.use({ demoScope: "worker" });

  const showsNobody = async (manage: ConnectWise) => {
    for (const name of ["Dana", "Marcus", "4821"]) await expect(manage.pod.getByText(name)).toHaveCount(0);
  };

  for (const [mode, words, path] of troubles) {
    test(`ConnectWise answers ${mode} ${path ?? ""}`, async ({ manage, demo }) => {
      await demo.misbehaveConnectWise(mode, 0, path);
      await manage.show("61211");
      await expect(manage.pod.locator(".stopped")).toContainText(words);
      await showsNobody(manage);
    });
  }

  test("it opens by itself when ConnectWise is back", async ({ manage, demo }) => {
    await demo.misbehaveConnectWise("down");
    await manage.show("61211");
    await expect(manage.pod.getByText("The ticket system is not answering")).toBeVisible();
    await demo.misbehaveConnectWise("ok");
    await expect(manage.row("4821")).toBeVisible();
  });

  for (const [name, ticket, words] of [
    ["Lee Park", "61150", "You can’t see this ticket"],
    ["Sam Novak", "61211", "You can’t see this ticket"],
    ["Robin Frost", "61211", "We can’t tell who you are"],
  ] as const) {
    test(`${name} has no right to see it`, async ({ manage }) => {
      await manage.show("61211");
      await manage.be(name);
      await manage.show(ticket);
      await expect(manage.pod.locator(".stopped")).toContainText(words);
      await showsNobody(manage);
    });
  }

  test("a caller who is no contact", async ({ manage }) => {
    await manage.show("61139");
    await expect(manage.pod.locator(".stopped")).toContainText("No contact to verify");
    await showsNobody(manage);
  });
});

test("before_save: a ticket with an unverified caller is saved, with a warning, or not at all", async ({
  manage,
  demo,
}) => {
  const change = () => manage.page.locator("#status").selectOption("Waiting Client");
  const notice = manage.pod.locator(".notice.saved");
  await manage.open("61211");
  await test.step("off", async () => {
    await manage.save();
    await expect(manage.state).toHaveText(/^Saved/);
    await expect(notice).toHaveCount(0);
  });
  await test.step("warn", async () => {
    await demo.policy({ before_save: "warn" });
    await expect(manage.pod.getByRole("status").first()).toContainText("The rules for Contoso have changed");
    await change();
    await manage.save();
    await expect(manage.state).toHaveText(/^Saved/);
    await expect(notice).toContainText("Saved, but the caller is not verified");
  });
  await test.step("block", async () => {
    await demo.policy({ before_save: "block" });
    await expect
      .poll(async () => {
        await manage.save();
        await expect(manage.page.locator("#save")).toBeEnabled();
        return manage.state.textContent();
      })
      .toBe("Not saved");
    await expect(manage.refusal).toContainText("Verify the caller before you save");
    await expect(manage.refusal).toContainText("Set by");
    await expect(notice).toContainText("Not saved. Verify the caller, then save again.");
  });
  await test.step("verified, it saves", async () => {
    await manage.send("4821", "Code");
    await manage.enter(await demo.code());
    await expect(manage.row("4821")).toContainText("Verified");
    await expect(notice).toHaveCount(0);
    await manage.save();
    await expect(manage.state).toHaveText(/^Saved/);
  });
});

test("a ConnectWise that answers slowly is waited for, and another ticket is not held up by it", async ({
  manage,
  demo,
}) => {
  await demo.delayConnectWise(1_500);
  await manage.show("61211");
  await expect(manage.pod.locator(".skeleton")).toBeVisible();
  await manage.turnTo("61198");
  await expect(manage.pod.getByText("Priya Shah").first()).toBeVisible();
  await expect(manage.pod.getByText("Dana")).toHaveCount(0);
});
