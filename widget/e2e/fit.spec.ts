// Buttons have long labels where these fit, in each language and at each width; a long address keeps its label.

import { expect, type Page, test } from "@playwright/test";
import type { Pod } from "../src/types";
import { showScene } from "./scene-page";
import { grey, three } from "./scene-parts";
import { type Scene, scenes } from "./scenes";

const words: Record<string, [string, string, string, string]> = {
  en: ["Send code", "Send link", "Code", "Link"],
  de: ["Code senden", "Link senden", "Code", "Link"],
  fr: ["Envoyer le code", "Envoyer le lien", "Code", "Lien"],
  es: ["Enviar código", "Enviar enlace", "Código", "Enlace"],
  nl: ["Code sturen", "Link sturen", "Code", "Link"],
};

const open = async (page: Page, scene: Scene, width: number) => {
  await page.setViewportSize({ width, height: 760 });
  const { pod } = await showScene(page, scene, "light");
  await expect(pod.locator(".methods").first()).toBeVisible();
  return pod;
};

for (const [language, [code, link, shortCode, shortLink]] of Object.entries(words)) {
  for (const [width, host] of [
    [300, undefined],
    [420, undefined],
    [300, "connectwise"],
  ] as const) {
    test(`${language}, ${width} px${host ? " in ConnectWise" : ""}: long labels where they fit, else short ones`, async ({
      page,
    }) => {
      const pod = await open(
        page,
        { name: "fit", pod: three(grey), language, height: 320, ...(host && { host }) },
        width,
      );
      const rows = await pod.locator(".row:has(.methods)").evaluateAll((rows) =>
        rows.map((row) => {
          const said = [...row.querySelectorAll<HTMLElement>(".methods button")].map((button) => ({
            shown: [...button.children].find((word) => getComputedStyle(word).visibility === "visible")?.textContent,
            name: button.getAttribute("aria-label"),
          }));
          const line = row.querySelector(".line") as HTMLElement;
          const height = line.offsetHeight;
          const short = row.classList.contains("short");
          row.classList.toggle("short", !short); // as the other words would have it
          const other = line.offsetHeight;
          row.classList.toggle("short", short);
          return { said, short, height, other, room: line.scrollWidth - line.clientWidth };
        }),
      );
      expect(rows).toHaveLength(2);
      for (const { said, short, height, other, room } of rows) {
        expect(room).toBe(0);
        const long = said.length === 2 ? [code, link] : [link];
        const least = said.length === 2 ? [shortCode, shortLink] : [shortLink];
        expect(said.map((button) => button.shown)).toEqual(short ? least : long);
        if (short) expect(other).toBeGreaterThan(height); // the long ones would take a second line
        for (const { name } of said) expect(name?.length).toBeGreaterThan(12);
      }
    });
  }
}

test("English fits at 300 px, and labels are short only while the state text needs the room", async ({ page }) => {
  const cancelled = scenes.find((s) => s.name === "cancelled") as Scene;
  const pod = await open(page, cancelled, 300);
  const [first, second] = [pod.locator(".row").nth(0), pod.locator(".row").nth(1)];
  await expect(first.getByText("Code", { exact: true })).toBeVisible();
  await expect(second.getByText("Send link")).toBeVisible();
  await page.setViewportSize({ width: 420, height: 760 });
  await expect(first.getByText("Send code")).toBeVisible();
  await page.setViewportSize({ width: 300, height: 760 });
  await expect(first.getByText("Code", { exact: true })).toBeVisible();
});

test("a long address that takes two lines keeps its label beside the first", async ({ page }) => {
  const pod: Pod = three(grey);
  const mail = pod.contacts[0]?.channels[1];
  if (mail) mail.masked = "b••••••••••••••••@donaudampfschifffahrt.example";
  const frame = await open(page, { name: "long", pod }, 300);
  const row = frame.locator(".row.email");
  const boxes = await row.evaluate((row) => {
    const box = (selector: string) => (row.querySelector(selector) as HTMLElement).getBoundingClientRect().toJSON();
    return { local: box(".masked span"), domain: box(".domain"), label: box(".label"), body: box(".body") };
  });
  expect(boxes.label.left - boxes.local.right).toBe(8);
  expect(Math.abs(boxes.label.bottom - boxes.local.bottom)).toBeLessThan(4);
  expect(boxes.domain.top).toBeGreaterThanOrEqual(boxes.local.bottom - 2);
  expect([boxes.domain.left, boxes.domain.right <= boxes.body.right]).toEqual([boxes.local.left, true]);
});
