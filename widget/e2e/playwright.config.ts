import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "@playwright/test";

// Screenshots are stored only by `make screens`; workers inherit the environment.
if (process.argv.some((word) => word.includes("@screens"))) {
  process.env.SHIELDPOD_SCREENS ??= fileURLToPath(new URL("../../docs/screens", import.meta.url));
}

/** The machine's own Chromium, where it has one; else Playwright's. The headless shell is several times as fast. */
const chromium = (process.env.PATH ?? "")
  .split(delimiter)
  .flatMap((dir) =>
    ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"].map((name) => join(dir, name)),
  )
  .find((path) => existsSync(path));

// A limit ends a test that hangs. It does not measure speed: each is a multiple of what a step takes on a slow, loaded
// machine.
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
    trace: process.env.TRACE ? "on" : "off", // tracing takes a tenth of the time
    actionTimeout: step,
    navigationTimeout: step,
    launchOptions: { ...(chromium && { executablePath: chromium }), chromiumSandbox: process.getuid?.() !== 0 },
  },
});
