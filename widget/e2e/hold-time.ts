// Stops time in a page, for tests.

import type { Page } from "@playwright/test";

/** Stops the clocks that a page reads, in all of its frames. Timers still run. */
export const holdTime = async (page: Page, at: Date | number) => {
  await page.clock.setFixedTime(at);
  await page.addInitScript(() => {
    const now = performance.now();
    Object.defineProperty(performance, "now", { value: () => now });
  });
};
