// A network that lets HTTP pass and no WebSocket: the pod polls, says so, and everything works; live again when it can be.

import type { Page } from "@playwright/test";
import { expect, test } from "./demo";

// The pod's own time runs: it polls by it.
test.use({ demoScope: "worker", clock: "running" });

type Network = "refused" | "hanging" | "closed at once" | "deaf" | "open";

declare global {
  interface Window {
    network: Network;
  }
}

/** Does to the pod's sockets what proxies do. */
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
  test(`sockets are ${network}: the pod says so, sends, and the shield turns green`, async ({ desk, demo }) => {
    await block(desk.page, network);
    await desk.open("4711");
    await expect(desk.pod.getByText(line)).toBeVisible();
    await desk.send("4821", "Link");
    const landing = await desk.endUser(await demo.link());
    await expect(desk.row("4821")).toContainText("Link opened");
    await landing.getByRole("button", { name: "Validate" }).click();
    await expect(desk.row("4821")).toContainText(/Verified .+ by you, until/);
    await expect(desk.pod.getByText(line)).toBeVisible();
    await expect(desk.pod.getByText("Reconnecting…")).toHaveCount(0);
  });
}

test("sockets open and carry nothing: the pod finds out, and the shield turns green", async ({ desk, demo }) => {
  await block(desk.page, "deaf");
  await desk.open("4711");
  await desk.send("4821", "Code");
  const code = await demo.code();
  await expect(desk.row("4821")).toContainText("Code delivered");
  await expect(desk.pod.getByText(line)).toBeVisible();
  await desk.enter(code);
  await expect(desk.row("4821")).toContainText(/Verified .+ by you, until/);
});

test("a network that stops blocking: the pod is live again by itself, and what was typed stays", async ({
  desk,
  demo,
}) => {
  await block(desk.page, "refused");
  await desk.open("4711");
  await expect(desk.pod.getByText(line)).toBeVisible();
  await desk.send("4821", "Code");
  const code = await demo.code();
  await desk.codeField.fill(code.slice(0, 3));
  const frame = desk.page.frames().find((f) => f.url().includes("/pod/"));
  await frame?.evaluate(() => {
    window.network = "open";
  });
  await expect(desk.pod.getByText(line)).toHaveCount(0);
  await expect(desk.codeField).toHaveValue(code.slice(0, 3));
  await desk.enter(code);
  await expect(desk.row("4821")).toContainText(/Verified .+ by you, until/);
});
