// The pod in the frame of ConnectWise: another site, a strict Content-Security-Policy, and a host with failures.

import { type ConnectWiseMode, type ConnectWisePage, expect, test } from "./demo";
import { blockStorage } from "./pages";

test("a caller is verified beside the ticket, and the result is noted on it", async ({ connectwise, demo }) => {
  const complaints: string[] = [];
  connectwise.page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  connectwise.page.on("pageerror", (error) => complaints.push(String(error)));
  await blockStorage(connectwise.page);
  await connectwise.open("61211");
  await connectwise.send("4821", "Code");
  await connectwise.enter(await demo.code());
  await expect(connectwise.row("4821")).toContainText(/Verified .+ by you, until/);
  await expect(connectwise.notes.first()).toContainText("Caller verification: verified");
  await expect(connectwise.notes).toHaveCount(4);
  await connectwise.pod.getByRole("button", { name: /Verification history/ }).click();
  await expect(connectwise.pod.locator(".entry-row")).toContainText(/Verified.+#61211/);
  const [ready, ask, ...rest] = await connectwise.messages("in");
  expect([ready, ask]).toEqual([
    { message: "ready" },
    { hosted_request: "getMemberAuthentication", frameID: expect.any(String) },
  ]);
  expect(rest).toEqual([{ event: "onLoad", _id: "1", result: "success", frameID: ask?.frameID }]);
  expect(complaints).toEqual([]);
});

test("every dialect of the hosted API opens the ticket", async ({ connectwise }) => {
  for (const [shape, keys] of [
    ["args", "lower"],
    ["nested", "pascal"],
    ["data", "camel"],
  ] as const) {
    await connectwise.show("61165", { shape, keys });
    await expect(connectwise.pod.getByText("Marcus Lee").first()).toBeVisible();
    await expect.poll(() => connectwise.page.evaluate(() => window.sandbox.unacknowledged())).toBe(0);
  }
});

test("row 26: another ticket in the middle of a launch and of a send leaves nothing of the old ticket", async ({
  connectwise,
  demo,
}) => {
  let release = () => {};
  let held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const opened: string[] = [];
  await connectwise.page.route("**/api/v1/{launch/connectwise,verifications}", async (route) => {
    const { ticket } = route.request().postDataJSON();
    if (ticket) opened.push(ticket.id);
    if (!ticket || opened.length === 1) await held;
    await route.continue().catch(() => {}); // the pod has let go of it
  });
  await connectwise.show("61211");
  await expect.poll(() => opened).toEqual(["61211"]);
  await connectwise.switchTo("61198");
  await expect(connectwise.pod.getByText("Priya Shah").first()).toBeVisible();
  release();
  await connectwise.switchTo("61211");
  await connectwise.expand();
  await expect(connectwise.row("4821")).toBeVisible();
  await expect(connectwise.pod.getByText("Priya Shah")).toHaveCount(0);

  held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await connectwise.send("4821", "Code");
  await connectwise.switchTo("61198");
  await expect(connectwise.pod.getByText("Priya Shah").first()).toBeVisible();
  release();
  await connectwise.expand();
  await expect(connectwise.row("@fabrikam.example")).toContainText("Not verified");
  await expect(connectwise.pod.getByText("4821")).toHaveCount(0);
  expect([opened, await demo.messages()]).toEqual([["61211", "61198", "61211", "61198"], []]);
});

test("row 26: the ticket on ConnectWise's screen takes precedence over the one in the address", async ({
  connectwise,
}) => {
  await connectwise.open("61211");
  await connectwise.page.evaluate(() => {
    const frame = document.querySelector<HTMLIFrameElement>("#pod iframe");
    if (frame) frame.src = frame.src.replace("61211", "61187");
  });
  await connectwise.expand();
  await expect(connectwise.row("4821")).toBeVisible();
  await expect(connectwise.pod.getByText("Jordan")).toHaveCount(0);
});

test("row 24: invalid messages, a flood, a foreign frame and a second pod change nothing, and every event is acknowledged", async ({
  connectwise,
  demo,
}) => {
  await connectwise.open("61211");
  const { page } = connectwise;
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
    await expect(connectwise.row("4821")).toContainText("Not verified");
  });

  await test.step("a foreign frame", async () => {
    const before = (await connectwise.messages("in")).length;
    for (const message of [
      { event: "onLoad", _id: "7", data: { screenObject: { screen: "ticket", id: 61198 } } },
      { event: "beforeSave", _id: "8" },
    ]) {
      await page.evaluate((text) => window.sandbox.intrude(text), JSON.stringify(message));
    }
    await page.evaluate(() => window.sandbox.fire("onSomethingNew"));
    expect((await connectwise.messages("in")).length).toBe(before + 1);
    await expect(connectwise.row("4821")).toBeVisible();
  });

  await test.step("a second pod on the same screen", async () => {
    await page.evaluate(() => window.sandbox.addFrame() && undefined);
    const second = page.frameLocator("#pod iframe >> nth=1");
    await expect(second.getByText("Dana Reyes").first()).toBeVisible();
    await connectwise.send("4821", "Code");
    await connectwise.enter(await demo.code());
    await expect(connectwise.row("4821")).toContainText("Verified");
    await settled();
  });
});

test("a session that ends during a verification is launched again, and typed input stays", async ({
  connectwise,
  demo,
}) => {
  await connectwise.open("61211");
  await connectwise.pod.getByRole("combobox").selectOption({ label: "Marcus Lee · Office Manager" });
  await connectwise.pod.getByLabel("Why this contact?").fill("Dana is on leave, Marcus rang");
  const launches: string[] = [];
  connectwise.page.on(
    "request",
    (request) => request.url().endsWith("/launch/connectwise") && launches.push(request.url()),
  );
  await demo.forward("2h");
  await expect.poll(() => launches.length).toBe(1);
  await expect(connectwise.pod.getByText("Reconnecting…")).toBeHidden();
  await expect(connectwise.pod.getByLabel("Why this contact?")).toHaveValue("Dana is on leave, Marcus rang");
  await connectwise.send("3107", "Code");
  await connectwise.enter(await demo.code());
  await expect(connectwise.row("3107")).toContainText("Verified");
});

/** Failures of ConnectWise's API, and what the pod shows. */
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

test.describe("for a ticket that can't be opened the pod shows what to do, and no personal data", () => {
  test.use({ demoScope: "worker" });

  const expectNoPersonalData = async (connectwise: ConnectWisePage) => {
    for (const name of ["Dana", "Marcus", "4821"]) await expect(connectwise.pod.getByText(name)).toHaveCount(0);
  };

  for (const [mode, words, path] of troubles) {
    test(`ConnectWise answers ${mode} ${path ?? ""}`, async ({ connectwise, demo }) => {
      await demo.setConnectWiseFault(mode, 0, path);
      await connectwise.show("61211");
      await expect(connectwise.pod.locator(".stopped")).toContainText(words);
      await expectNoPersonalData(connectwise);
    });
  }

  test("the pod opens without a press when ConnectWise is back", async ({ connectwise, demo }) => {
    await demo.setConnectWiseFault("down");
    await connectwise.show("61211");
    await expect(connectwise.pod.getByText("The ticket system is not answering")).toBeVisible();
    await demo.setConnectWiseFault("ok");
    await expect(connectwise.row("4821")).toBeVisible();
  });

  for (const [name, ticket, words] of [
    ["Lee Park", "61150", "You can’t see this ticket"],
    ["Sam Novak", "61211", "You can’t see this ticket"],
    ["Robin Frost", "61211", "We can’t tell who you are"],
  ] as const) {
    test(`${name} has no right to see it`, async ({ connectwise }) => {
      await connectwise.show("61211");
      await connectwise.signInAs(name);
      await connectwise.show(ticket);
      await expect(connectwise.pod.locator(".stopped")).toContainText(words);
      await expectNoPersonalData(connectwise);
    });
  }

  test("a caller who is not a contact", async ({ connectwise }) => {
    await connectwise.show("61139");
    await expect(connectwise.pod.locator(".stopped")).toContainText("No contact to verify");
    await expectNoPersonalData(connectwise);
  });
});

test("before_save: a ticket with an unverified caller is saved, with a warning, or not at all", async ({
  connectwise,
  demo,
}) => {
  const change = () => connectwise.page.locator("#status").selectOption("Waiting Client");
  const notice = connectwise.pod.locator(".notice.saved");
  await connectwise.open("61211");
  await test.step("off", async () => {
    await connectwise.save();
    await expect(connectwise.state).toHaveText(/^Saved/);
    await expect(notice).toHaveCount(0);
  });
  await test.step("warn", async () => {
    await demo.policy({ before_save: "warn" });
    await expect(connectwise.pod.getByRole("status").first()).toContainText("The rules for Contoso have changed");
    await change();
    await connectwise.save();
    await expect(connectwise.state).toHaveText(/^Saved/);
    await expect(notice).toContainText("Saved, but the caller is not verified");
  });
  await test.step("block", async () => {
    await demo.policy({ before_save: "block" });
    await expect
      .poll(async () => {
        await connectwise.save();
        await expect(connectwise.page.locator("#save")).toBeEnabled();
        return connectwise.state.textContent();
      })
      .toBe("Not saved");
    await expect(connectwise.refusal).toContainText("Verify the caller before you save");
    await expect(connectwise.refusal).toContainText("Set by");
    await expect(notice).toContainText("Not saved. Verify the caller, then save again.");
  });
  await test.step("verified, it saves", async () => {
    await connectwise.send("4821", "Code");
    await connectwise.enter(await demo.code());
    await expect(connectwise.row("4821")).toContainText("Verified");
    await expect(notice).toHaveCount(0);
    await connectwise.save();
    await expect(connectwise.state).toHaveText(/^Saved/);
  });
});

test("the pod waits for a slow ConnectWise, and another ticket does not wait for it", async ({ connectwise, demo }) => {
  await demo.delayConnectWise(1_500);
  await connectwise.show("61211");
  await expect(connectwise.pod.locator(".skeleton")).toBeVisible();
  await connectwise.switchTo("61198");
  await expect(connectwise.pod.getByText("Priya Shah").first()).toBeVisible();
  await expect(connectwise.pod.getByText("Dana")).toHaveCount(0);
});
