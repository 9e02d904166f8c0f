// A network that passes HTTP but no WebSocket: the pod polls and shows it, and is live again when the network allows it.

import type { Page } from "@playwright/test";
import { expect, test } from "./demo";

// The clock runs, since polling depends on it.
test.use({ demoScope: "worker", clock: "running" });

type Network = "refused" | "hanging" | "closed at once" | "deaf" | "open";

declare global {
  interface Window {
    network: Network;
  }
}

/** Treats the pod's sockets as proxies do. */
const block = (page: Page, network: Network) =>
  page.addInitScript((network) => {
    window.network = network;
    const Real = WebSocket;
    class Blocked extends EventTarget {
      readyState = 0;
      onopen: (() => void) | null = null;
      onmessage = null;
      onclose: ((e: { code: number }) => void) | null = null;
      constructor() {
        super();
        if (window.network !== "hanging") setTimeout(() => this.begin(), 5);
      }
      begin() {
        if (window.network === "refused") return this.end();
        this.readyState = 1;
        this.onopen?.();
        if (window.network === "closed at once") this.end();
      }
      end() {
        this.readyState = 3;
        this.onclose?.({ code: 1006 });
      }
      send() {}
      close() {
        this.readyState = 3;
      }
    }
    Object.assign(window, {
      WebSocket: function dial(url: string) {
        return window.network === "open" || !url.endsWith("/api/v1/live") ? new Real(url) : new Blocked();
      },
    });
  }, network);

const line = "Your network blocks live updates.";

for (const network of ["refused", "hanging", "closed at once"] as const) {
  test(`sockets are ${network}: the pod shows it, sends, and the shield turns green`, async ({ ticketPage, demo }) => {
    await block(ticketPage.page, network);
    await ticketPage.open("4711");
    await expect(ticketPage.pod.getByText(line)).toBeVisible();
    await ticketPage.send("4821", "Link");
    const landing = await ticketPage.endUser(await demo.link());
    await expect(ticketPage.row("4821")).toContainText("Link opened");
    await landing.getByRole("button", { name: "Validate" }).click();
    await expect(ticketPage.row("4821")).toContainText(/Verified .+ by you, until/);
    await expect(ticketPage.pod.getByText(line)).toBeVisible();
    await expect(ticketPage.pod.getByText("Reconnecting…")).toHaveCount(0);
  });
}

test("sockets open and carry no frame: the pod detects it, and the shield turns green", async ({
  ticketPage,
  demo,
}) => {
  await block(ticketPage.page, "deaf");
  await ticketPage.open("4711");
  await ticketPage.send("4821", "Code");
  const code = await demo.code();
  await expect(ticketPage.row("4821")).toContainText("Code delivered");
  await expect(ticketPage.pod.getByText(line)).toBeVisible();
  await ticketPage.enter(code);
  await expect(ticketPage.row("4821")).toContainText(/Verified .+ by you, until/);
});

test("a network that stops blocking: the pod is live again, and typed input stays", async ({ ticketPage, demo }) => {
  await block(ticketPage.page, "refused");
  await ticketPage.open("4711");
  await expect(ticketPage.pod.getByText(line)).toBeVisible();
  await ticketPage.send("4821", "Code");
  const code = await demo.code();
  await ticketPage.codeField.fill(code.slice(0, 3));
  const frame = ticketPage.page.frames().find((f) => f.url().includes("/pod/"));
  await frame?.evaluate(() => {
    window.network = "open";
  });
  await expect(ticketPage.pod.getByText(line)).toHaveCount(0);
  await expect(ticketPage.codeField).toHaveValue(code.slice(0, 3));
  await ticketPage.enter(code);
  await expect(ticketPage.row("4821")).toContainText(/Verified .+ by you, until/);
});
