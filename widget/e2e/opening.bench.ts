// How long a technician waits: from the frame's first request to a button that can be pressed, with the socket
// up, in Chromium, over loopback. Numbers for people to read; nothing fails for being slow.

import type { Browser } from "@playwright/test";
import { ConnectWise, type Demo, Desk, test } from "./demo";

test.use({ clock: "running" });

const runs = 15;

/** Notes in the pod's frame when its first button can be pressed and its socket is up, in ms since the frame began to load. */
const watch = () => {
  if (!location.pathname.startsWith("/pod/")) return;
  const watcher = new MutationObserver(() => {
    if (!document.querySelector(":is(.rows, .summary) button:not([aria-disabled=true])")) return;
    performance.mark("drawn");
    watcher.disconnect();
  });
  watcher.observe(document, { childList: true, subtree: true, attributes: true });
  const Plain = window.WebSocket;
  window.WebSocket = class extends Plain {
    constructor(url: string | URL) {
      super(url);
      this.addEventListener("open", () => performance.mark("up"), { once: true });
    }
  };
};

const opened = async (desk: Desk, ticket: string): Promise<number> => {
  await desk.open(ticket);
  return desk.pod
    .locator("body")
    .evaluate(() =>
      Math.max(...["drawn", "up"].map((name) => performance.getEntriesByName(name)[0]?.startTime ?? NaN)),
    );
};

interface Opening {
  name: string;
  Screen: typeof Desk | typeof ConnectWise;
  /** How long each answer of ConnectWise's API takes, in ms. */
  delay: number;
  /** How long nobody has opened a ticket of this client: what was read of its people is used for five minutes. */
  pause: string;
}

/** With an empty cache, and with the files that the first opening left there. */
const both = async (browser: Browser, demo: Demo, { Screen, pause }: Opening) => {
  const ticket = Screen === Desk ? "4711" : "61211";
  const context = await browser.newContext();
  await context.addInitScript(watch);
  const desk = new Screen(await context.newPage(), demo);
  const cold = await opened(desk, ticket);
  await demo.forward(pause);
  const warm = await opened(desk, ticket);
  await context.close();
  await demo.forward(pause);
  return { cold, warm };
};

const told = (what: string, times: number[]) => {
  const sorted = times.toSorted((a, b) => a - b).map((t) => `${t.toFixed(0)} ms`);
  process.stdout.write(
    `${what}: median ${sorted[runs >> 1]}, least ${sorted[0]}, most ${sorted[runs - 1]} (${runs} runs)\n`,
  );
};

const openings: Opening[] = [
  { name: "in a vendor's page", Screen: Desk, delay: 0, pause: "2m" },
  { name: "in ConnectWise", Screen: ConnectWise, delay: 0, pause: "2m" },
  { name: "in ConnectWise at 50 ms, one round trip", Screen: ConnectWise, delay: 50, pause: "2m" },
  { name: "in ConnectWise at 50 ms, a client's first ticket", Screen: ConnectWise, delay: 50, pause: "10m" },
];

for (const opening of openings) {
  test(`opening a ticket ${opening.name}`, async ({ browser, demo }) => {
    await demo.delayConnectWise(opening.delay);
    await both(browser, demo, opening); // Chromium's own first time counts for nothing
    const pairs: { cold: number; warm: number }[] = [];
    for (let i = 0; i < runs; i++) pairs.push(await both(browser, demo, opening));
    for (const kind of ["cold", "warm"] as const) {
      told(
        `pod usable ${opening.name}, ${kind}`,
        pairs.map((pair) => pair[kind]),
      );
    }
  });
}

test("the end user's page", async ({ browser, demo }) => {
  const context = await browser.newContext();
  const desk = new Desk(await context.newPage(), demo);
  await desk.open("4711");
  await desk.send("4821", "Link");
  const link = await demo.link();
  const times: number[] = [];
  for (let i = -1; i < runs; i++) {
    const page = await context.newPage(); // a browser that is open already, as on anybody's phone
    await page.goto(link);
    const painted = await page.evaluate(
      () =>
        new Promise<number>((done) => {
          new PerformanceObserver((list) => {
            for (const entry of list.getEntriesByName("first-contentful-paint")) done(entry.startTime);
          }).observe({ type: "paint", buffered: true });
        }),
    );
    if (i >= 0) times.push(painted); // Chromium's own first time counts for nothing
    await page.close();
  }
  await context.close();
  told("the end user's page painted", times);
});
