// How long a technician waits: from the frame's first request to a button that can be pressed,
// in Chromium, over loopback. Numbers for people to read; nothing fails for being slow.

import type { Browser } from "@playwright/test";
import { Desk, test } from "./demo";

const runs = 15;

/** Notes in the pod's frame when its first button can be pressed, in ms since the frame began to load. */
const watch = () => {
  if (!location.pathname.startsWith("/pod/")) return;
  const watcher = new MutationObserver(() => {
    if (!document.querySelector(".rows button:not([disabled])")) return;
    performance.mark("usable");
    watcher.disconnect();
  });
  watcher.observe(document, { childList: true, subtree: true, attributes: true });
};

const opened = async (desk: Desk): Promise<number> => {
  await desk.open("4711");
  return desk.pod.locator("body").evaluate(() => performance.getEntriesByName("usable")[0]?.startTime ?? Number.NaN);
};

const both = async (browser: Browser, demo: Desk["demo"]): Promise<[number, number]> => {
  const context = await browser.newContext(); // with an empty cache
  await context.addInitScript(watch);
  const desk = new Desk(await context.newPage(), demo);
  const cold = await opened(desk);
  const warm = await opened(desk);
  await context.close();
  return [cold, warm];
};

const told = (what: string, times: number[]) => {
  const sorted = times.toSorted((a, b) => a - b).map((t) => `${t.toFixed(0)} ms`);
  process.stdout.write(
    `pod usable, ${what}: median ${sorted[runs >> 1]}, least ${sorted[0]}, most ${sorted[runs - 1]} (${runs} runs)\n`,
  );
};

test("opening a ticket", async ({ browser, demo }) => {
  await both(browser, demo); // Chromium's own first time counts for nothing
  const pairs: [number, number][] = [];
  for (let i = 0; i < runs; i++) pairs.push(await both(browser, demo));
  told(
    "cold",
    pairs.map(([cold]) => cold),
  );
  told(
    "warm",
    pairs.map(([, warm]) => warm),
  );
});
