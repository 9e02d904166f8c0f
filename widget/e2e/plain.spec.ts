// Hosts without our loader: one that signs no context, so that the technician signs in in a window, and one that posts a
// context into the frame. The provider, the server and the pod are real.

import { expect, type Page } from "@playwright/test";
import { type Demo, test } from "./demo";
import { TicketPage } from "./pages";

test.use({ demoScope: "worker" });

/** Opens the ticket, and the window in which the technician chooses an account. */
const opened = async (page: Page, demo: Demo, ticket = "61211") => {
  await page.goto(`${demo.psa}/id/tickets/${ticket}`);
  const ticketPage = new TicketPage(page, demo);
  const waits = page.waitForEvent("popup");
  await ticketPage.pod.getByRole("button", { name: "Sign in" }).click();
  return { ticketPage, popup: await waits };
};

test("a technician signs in and verifies the ticket's contact", async ({ page, demo }) => {
  const { ticketPage, popup } = await opened(page, demo);
  const closed = popup.waitForEvent("close");
  await popup.getByRole("button", { name: "Ana Ortiz" }).click();
  await closed;
  await ticketPage.expand();
  const cookies = await page.context().cookies(demo.bff);
  expect(cookies).toEqual([]);
});

test("an account that may not open pods gets an error, and the pod stays closed", async ({ page, demo }) => {
  const { ticketPage, popup } = await opened(page, demo);
  await popup.getByRole("button", { name: "Gil Marsh" }).click();
  await expect(popup.getByText("may not open pods here")).toBeVisible();
  await popup.close();
  await expect(ticketPage.pod.getByRole("button", { name: "Sign in" })).toBeVisible();
});

test("a sign-in that is cancelled at the provider shows it in the window", async ({ page, demo }) => {
  const { popup } = await opened(page, demo);
  await popup.getByRole("button", { name: "Cancel" }).click();
  await expect(popup.getByRole("heading", { name: "You are not signed in" })).toBeVisible();
});

test("a missing ticket is reported after the sign-in", async ({ page, demo }) => {
  const { ticketPage, popup } = await opened(page, demo, "999999");
  const closed = popup.waitForEvent("close");
  await popup.getByRole("button", { name: "Ana Ortiz" }).click();
  await closed;
  await expect(ticketPage.pod.getByRole("alert")).toContainText("You can’t see this ticket");
});

/** Posts a form into a frame, from a page of an origin that may frame the pod. */
const post = (page: Page, pod: string, context: string) =>
  page.evaluate(
    ([action, value]) => {
      document.body.innerHTML = `<iframe name="posted"></iframe>
        <form method="post" target="posted"><input name="context" type="hidden"></form>`;
      const [form] = document.forms;
      if (!form) throw new Error("there is no form");
      form.action = String(action);
      form.querySelector("input")?.setAttribute("value", String(value));
      form.submit();
    },
    [pod, context],
  );

test("a form without a context shows an error inside the frame", async ({ page, demo }) => {
  await page.goto(`${demo.psa}/id/tickets/1`);
  await post(page, `${demo.bff}/pod/acme`, "");
  const pod = page.frameLocator("iframe");
  await expect(pod.getByRole("heading", { name: "Caller verification can't open" })).toBeVisible();
  await expect(pod.getByText("is not a signed token")).toBeVisible();
});
