// How long a technician waits: from the frame's first request to an enabled button and an open socket, in Chromium over
// loopback. The numbers are reported; a slow run does not fail.

import type { Browser } from "@playwright/test";
import { ConnectWisePage, type Demo, TicketPage, test } from "./demo";

test.use({ clock: "running" });

const runs = 15;

/** Records in the pod's frame when its first button is enabled and its socket is open, in ms since the frame's load began. */
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

const opened = async (ticketPage: TicketPage, ticket: string): Promise<number> => {
  await ticketPage.open(ticket);
  return ticketPage.pod
    .locator("body")
    .evaluate(() =>
      Math.max(...["drawn", "up"].map((name) => performance.getEntriesByName(name)[0]?.startTime ?? NaN)),
    );
};

interface Opening {
  name: string;
  Screen: typeof TicketPage | typeof ConnectWisePage;
  /** The latency of ConnectWise's API, in ms. */
  delay: number;
  /** The time since a ticket of this client was last opened: its contacts are cached for five minutes. */
  pause: string;
}

/** With an empty browser cache, and with the files that the first opening stored. */
const both = async (browser: Browser, demo: Demo, { Screen, pause }: Opening) => {
  const ticket = Screen === TicketPage ? "4711" : "61211";
  const context = await browser.newContext();
  await context.addInitScript(watch);
  const ticketPage = new Screen(await context.newPage(), demo);
  const cold = await opened(ticketPage, ticket);
  await demo.forward(pause);
  const warm = await opened(ticketPage, ticket);
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
  { name: "in a vendor's page", Screen: TicketPage, delay: 0, pause: "2m" },
  { name: "in ConnectWise", Screen: ConnectWisePage, delay: 0, pause: "2m" },
  { name: "in ConnectWise at 50 ms, one round trip", Screen: ConnectWisePage, delay: 50, pause: "2m" },
  { name: "in ConnectWise at 50 ms, a client's first ticket", Screen: ConnectWisePage, delay: 50, pause: "10m" },
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
  const ticketPage = new TicketPage(await context.newPage(), demo);
  await ticketPage.open("4711");
  await ticketPage.send("4821", "Link");
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
