// Screenshots of the demo on a technician's screen, for the README.

import { expect, test } from "./demo";

test.use({ demoScope: "worker" });

const keep = process.env.SHIELDPOD_SCREENS;

test.use({
  viewport: { width: 1280, height: 800 },
  deviceScaleFactor: 2,
  // Set for the whole browser: frames of other sites do not get the page's scale factor.
  launchOptions: [
    ({ launchOptions }, use) => use({ ...launchOptions, args: ["--force-device-scale-factor=2"] }),
    { scope: "worker" },
  ],
});

for (const theme of ["light", "dark"] as const) {
  test(`the pod on a ticket, ${theme} @screens`, async ({ page, ticketPage, demo }) => {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    await ticketPage.open("4711", `?pod=300&theme=${theme}`);
    await ticketPage.send("4821", "Code");
    await expect(ticketPage.row("4821")).toContainText("Code delivered");
    if (keep) await page.screenshot({ path: `${keep}/ticket-code-${theme}.png` });
    await ticketPage.enter(await demo.code());
    await expect(ticketPage.row("4821")).toContainText("Verified");
    await expect(page.locator(".toast")).toHaveCSS("opacity", "1");
    if (keep) await page.screenshot({ path: `${keep}/ticket-verified-${theme}.png` });
  });
}
