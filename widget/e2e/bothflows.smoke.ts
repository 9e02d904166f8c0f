// Both flows in the browsers other than Chromium: a code by text, and a link. The rest is tested in Chromium only.

import { expect, test } from "./demo";
import { type Browser, missing, startFirefox, startWebKit, type Tab } from "./otherbrowsers";

const row = `//li[contains(., "4821")]`;
const button = (name: string) => `${row}//button[contains(@aria-label, "${name}")]`;

for (const { name, start } of [
  { name: "firefox", start: startFirefox },
  { name: "webkit", start: startWebKit },
] as const) {
  test.describe(name, () => {
    test.describe.configure({ mode: "serial" });
    test.use({ demoScope: "worker", clock: "running" }); // these browsers' clocks run, too

    let browser: Browser;
    let tab: Tab;

    test.beforeAll(async () => {
      if (missing[name] && process.env.CI) throw new Error(`MISSING ${missing[name]}`);
      test.skip(missing[name] !== "", `not run: there is no ${missing[name]}`);
      browser = await start();
      tab = await browser.newTab();
      process.stdout.write(`${name}: ${browser.version}\n`);
    });

    test.afterAll(() => browser?.close());

    const podSays = (words: string | RegExp) => expect.poll(() => tab.text("pod")).toMatch(words);
    const press = (xpath: string, on = tab, where: "page" | "pod" = "pod") =>
      expect.poll(() => on.click(xpath, where)).toBe(true);

    /** Opens the ticket. The pod of a ticket that was opened before is a summary line. */
    const openTicket = async (psa: string) => {
      await tab.open(`${psa}/tickets/4711`);
      const unfolded = async () => {
        const says = await tab.text("pod");
        if (!says?.includes("4821")) await tab.click(`//button[contains(., "Verify caller")]`, "pod");
        return says;
      };
      await expect.poll(unfolded).toMatch(/Dana Reyes.*4821/s);
    };

    test(`${name}: a caller is verified by the code that was texted`, async ({ demo }) => {
      await openTicket(demo.psa);
      await press(button(" code "));
      await podSays("Code delivered");
      await expect.poll(async () => tab.type(`${row}//input`, await demo.code())).toBe(true);
      await podSays(/Verified .+ by you, until/);
      await expect.poll(() => tab.text()).toContain("Caller verified");
    });

    test(`${name}: a caller is verified by the link that was texted`, async ({ demo }) => {
      await openTicket(demo.psa);
      await press(button(" link "));
      await podSays(/Link (sent|delivered)/);
      const landing = await browser.newTab();
      await landing.open(await demo.link());
      await press(`//button[contains(., "Validate")]`, landing, "page");
      await expect.poll(() => landing.text()).toContain("Done.");
      await podSays(/Verified .+ by you, until/);
    });
  });
}
