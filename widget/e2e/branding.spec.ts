// What the end user gets: mail, text and page, in the branding and language of the tenant.

import type { Browser } from "@playwright/test";
import { violations } from "./axe";
import { type Demo, expect, test } from "./demo";

test.use({ demoScope: "worker" });

const keep = process.env.SHIELDPOD_SCREENS;

/** A browser context for mail and pages, by width and color scheme. */
const reader = (browser: Browser, width: number, colorScheme: "light" | "dark", javaScriptEnabled = true) =>
  browser.newContext({ viewport: { width, height: 700 }, colorScheme, javaScriptEnabled });

const mailOf = async (demo: Demo): Promise<string> => {
  const [newest] = await (await fetch(`${demo.phone}/api/messages?limit=1`)).json();
  return (await fetch(`${demo.phone}/api/messages/${newest.id}/html`)).text();
};

test("the second tenant's text has its own template, in its own language", async ({
  ticketPage,
  secondTenant,
  demo,
}) => {
  await ticketPage.open("4711");
  await ticketPage.send("4821", "Code");
  const plain = await demo.arrived(1);
  expect(plain.text).toMatch(/^\d{3} \d{3} is your Acme IT code for Ana Ortiz, ticket 4711\./);

  await secondTenant.open("2041");
  await secondTenant.send("0042", "Code");
  const text = await demo.arrived(2);
  expect(text.text).toMatch(
    /^Moin! \d{3} \d{3} ist Ihr Code für Jana Vogt von Nordlicht IT\. Er gilt 5 min\. Lesen Sie ihn nur dem Techniker vor/,
  );
  await expect(secondTenant.row("0042")).toContainText("Lesen Sie ihn mir bitte vor."); // the tenant's own script
  await expect(secondTenant.row("0042")).toContainText("Code zugestellt");
  await secondTenant.enter(text.code ?? "");
  await expect(secondTenant.row("0042")).toContainText("verifiziert von Ihnen");
});

test("the second tenant's mail and page have another design", async ({ page, ticketPage, secondTenant, demo }) => {
  const looks: (string | number | null)[][] = [];
  /** Collects what differs between tenants, in the newest mail and on the page behind its link. */
  const collect = async (link = "") => {
    const user = await page.context().newPage();
    await user.setContent(await mailOf(demo));
    const button = user.locator("a").first();
    const letter = await button.evaluate((a) => [getComputedStyle(a).backgroundColor, a.textContent]);
    await user.goto(link);
    looks.push([
      ...letter,
      await user.locator("html").getAttribute("lang"),
      await user.locator("html").evaluate((e) => getComputedStyle(e).backgroundImage),
      await user.locator(".yes").evaluate((e) => getComputedStyle(e).backgroundColor),
      await user.locator(".brand img").count(),
      await user.locator("h1").textContent(),
    ]);
    await user.close();
  };
  await test.step("the first company", async () => {
    await ticketPage.open("4711");
    await ticketPage.send("@contoso", "Link");
    await collect(await demo.link(1));
  });
  await test.step("the second company", async () => {
    await secondTenant.open("2041");
    await secondTenant.send("@hafenkontor", "Link");
    const second = await demo.arrived(2);
    expect(second.text).toContain("Viele Grüße von der Küste");
    await collect(second.link);
  });
  for (const [i, look] of looks[0]?.entries() ?? []) expect(looks[1]?.[i]).not.toBe(look);
});

test("the logo is fetched from the server, and is the uploaded picture", async ({ secondTenant, demo }) => {
  await secondTenant.open("2041");
  await secondTenant.send("@hafenkontor", "Link");
  const user = await secondTenant.endUser(await demo.link());
  const logo = user.getByRole("img", { name: "Nordlicht IT" });
  await expect(logo).toBeVisible();
  expect(await logo.evaluate((e: HTMLImageElement) => [e.complete, e.naturalWidth])).toEqual([true, 480]);
});

test("a contact with another language gets messages and page in it", async ({ secondTenant, demo }) => {
  await secondTenant.open("2038");
  await secondTenant.send("@brasserie", "Link");
  const message = await demo.arrived();
  expect(message.text).toContain("Bonjour Élodie Marchand,");
  const user = await secondTenant.endUser(message.link ?? "");
  await expect(user.getByRole("heading")).toHaveText("Nordlicht IT souhaite vérifier que c’est bien vous");
  await user.getByRole("button", { name: "Valider" }).click();
  await expect(user.getByRole("heading")).toHaveText("C’est fait. Nordlicht IT sait que c’est bien vous.");
});

test("language: messages to contacts without a language follow the policy", async ({ ticketPage, demo }) => {
  await demo.policy({ language: "nl" });
  await ticketPage.open("4711");
  await ticketPage.send("4821", "Link");
  const message = await demo.arrived();
  expect(message.text).toContain("hebt u ons gebeld?");
  const user = await ticketPage.endUser(message.link ?? "");
  await expect(user.getByRole("button", { name: "Bevestigen" })).toBeVisible();
});

test("without JavaScript the page counts down, takes a confirmation, and asks twice before a denial", async ({
  browser,
  ticketPage,
  demo,
}) => {
  await ticketPage.open("4711");
  await ticketPage.send("4821", "Link");
  const context = await reader(browser, 390, "light", false);
  const user = await context.newPage();
  await user.goto(await demo.link());
  const left = () => user.locator(".clock dd").evaluate((e) => Number(getComputedStyle(e).getPropertyValue("--s")));
  const before = await left();
  expect(before).toBeGreaterThan(200);
  await expect.poll(left).toBeLessThan(before);
  await user.getByRole("link", { name: "I did not ask for this" }).click();
  await expect(user.getByRole("heading")).toHaveText("You did not ask for this?");
  await user.getByRole("link", { name: "Back" }).click();
  await user.getByRole("button", { name: "Validate" }).click();
  await expect(user.getByRole("heading")).toHaveText("Done. Acme IT knows that it is you.");
  await context.close();
});

test.describe(() => {
  test.use({ demoScope: "test" });

  test("a denial locks the contact, and the pod shows it, until an admin unlocks the contact", async ({
    ticketPage,
    demo,
  }) => {
    await ticketPage.open("4711");
    await ticketPage.send("@contoso", "Link");
    const user = await ticketPage.endUser(await demo.link());
    await user.getByRole("link", { name: "I did not ask for this" }).click();
    await expect(ticketPage.row("@contoso")).not.toContainText("did not ask"); // the question alone changes nothing
    await user.getByRole("button", { name: "Yes, stop it" }).click();
    await expect(ticketPage.row("@contoso")).toContainText("did not ask for this");
    await expect(ticketPage.pod.locator(".notice")).toContainText("an admin of Acme IT unlocks");
    await expect(ticketPage.row("4821")).toContainText("they did not ask");
    await demo.forward("2m");
    expect(await demo.unlock("dana-reyes")).toMatchObject({ denied: true });
    await expect(ticketPage.pod.locator(".notice")).toBeHidden();
    await ticketPage.send("4821", "Code");
    await expect(ticketPage.row("4821")).toContainText("Code delivered");
  });
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`targets of the page are large, and axe and the browser report nothing, ${colorScheme}`, async ({
    page,
    ticketPage,
    demo,
  }) => {
    const complaints: string[] = [];
    await demo.policy({ number_matching: true });
    await ticketPage.open("4711");
    await ticketPage.send("4821", "Link");
    const link = await demo.link();
    const user = await page.context().newPage();
    user.on("console", (m) => m.type() === "error" && complaints.push(m.text()));
    await user.emulateMedia({ colorScheme });
    for (const query of ["", "?deny"]) {
      await test.step(`the page ${query}`, async () => {
        await user.goto(link + query);
        for (const target of await user.locator("button, a, .numbers label").all()) {
          const box = await target.boundingBox();
          expect(Math.min(box?.height ?? 0, box?.width ?? 0)).toBeGreaterThanOrEqual(44);
        }
        expect(await violations(user.mainFrame())).toEqual([]);
      });
    }
    expect(complaints).toEqual([]);
  });

  for (const { name, company, ticket, mailbox } of [
    { name: "acme", company: "ticketPage", ticket: "4711", mailbox: "@contoso" },
    { name: "nordlicht", company: "secondTenant", ticket: "2041", mailbox: "@hafenkontor" },
  ] as const) {
    test(`messages and page for end users of ${name}, ${colorScheme} @screens`, async ({
      browser,
      ticketPage,
      secondTenant,
      demo,
    }) => {
      const at = { ticketPage, secondTenant }[company];
      await at.open(ticket);
      await at.send(mailbox, "Link");
      const { link } = await demo.arrived();
      const mail = await mailOf(demo);
      for (const width of [320, 600]) {
        await test.step(`the mail at ${width} px`, async () => {
          const context = await reader(browser, width, colorScheme);
          const letter = await context.newPage();
          await letter.setContent(mail, { waitUntil: "load" });
          expect(await letter.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
          if (keep)
            await letter.screenshot({ path: `${keep}/mail-${name}-${width}-${colorScheme}.png`, fullPage: true });
          await context.close();
        });
      }
      await test.step("the page", async () => {
        const context = await reader(browser, 390, colorScheme);
        const user = await context.newPage();
        await user.goto(link ?? "");
        if (keep) await user.screenshot({ path: `${keep}/page-${name}-${colorScheme}.png` });
        await user.goto(`${link}?deny`);
        if (keep) await user.screenshot({ path: `${keep}/page-${name}-sure-${colorScheme}.png` });
        await context.close();
      });
    });
  }
}
