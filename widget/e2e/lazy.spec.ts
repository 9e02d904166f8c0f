// The script that is loaded after the first paint: it may come late, or not at all.

import { expect, type Route, test } from "@playwright/test";
import { openScene, serveAsset, showScene } from "./scene-page";
import { type Scene, scenes } from "./scenes";

const missing = "A part of the pod did not load. Reload the ticket.";

const scene = (name: string): Scene => {
  const found = scenes.find((s) => s.name === name);
  if (!found) throw new Error(`there is no scene ${name}`);
  return found;
};

/** Holds requests back until `release`. */
const gate = () => {
  let release = () => {};
  const open = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { release, serve: (route: Route) => open.then(() => serveAsset(route)) };
};

test("it is late: shields and buttons are there, and a press before it sends once", async ({ page }) => {
  const late = gate();
  const sent: string[] = [];
  page.on("request", (request) => request.url().endsWith("/verifications") && sent.push(request.url()));
  const { pod, consoleErrors } = await showScene(page, scene("resting"), "light", late.serve);
  await expect(pod.locator(".shield")).toHaveCount(3);
  await pod.getByRole("button", { name: /Send a code/ }).dblclick();
  expect(sent).toEqual([]);
  late.release();
  await expect(pod.getByLabel("Enter code here")).toBeVisible();
  expect(sent).toHaveLength(1);
  expect(consoleErrors).toEqual([]);
});

for (const name of ["banner-warning", "failed", "code-sending", "locked"]) {
  test(`it is late, and the scene ${name} needs it: the pod is drawn once, and nothing moves`, async ({ page }) => {
    const late = gate();
    const { pod } = await openScene(page, scene(name), "light", late.serve);
    await expect(pod.locator(".skeleton")).toBeVisible();
    await pod.locator("main").evaluate((main) => {
      const tops: number[] = [];
      Object.assign(window, { tops });
      new MutationObserver(() => {
        const row = main.querySelector(".rows > .row:last-child");
        if (row) tops.push(row.getBoundingClientRect().top);
      }).observe(main, { subtree: true, childList: true, characterData: true });
    });
    late.release();
    await expect(pod.locator(".rows")).toBeVisible();
    await expect(pod.locator(".skeleton")).toHaveCount(0);
    const tops = await pod.locator("main").evaluate(() => (window as unknown as { tops: number[] }).tops);
    expect(new Set(tops).size).toBe(1);
  });
}

test("it does not load: the pod shows it, and the next press loads it again", async ({ page }) => {
  let requests = 0;
  let fails = true;
  const { pod } = await showScene(page, scene("resting"), "light", (route) => {
    requests++;
    return fails ? route.abort() : serveAsset(route);
  });
  await expect(pod.getByText(missing)).toBeVisible();
  await expect(pod.locator(".rows")).toBeVisible();
  expect(requests).toBeLessThan(10); // a failed load is not repeated by itself
  const first = requests;
  const send = pod.getByRole("button", { name: /Send a code/ });
  await send.click();
  await expect.poll(() => requests).toBeGreaterThan(first);
  await expect(pod.getByText(missing)).toBeVisible();
  fails = false;
  await send.click();
  await expect(pod.getByLabel("Enter code here")).toBeVisible();
  await expect(pod.getByText(missing)).toHaveCount(0);
});

test("it does not load: the banner is shown as plain text, and a failed shield by its name", async ({ page }) => {
  const [failed, banner] = [scene("failed"), scene("banner-warning")];
  const both = { ...failed, pod: { ...failed.pod, policy: banner.pod.policy } };
  const { pod } = await showScene(page, both, "light", (route) => route.abort());
  await expect(pod.getByText("Change freeze until Thursday")).toBeVisible();
  await expect(pod.locator(".row.failed .state")).toContainText("Failed");
  await expect(pod.getByText(missing)).toBeVisible();
});
