// Every state of the pod, in light and dark, narrow and wide: accessible, and without errors in the console. `make screens`
// renews the screenshots in docs/screens.

import { expect, type FrameLocator, test } from "@playwright/test";
import type { Pod } from "../src/types";
import { podFrame, violations } from "./axe";
import { hostedScenes } from "./hosted-scenes";
import { type ScenePage, showScene } from "./scene-page";
import { type Scene, scenes } from "./scenes";

const keep = process.env.SHIELDPOD_SCREENS;

const acts: Record<NonNullable<Scene["actions"]>[number], (pod: FrameLocator, stage: ScenePage) => Promise<void>> = {
  "choose Sam": async (pod) => {
    await pod.getByRole("combobox").selectOption({ index: 1 });
  },
  "write a note": (pod) => pod.getByRole("button", { name: "Manager approval" }).click(),
  "type half a code": (pod) => pod.getByLabel("Enter code here").fill("482 1"),
  "type a wrong code": async (pod) => {
    await pod.getByLabel("Enter code here").fill("111111");
    await pod.getByLabel("Enter code here").press("Enter");
    await expect(pod.getByText("2 tries left")).toBeVisible();
  },
  "open the history": (pod) => pod.getByRole("button", { name: /Verification history/ }).click(),
  "verify again": (pod) => pod.getByRole("button", { name: "Verify again" }).click(),
  "send a code that nears a limit": async (pod) => {
    await pod.getByRole("button", { name: /Send a code/ }).click();
    await expect(pod.getByText("8 of 10 messages")).toBeVisible();
  },
  "read more": (pod) => pod.getByRole("button", { name: "more" }).click(),
  "lose the socket": async (pod, stage) => {
    stage.cut();
    await stage.socket().close({ code: 4400 });
    await expect(pod.getByText("Reconnecting…")).toBeVisible();
  },
  "block the socket": async (pod, stage) => {
    stage.block();
    await stage.socket().close({ code: 4400 });
    await expect(pod.getByText("Your network blocks live updates.")).toBeVisible();
  },
  "end the session": async (pod, stage) => {
    const first = stage.socket();
    await first.close({ code: 4503 });
    await expect.poll(() => stage.socket() !== first).toBe(true); // the pod has launched again
    await stage.socket().close({ code: 4503 });
    await expect(pod.getByText("The session has ended")).toBeVisible();
  },
  "save the ticket": async (pod, stage) => {
    await stage.page.evaluate(() => {
      const frame = document.querySelector("iframe")?.contentWindow;
      frame?.postMessage(JSON.stringify({ event: "beforeSave", _id: "e2" }), "https://pod.example");
    });
    await expect(pod.getByText(/Saved, but|Not saved/)).toBeVisible();
  },
};

const themes = ["light", "dark"] as const;

for (const scene of [...scenes, ...hostedScenes]) {
  test(`${scene.name} @screens`, async ({ page }) => {
    await page.setViewportSize({ width: 300, height: 760 });
    await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
    const stage = await showScene(page, scene, "auto");
    for (const act of scene.actions ?? []) await acts[act](stage.pod, stage);
    await expect(stage.pod.locator(".skeleton")).toHaveCount(0);
    for (const theme of themes) {
      await page.emulateMedia({ colorScheme: theme });
      expect(await violations(podFrame(page)), theme).toEqual([]);
    }
    for (const width of scene.host ? [300] : [300, 420]) {
      await page.setViewportSize({ width, height: 760 });
      if (!scene.height) await expect.poll(() => misfit(stage.pod, "y")).toBe(0);
      expect(await misfit(stage.pod, "x")).toBe(0);
      for (const theme of keep ? themes : []) {
        await page.emulateMedia({ colorScheme: theme });
        await page.locator("iframe").screenshot({ path: `${keep}/${scene.name}-${width}-${theme}.png` });
      }
    }
    expect(stage.consoleErrors).toEqual([]);
  });
}

const scene = (name: string): Scene => {
  const found = scenes.find((s) => s.name === name);
  if (!found) throw new Error(`there is no scene ${name}`);
  return found;
};

test("a long banner opens when its link gets the focus, and closes again", async ({ page }) => {
  await page.setViewportSize({ width: 300, height: 760 });
  const { pod } = await showScene(page, scene("banner-long"), "light");
  await expect(pod.getByRole("button", { name: "more" })).toBeVisible();
  await pod.locator(".banner a").focus();
  await expect(pod.locator(".banner")).toContainText("Reset nothing on the first call.");
  await pod.getByRole("button", { name: "less" }).click();
  await expect(pod.getByRole("button", { name: "more" })).toBeVisible();
});

test("row 22: a policy change takes effect at once, and a hostile banner stays text", async ({ page }) => {
  const was = scene("resting");
  const stage = await showScene(page, was, "light");
  const rule = (version: string, rules: Partial<Pod["policy"]>) => {
    const policy = { ...was.pod.policy, version, ...rules };
    stage.socket().send(JSON.stringify({ type: "policy", pod: { ...was.pod, policy } }));
  };
  const text = `<img src=x onerror="fail()"> javascript:fail() https://a"onclick="fail()`;
  rule("13.0", { show_on_load: false, banner: { text, tone: "warning" } });
  await expect(stage.pod.locator(".banner")).toContainText(text);
  await expect(stage.pod.locator(".banner a")).toHaveAttribute("href", "https://a/");
  await expect(stage.pod.getByRole("status")).toContainText("The rules for Contoso have changed. Warning: <img");
  await stage.pod.getByRole("button", { name: "Verify caller" }).click();
  rule("14.0", { show_on_load: false, banner: { text: "" } });
  await expect(stage.pod.locator(".banner")).toHaveCount(0);
  await expect(stage.pod.locator(".rows")).toBeVisible();
  expect(stage.consoleErrors).toEqual([]);
});

/** By how many pixels the pod is larger or smaller than its frame. A frame without a fixed height fits the pod. */
const misfit = (pod: FrameLocator, axis: "x" | "y") =>
  pod.locator("main").evaluate((main, axis) => {
    if (axis === "x") return main.scrollWidth - main.clientWidth;
    const list = main.querySelector(".scroll");
    if (list)
      return list.scrollHeight - list.clientHeight || list.clientHeight - (list.firstElementChild?.clientHeight ?? 0);
    const parts = [...main.querySelectorAll<HTMLElement>(".banner, .summary, .stopped, .hint")];
    return main.clientHeight - parts.reduce((sum, part) => sum + part.offsetHeight, 0);
  }, axis);
