// Safety: the wrong ticket, a lost server, a foreign page, leaked secrets.

import { once } from "node:events";
import { createServer } from "node:http";
import { podFrame, violations } from "./axe";
import { expect, type TicketPage, test } from "./demo";
import { blockStorage } from "./pages";

test.use({ demoScope: "worker" });

/** Switches the ticket in the demo PSA as a technician does: by its link in the queue. */
const turnTo = (ticketPage: TicketPage, ticket: string) =>
  ticketPage.page.locator(`.queue a[data-ticket="${ticket}"]`).click();

test.describe(() => {
  test.use({ demoScope: "test" });

  test("row 26: a ticket switch during a send shows and sends nothing of the old ticket", async ({
    ticketPage,
    demo,
  }) => {
    await ticketPage.open("4711");
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    await ticketPage.page.route("**/api/v1/verifications", async (route) => {
      await held;
      await route.continue().catch(() => {}); // the pod has let go of it
    });
    await ticketPage.send("4821", "Code");
    await turnTo(ticketPage, "4709");
    await expect(ticketPage.pod.getByText("Priya Shah").first()).toBeVisible();
    release();
    await expect(ticketPage.row("@fabrikam.example")).toContainText("Not verified");
    await expect(ticketPage.pod.getByText("4821")).toHaveCount(0);
    expect(await demo.messages()).toEqual([]);
  });
});

test.describe(() => {
  test.use({ demoScope: "test" });

  test("row 26: a half-typed code and a note are dropped with their ticket, and the shield is there on return", async ({
    ticketPage,
    demo,
  }) => {
    await ticketPage.open("4711");
    await ticketPage.pod.getByRole("combobox").selectOption({ index: 1 });
    await ticketPage.pod.getByRole("button", { name: "Manager approval" }).click();
    await ticketPage.pod.getByRole("combobox").selectOption({ index: 0 });
    await ticketPage.send("4821", "Code");
    await ticketPage.codeField.fill("482");
    await turnTo(ticketPage, "4709");
    await expect(ticketPage.pod.getByText("Priya Shah").first()).toBeVisible();
    await turnTo(ticketPage, "4711");
    await expect(ticketPage.codeField).toHaveValue("");
    await ticketPage.enter(await demo.code());
    await expect(ticketPage.row("4821")).toContainText("Verified");
    await ticketPage.pod.getByRole("combobox").selectOption({ index: 1 });
    await expect(ticketPage.pod.getByLabel("Why this contact?")).toHaveValue("");
  });
});

test.describe(() => {
  test.use({ demoScope: "test" });

  test("a server that is killed and started again: the pod reconnects and shows the current state", async ({
    ticketPage,
    demo,
  }) => {
    await ticketPage.open("4711");
    await ticketPage.send("4821", "Link");
    const link = await demo.link();
    await expect(ticketPage.row("4821")).toContainText(/Link (sent|delivered)/); // the phone had it before the pod knew
    await demo.kill();
    await expect(ticketPage.pod.getByText("Reconnecting…")).toBeVisible();
    await expect(ticketPage.row("4821")).toContainText(/Link (sent|delivered)/);
    await expect(ticketPage.row("@contoso.com").getByRole("button", { name: "link" })).toBeDisabled();
    await demo.start();
    await ticketPage.endUser(link, "Validate");
    await expect(ticketPage.row("4821")).toContainText(/Verified .+ by you/);
    await expect(ticketPage.pod.getByText("Reconnecting…")).toBeHidden();
    await expect(ticketPage.row("@contoso.com").getByRole("button", { name: "link" })).toBeEnabled();
  });
});

test.describe(() => {
  test.use({ demoScope: "test" });

  test("a code typed while the server is down is kept, and checked when it is back", async ({ ticketPage, demo }) => {
    await ticketPage.open("4711");
    await ticketPage.send("4821", "Code");
    const code = await demo.code();
    await expect(ticketPage.row("4821")).toContainText(/Code (sent|delivered)/);
    await demo.kill();
    await expect(ticketPage.pod.getByText("Reconnecting…")).toBeVisible();
    await ticketPage.enter(code);
    await expect(ticketPage.pod.getByRole("button", { name: "Verify", exact: true })).toBeDisabled();
    await demo.start();
    await expect(ticketPage.pod.getByText("Reconnecting…")).toBeHidden();
    await expect(ticketPage.codeField).toHaveValue(`${code.slice(0, 3)} ${code.slice(3)}`);
    await ticketPage.codeField.press("Enter");
    await expect(ticketPage.row("4821")).toContainText("Verified");
  });
});

test("a press whose response is lost sends one message", async ({ ticketPage, demo }) => {
  await ticketPage.open("4711");
  let lost = 0;
  await ticketPage.page.route("**/api/v1/verifications", async (route) => {
    await route.fetch();
    if (++lost > 1) return route.continue();
    return route.abort();
  });
  await ticketPage.send("4821", "Code");
  await ticketPage.enter(await demo.code());
  await expect(ticketPage.row("4821")).toContainText("Verified");
  await expect.poll(() => lost).toBe(2);
  await ticketPage.page.unrouteAll({ behavior: "wait" }); // the second answer may be on its way yet
  expect(await demo.messages()).toHaveLength(1);
});

test("a session that ends during a verification is launched again, and typed input stays", async ({
  ticketPage,
  demo,
}) => {
  await ticketPage.open("4711");
  await ticketPage.pod.getByRole("combobox").selectOption({ index: 1 });
  await ticketPage.pod.getByLabel("Why this contact?").fill("Dana is on leave");
  const launched = ticketPage.page.waitForRequest((request) => request.url().endsWith("/api/v1/launch"));
  await demo.forward("24h");
  await launched;
  await expect(ticketPage.pod.getByText("Reconnecting…")).toBeHidden();
  await expect(ticketPage.pod.getByLabel("Why this contact?")).toHaveValue("Dana is on leave");
});

test("row 23: a foreign page that frames the pod stays blank", async ({ page, demo }) => {
  const foreign = createServer((_, answer) => {
    answer.setHeader("Content-Type", "text/html");
    answer.end(`<iframe src="${demo.bff}/pod/acme#parent=http://127.0.0.1"></iframe>`);
  }).listen(0, "127.0.0.1");
  await once(foreign, "listening");
  const address = foreign.address();
  const refused = page.waitForEvent("console", (message) => message.text().includes("frame-ancestors"));
  await page.goto(`http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/`);
  await refused;
  await expect(page.frameLocator("iframe").locator("main")).toHaveCount(0);
  foreign.close();
});

test("row 24: no host message and no stale frame turns a shield green", async ({ ticketPage, demo }) => {
  await ticketPage.open("4711");
  await ticketPage.send("4821", "Code");
  await demo.arrived();
  await ticketPage.page.evaluate(() => {
    const frame = document.querySelector("iframe")?.contentWindow;
    const shields = { "dana-mobile": { state: "verified", verification_id: "v_x", until: "2099-01-01T00:00:00Z" } };
    for (const data of [
      { type: "event", seq: 1e9, contact_id: "dana-reyes", shields, history: [] },
      {
        type: "shieldpod:verification:verified",
        contact_id: "dana-reyes",
        channel_id: "dana-mobile",
        verification_id: "v_x",
      },
    ]) {
      frame?.postMessage(data, "*");
    }
  });
  await expect(ticketPage.row("4821")).toContainText(/Resend in/);
  await expect(ticketPage.pod.locator(".verified")).toHaveCount(0);
});

test("row 25: codes, tokens and bearers are in no address, console, storage or cookie", async ({
  ticketPage,
  demo,
  context,
}) => {
  const heard: string[] = [];
  const bearers = new Set<string>();
  const { page } = ticketPage;
  page.on("console", (message) => heard.push(message.text()));
  page.on("request", (request) => heard.push(request.url(), request.headers().referer ?? ""));
  page.on("response", async (response) => {
    if (response.url().endsWith("/launch")) bearers.add((await response.json()).token);
    else if (response.url().includes("/api/v1/")) heard.push(await response.text().catch(() => ""));
  });
  await ticketPage.open("4711");
  await ticketPage.send("4821", "Code");
  const code = await demo.code();
  await ticketPage.enter(code);
  await expect(ticketPage.row("4821")).toContainText("Verified");
  expect(bearers.size).toBe(1);
  const stored = await page.frames()[1]?.evaluate(() =>
    (["localStorage", "sessionStorage"] as const).map((name) => {
      try {
        return Object.keys(window[name]);
      } catch {
        return []; // the browser blocks third-party storage
      }
    }),
  );
  expect(stored).toEqual([[], []]);
  expect(await context.cookies()).toEqual([]);
  const everything = heard.join("\n");
  for (const secret of [code, ...bearers]) expect(everything).not.toContain(secret);
});

test("with third-party cookies and storage blocked everything works", async ({ ticketPage, demo }) => {
  await blockStorage(ticketPage.page);
  await ticketPage.open("4711");
  await ticketPage.send("4821", "Code");
  await ticketPage.enter(await demo.code());
  await expect(ticketPage.row("4821")).toContainText("Verified");
});

test("a pod without a frame shows where it belongs", async ({ page, demo }) => {
  await page.goto(`${demo.bff}/pod/acme#parent=${encodeURIComponent(demo.psa)}`);
  await expect(page.getByText("Open this from a ticket")).toBeVisible();
});

test("the browser reports no error on the pages, and axe none in the pod", async ({ ticketPage, demo }) => {
  const complaints: string[] = [];
  ticketPage.page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  ticketPage.page.on("pageerror", (error) => complaints.push(String(error)));
  const check = async () => {
    expect(await violations(podFrame(ticketPage.page))).toEqual([]);
  };
  await ticketPage.open("4706");
  await check();
  await ticketPage.send("2210", "Code");
  await check();
  await ticketPage.enter(await demo.code());
  await expect(ticketPage.row("2210")).toContainText("Verified");
  await check();
  expect(complaints).toEqual([]);
});

test("a shield change does not shift the layout", async ({ ticketPage, demo }) => {
  await ticketPage.open("4711");
  const tops = async () => {
    const boxes = await Promise.all([
      ticketPage.pod.locator(".masked").first().boundingBox(),
      ticketPage.pod.locator(".state").first().boundingBox(),
    ]);
    return boxes.map((box) => Math.round(box?.y ?? 0));
  };
  const resting = await tops();
  await ticketPage.send("4821", "Code");
  await expect(ticketPage.codeField).toBeVisible();
  expect(await tops()).toEqual(resting);
  await ticketPage.enter(await demo.code());
  await expect(ticketPage.row("4821")).toContainText("Verified");
  expect(await tops()).toEqual(resting);
});
