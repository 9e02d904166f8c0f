// A host that can only post a form into a frame, on the registered origin of the demo's desk, under a policy of its own.

import type { Page } from "@playwright/test";
import { type Demo, Desk, expect, test } from "./demo";

test.use({ demoScope: "worker" });

// A page that a test puts in place came from no address that the browser knows: it may not load from loopback unasked.
test.use({ permissions: ["local-network-access"] });

const contextFor = async (demo: Demo, ticket: string): Promise<string> => {
  const answer = await fetch(`${demo.desk}/context`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ticket }),
  });
  return (await answer.json()).context;
};

/** Shows the host's page, which posts the context into its frame by itself; gives what the browser complains of. */
const post = async (page: Page, demo: Demo, context: string, at = demo.desk) => {
  const complaints: string[] = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.route(`${at}/host**`, (route) => {
    if (route.request().url().endsWith(".js")) {
      return route.fulfill({
        contentType: "text/javascript",
        body: `window.heard = []; addEventListener("message", (e) => heard.push([e.origin, e.data.type]));
          document.querySelector("form").submit()`,
      });
    }
    return route.fulfill({
      contentType: "text/html",
      headers: {
        "Content-Security-Policy": `default-src 'none'; script-src 'self'; img-src data:; frame-src ${demo.bff}; form-action ${demo.bff}; base-uri 'none'`,
      },
      body: `<!doctype html><html lang="en"><title>Host</title><link rel="icon" href="data:,">
        <form method="post" action="${demo.bff}/pod/acme" target="pod"><input type="hidden" name="context" value="${context}"></form>
        <iframe name="pod" title="Shieldpod" width="300" height="400"></iframe><script src="/host.js"></script>`,
    });
  });
  await page.goto(`${at}/host`, { waitUntil: "domcontentloaded" });
  return complaints;
};

test("a context that was posted into the frame opens the ticket, once, and the host hears of it", async ({
  page,
  demo,
}) => {
  const context = await contextFor(demo, "4711");
  const complaints = await post(page, demo, context);
  const desk = new Desk(page, demo);
  await desk.unfold();
  await desk.send("4821", "Code");
  await desk.enter(await demo.code());
  await expect(desk.row("4821")).toContainText("Verified");
  const heard: [string, string][] = await page.evaluate("heard");
  expect(heard.filter(([, type]) => type !== "shieldpod:resize")).toEqual(
    ["ready", "verification:sent", "verification:verified"].map((type) => [demo.bff, `shieldpod:${type}`]),
  );
  expect(complaints).toEqual([]);

  await test.step("the same context again opens nothing", async () => {
    await post(page, demo, context);
    await expect(desk.pod.getByText("This launch was used already")).toBeVisible();
    await expect(desk.pod.getByText("Dana")).toHaveCount(0);
  });

  await test.step("a session that has ended says what to do", async () => {
    await post(page, demo, await contextFor(demo, "4709"));
    await desk.unfold();
    await demo.forward("24h");
    await expect(desk.pod.getByText("The session has ended")).toBeVisible();
    await expect(desk.pod.getByText("Priya")).toHaveCount(0);
  });
});

test("row 23: a page that may not frame the pod gets none for a context that is good", async ({ page, demo }) => {
  const stranger = demo.desk.replace("127.0.0.1", "127.0.0.2");
  await post(page, demo, await contextFor(demo, "4711"), stranger);
  await expect.poll(() => page.frames().length).toBe(2);
  await expect(page.frameLocator("iframe").locator("main.pod")).toHaveCount(0);
});
