// Puts all screenshots on one sheet, for a review after each change.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { chromium, type FullConfig } from "@playwright/test";

const sheet = "all.png";

export default async (config: FullConfig) => {
  const dir = process.env.SHIELDPOD_SCREENS;
  if (!dir) return;
  const names = readdirSync(dir).filter((name) => /-300-(light|dark)\.png$/.test(name));
  const figures = names
    .sort((a, b) => a.replace("dark", "m").localeCompare(b.replace("dark", "m")))
    .map((name) => {
      const data = readFileSync(join(dir, name)).toString("base64");
      return `<figure><img src="data:image/png;base64,${data}"><figcaption>${name.replace(/-300-.*/, "")}</figcaption></figure>`;
    });
  const options = config.projects[0]?.use.launchOptions;
  const browser = await chromium.launch(options);
  const page = await browser.newPage({ viewport: { width: 1912, height: 800 } });
  await page.setContent(`<!doctype html><style>
    body { margin: 16px; background: #8b8f98; columns: 6; column-gap: 16px; font: 12px/16px system-ui, sans-serif; color: #fff }
    figure { margin: 0 0 16px; break-inside: avoid } img { display: block; width: 300px; border-radius: 8px }
  </style>${figures.join("")}`);
  await page.screenshot({ path: join(dir, sheet), fullPage: true });
  await browser.close();
};
