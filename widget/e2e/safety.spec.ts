// What must not go wrong: the wrong ticket, the lost server, the foreign page, the leaked secret.

import { once } from "node:events";
import { createServer } from "node:http";
import { podFrame, violations } from "./axe";
import { type Desk, expect, test } from "./demo";
import { blockStorage } from "./pages";

test.use({ demoScope: "worker" });

/** The ticket turned to in the PSA, as a technician does: by its link in the queue. */
const turnTo = (desk: Desk, ticket: string) => desk.page.locator(`.queue a[data-ticket="${ticket}"]`).click();

test.describe(() => {
  test.use({ demoScope: "test" });

  test("row 26: a ticket switched in the middle of a send shows and sends nothing of the old one", async ({
    desk,
    demo,
  }) => {
    await desk.open("4711");
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    await desk.page.route("**/api/v1/verifications", async (route) => {
      await held;
      await route.continue().catch(() => {}); // the pod has let go of it
    });
    await desk.send("4821", "Code");
    await turnTo(desk, "4709");
    await expect(desk.pod.getByText("Priya Shah").first()).toBeVisible();
    release();
    await expect(desk.row("@fabrikam.example")).toContainText("Not verified");
    await expect(desk.pod.getByText("4821")).toHaveCount(0);
    expect(await demo.messages()).toEqual([]);
  });
});

test.describe(() => {
  test.use({ demoScope: "test" });

  test("row 26: a code half typed and a note are gone with their ticket, and the shield is found again on return", async ({
    desk,
    demo,
  }) => {
    await desk.open("4711");
    await desk.pod.getByRole("combobox").selectOption({ index: 1 });
    await desk.pod.getByRole("button", { name: "Manager approval" }).click();
    await desk.pod.getByRole("combobox").selectOption({ index: 0 });
    await desk.send("4821", "Code");
    await desk.codeField.fill("482");
    await turnTo(desk, "4709");
    await expect(desk.pod.getByText("Priya Shah").first()).toBeVisible();
    await turnTo(desk, "4711");
    await expect(desk.codeField).toHaveValue("");
    await desk.enter(await demo.code());
    await expect(desk.row("4821")).toContainText("Verified");
    await desk.pod.getByRole("combobox").selectOption({ index: 1 });
    await expect(desk.pod.getByLabel("Why this contact?")).toHaveValue("");
  });
});

test.describe(() => {
  test.use({ demoScope: "test" });

  test("a server killed and started again: the pod comes back and shows the truth", async ({ desk, demo }) => {
    await desk.open("4711");
    await desk.send("4821", "Link");
    const link = await demo.link();
    await demo.kill();
    await expect(desk.pod.getByText("Reconnecting…")).toBeVisible();
    await expect(desk.row("4821")).toContainText(/Link (sent|delivered)/);
    await expect(desk.row("@contoso.com").getByRole("button", { name: "link" })).toBeDisabled();
    await demo.start();
    await desk.endUser(link, "Validate");
    await expect(desk.row("4821")).toContainText(/Verified .+ by you/);
    await expect(desk.pod.getByText("Reconnecting…")).toBeHidden();
    await expect(desk.row("@contoso.com").getByRole("button", { name: "link" })).toBeEnabled();
  });
});

test.describe(() => {
  test.use({ demoScope: "test" });

  test("a code typed while the server is away is kept, and judged when it is back", async ({ desk, demo }) => {
    await desk.open("4711");
    await desk.send("4821", "Code");
    const code = await demo.code();
    await demo.kill();
    await expect(desk.pod.getByText("Reconnecting…")).toBeVisible();
    await desk.enter(code);
    await expect(desk.pod.getByRole("button", { name: "Verify", exact: true })).toBeDisabled();
    await demo.start();
    await expect(desk.pod.getByText("Reconnecting…")).toBeHidden();
    await expect(desk.codeField).toHaveValue(`${code.slice(0, 3)} ${code.slice(3)}`);
    await desk.codeField.press("Enter");
    await expect(desk.row("4821")).toContainText("Verified");
  });
});

test("a press whose answer is lost sends one message", async ({ desk, demo }) => {
  await desk.open("4711");
  let lost = 0;
  await desk.page.route("**/api/v1/verifications", async (route) => {
    await route.fetch();
    if (++lost > 1) return route.continue();
    return route.abort();
  });
  await desk.send("4821", "Code");
  await desk.enter(await demo.code());
  await expect(desk.row("4821")).toContainText("Verified");
  await expect.poll(() => lost).toBe(2);
  await desk.page.unrouteAll({ behavior: "wait" }); // the second answer may be on its way yet
  expect(await demo.messages()).toHaveLength(1);
});

test("a vendor's session that ends in mid-flow begins anew by itself, and what was typed stays", async ({
  desk,
  demo,
}) => {
  await desk.open("4711");
  await desk.pod.getByRole("combobox").selectOption({ index: 1 });
  await desk.pod.getByLabel("Why this contact?").fill("Dana is on leave");
  const launched = desk.page.waitForRequest((request) => request.url().endsWith("/api/v1/launch"));
  await demo.forward("24h");
  await launched;
  await expect(desk.pod.getByText("Reconnecting…")).toBeHidden();
  await expect(desk.pod.getByLabel("Why this contact?")).toHaveValue("Dana is on leave");
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

test("row 24: no message and no stale frame turns a shield green", async ({ desk, demo }) => {
  await desk.open("4711");
  await desk.send("4821", "Code");
  await demo.arrived();
  await desk.page.evaluate(() => {
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
  await expect(desk.row("4821")).toContainText(/Resend in/);
  await expect(desk.pod.locator(".verified")).toHaveCount(0);
});

test("row 25: codes, tokens and bearers are in no address, console, storage or cookie", async ({
  desk,
  demo,
  context,
}) => {
  const heard: string[] = [];
  const bearers = new Set<string>();
  const { page } = desk;
  page.on("console", (message) => heard.push(message.text()));
  page.on("request", (request) => heard.push(request.url(), request.headers().referer ?? ""));
  page.on("response", async (response) => {
    if (response.url().endsWith("/launch")) bearers.add((await response.json()).token);
    else if (response.url().includes("/api/v1/")) heard.push(await response.text().catch(() => ""));
  });
  await desk.open("4711");
  await desk.send("4821", "Code");
  const code = await demo.code();
  await desk.enter(code);
  await expect(desk.row("4821")).toContainText("Verified");
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

test("with third-party cookies and storage blocked everything works", async ({ desk, demo }) => {
  await blockStorage(desk.page);
  await desk.open("4711");
  await desk.send("4821", "Code");
  await desk.enter(await demo.code());
  await expect(desk.row("4821")).toContainText("Verified");
});

test("a pod that nobody framed says where it belongs", async ({ page, demo }) => {
  await page.goto(`${demo.bff}/pod/acme#parent=${encodeURIComponent(demo.desk)}`);
  await expect(page.getByText("Open this from a ticket")).toBeVisible();
});

test("the browser has no complaint about the pages, and axe none about the pod", async ({ desk, demo }) => {
  const complaints: string[] = [];
  desk.page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  desk.page.on("pageerror", (error) => complaints.push(String(error)));
  const check = async () => {
    expect(await violations(podFrame(desk.page))).toEqual([]);
  };
  await desk.open("4706");
  await check();
  await desk.send("2210", "Code");
  await check();
  await desk.enter(await demo.code());
  await expect(desk.row("2210")).toContainText("Verified");
  await check();
  expect(complaints).toEqual([]);
});

test("a shield change moves nothing that the eye rests on", async ({ desk, demo }) => {
  await desk.open("4711");
  const tops = async () => {
    const boxes = await Promise.all([
      desk.pod.locator(".masked").first().boundingBox(),
      desk.pod.locator(".state").first().boundingBox(),
    ]);
    return boxes.map((box) => Math.round(box?.y ?? 0));
  };
  const resting = await tops();
  await desk.send("4821", "Code");
  await expect(desk.codeField).toBeVisible();
  expect(await tops()).toEqual(resting);
  await desk.enter(await demo.code());
  await expect(desk.row("4821")).toContainText("Verified");
  expect(await tops()).toEqual(resting);
});
