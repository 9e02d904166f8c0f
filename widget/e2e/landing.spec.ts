// The end user's page after its time, and when a program presses its button.

import type { Page } from "@playwright/test";
import { expect, test } from "./demo";

/** Stops the page's timers, so that its first second does not end on a slow machine. */
const stopped = async (page: Page): Promise<Page> => {
  const now = Date.now();
  await page.clock.install({ time: now });
  await page.clock.pauseAt(now + 1000);
  return page;
};

/** The heading of the page that follows an answer. */
const heading = (page: Page) => page.getByRole("heading", { level: 1 });

test("a late denial turns its green shield red at once, locks the contact, and is in the history", async ({
  ticketPage,
  demo,
}) => {
  await ticketPage.open("4711");
  await ticketPage.send("@contoso.com", "Link");
  const link = await demo.link();
  const user = await ticketPage.endUser(link);
  await user.getByRole("button", { name: "Validate" }).click();
  await expect(ticketPage.row("@contoso.com")).toContainText(/Verified .+ by you/);
  const still = await ticketPage.expectNoReload();
  await demo.forward("10m");
  await user.goto(`${link}/`);
  await expect(heading(user)).toHaveText(/^This link was used/);
  await user.getByRole("link", { name: "I did not ask for this" }).click();
  await expect(heading(user)).toHaveText("You did not ask for this?");
  await expect(ticketPage.row("@contoso.com")).toContainText(/Verified/);
  await user.getByRole("button", { name: "Yes, stop it" }).click();
  await expect(heading(user)).toHaveText(/knows that you did not ask for this/);
  await expect(ticketPage.row("@contoso.com")).toContainText("did not ask for this");
  await expect(ticketPage.row("@contoso.com")).not.toContainText(/Verified/);
  await expect(ticketPage.row("4821").getByRole("button")).toHaveCount(0);
  await ticketPage.pod.getByRole("button", { name: /Verification history/ }).click();
  await expect(ticketPage.pod.locator(".entry-row").first()).toContainText("Verified → Denied");
  await still();
  await user.reload();
  await expect(user.getByRole("link", { name: "I did not ask for this" })).toHaveCount(0);
});

test("an expired link accepts a denial for a day, and afterwards shows whom to call", async ({ ticketPage, demo }) => {
  await ticketPage.open("4711");
  await ticketPage.send("@contoso.com", "Link");
  const link = await demo.link();
  await demo.forward("23h");
  const user = await ticketPage.endUser(link);
  await expect(heading(user)).toHaveText("This link has expired");
  await expect(user.getByRole("link", { name: "I did not ask for this" })).toBeVisible();
  await demo.forward("2h");
  await user.reload();
  await expect(user.getByRole("link", { name: "I did not ask for this" })).toHaveCount(0);
  await expect(user.getByText(/on the number you know/)).toBeVisible();
});

const robots: Record<string, (page: Page) => Promise<unknown>> = {
  "a script that clicks": (page) => page.evaluate(() => document.querySelector("button")?.click()),
  "a script that submits the form": (page) => page.evaluate(() => document.querySelector("form")?.submit()),
  "a script that requests the submit": (page) =>
    page.evaluate(() => document.querySelector("form")?.requestSubmit(document.querySelector("button"))),
  "a script that makes up every event": (page) =>
    page.evaluate(() => {
      const button = document.querySelector("button");
      for (const type of ["pointerdown", "touchstart", "keydown", "mousedown", "pointerup", "mouseup", "click"]) {
        button?.dispatchEvent(new MouseEvent(type, { bubbles: true, cancelable: true }));
      }
    }),
  "a script that clicks everything on each page it gets to": (page) =>
    page.evaluate(() => {
      for (const one of document.querySelectorAll<HTMLElement>("button, label, input")) one.click();
    }),
};

for (const [name, press] of Object.entries(robots)) {
  test(`row 12: ${name} in the first second of an untouched page verifies nothing`, async ({ ticketPage, demo }) => {
    await ticketPage.open("4711");
    await ticketPage.send("@contoso.com", "Link");
    const link = await demo.link();
    const robot = await stopped(await ticketPage.page.context().newPage());
    await robot.goto(link, { waitUntil: "domcontentloaded" });
    const answer = robot.waitForResponse((r) => r.request().postData()?.includes("press=") ?? false);
    const answered = robot.waitForEvent("framenavigated"); // else its page would interrupt the next one
    await press(robot);
    expect((await answer).status()).toBe(name.includes("submits the form") ? 400 : 422);
    await answered;
    await expect(ticketPage.row("@contoso.com")).not.toContainText(/Verified \d/);
    await robot.goto(link);
    await robot.clock.runFor(1000);
    await robot.evaluate(() => document.querySelector("button")?.click());
    await expect(ticketPage.row("@contoso.com")).toContainText(/Verified .+ by you/); // a press without an event, later
  });
}

const people: Record<string, (page: Page) => Promise<unknown>> = {
  "by a pointer": (page) => page.getByRole("button", { name: "Validate" }).click(),
  "by the Enter key": (page) => page.getByRole("button", { name: "Validate" }).press("Enter"),
  "by the space bar": (page) => page.getByRole("button", { name: "Validate" }).press(" "),
};

for (const [name, press] of Object.entries(people)) {
  test(`a person who presses ${name} at once does not have to wait`, async ({ ticketPage, demo }) => {
    await ticketPage.open("4711");
    await ticketPage.send("@contoso.com", "Link");
    const user = await stopped(await ticketPage.page.context().newPage());
    await user.goto(await demo.link(), { waitUntil: "domcontentloaded" });
    await press(user);
    await expect(heading(user)).toHaveText(/^Done/);
    await expect(ticketPage.row("@contoso.com")).toContainText(/Verified .+ by you/);
  });
}
