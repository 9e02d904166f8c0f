// A host that posts a form into a frame, on the registered origin of the demo PSA, with its own Content-Security-Policy.

import type { Page } from "@playwright/test";
import { type Demo, expect, TicketPage, test } from "./demo";

test.use({ demoScope: "worker" });

// A page that a test fulfills has no network address, so the browser would block its requests to loopback.
test.use({ permissions: ["local-network-access"] });

const contextFor = async (demo: Demo, ticket: string): Promise<string> => {
  const answer = await fetch(`${demo.psa}/context`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ticket }),
  });
  return (await answer.json()).context;
};

/** Opens the host's page, which posts the context into its frame; returns the console errors. */
const post = async (page: Page, demo: Demo, context: string, at = demo.psa) => {
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

test("a context that was posted into the frame opens the ticket once, and the host receives the events", async ({
  page,
  demo,
}) => {
  const context = await contextFor(demo, "4711");
  const complaints = await post(page, demo, context);
  const ticketPage = new TicketPage(page, demo);
  await ticketPage.expand();
  await ticketPage.send("4821", "Code");
  await ticketPage.enter(await demo.code());
  await expect(ticketPage.row("4821")).toContainText("Verified");
  const heard: [string, string][] = await page.evaluate("heard");
  expect(heard.filter(([, type]) => type !== "shieldpod:resize")).toEqual(
    ["ready", "verification:sent", "verification:verified"].map((type) => [demo.bff, `shieldpod:${type}`]),
  );
  expect(complaints).toEqual([]);

  await test.step("the same context again opens nothing", async () => {
    await post(page, demo, context);
    await expect(ticketPage.pod.getByText("This launch was used already")).toBeVisible();
    await expect(ticketPage.pod.getByText("Dana")).toHaveCount(0);
  });

  await test.step("a session that has ended says what to do", async () => {
    await post(page, demo, await contextFor(demo, "4709"));
    await ticketPage.expand();
    await demo.forward("24h");
    await expect(ticketPage.pod.getByText("The session has ended")).toBeVisible();
    await expect(ticketPage.pod.getByText("Priya")).toHaveCount(0);
  });
});

test("row 23: a page that may not frame the pod gets no pod, even with a valid context", async ({ page, demo }) => {
  const stranger = demo.psa.replace("127.0.0.1", "127.0.0.2");
  await post(page, demo, await contextFor(demo, "4711"), stranger);
  await expect.poll(() => page.frames().length).toBe(2);
  await expect(page.frameLocator("iframe").locator("main.pod")).toHaveCount(0);
});
