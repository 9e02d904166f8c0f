import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "@playwright/test";

// Pictures are kept only when they are what is asked for (`make screens`); workers inherit the environment.
if (process.argv.some((word) => word.includes("@screens"))) {
  process.env.SHIELDPOD_SCREENS ??= fileURLToPath(new URL("../../docs/screens", import.meta.url));
}

/** The machine's own Chromium, where it has one; else the one that Playwright installs. Without a window it is several times as fast. */
const chromium = (process.env.PATH ?? "")
  .split(delimiter)
  .flatMap((dir) =>
    ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"].map((name) => join(dir, name)),
  )
  .find((path) => existsSync(path));

// A limit ends a test that hangs. It is no verdict on speed: each is a multiple of what a step takes on a slow machine
// with other work, and a step waits for its condition.
const step = 2 * 60_000;

export default defineConfig({
  testDir: ".",
  globalTeardown: "./contact-sheet.ts",
  outputDir: "../../test-results",
  workers: 2,
  timeout: 10 * step,
  expect: { timeout: step },
  forbidOnly: true,
  reporter: "list",
  use: {
    browserName: "chromium",
    locale: "en-GB",
    timezoneId: "UTC",
    trace: process.env.TRACE ? "on" : "off", // it takes a tenth of the time
    actionTimeout: step,
    navigationTimeout: step,
    launchOptions: { ...(chromium && { executablePath: chromium }), chromiumSandbox: process.getuid?.() !== 0 },
  },
});
