// Keyboard focus in the pod: kept when its element disappears, and never taken from the host's page.

import { expect, test, wrongCode } from "./demo";
import { showScene } from "./scene-page";
import { scenes } from "./scenes";

test.use({ demoScope: "worker" });

test("Escape cancels a link as soon as it is sent", async ({ ticketPage }) => {
  await ticketPage.open("4711");
  await ticketPage.send("4821", "Link");
  await expect(ticketPage.row("4821")).toContainText("We just texted you");
  await expect(ticketPage.row("4821")).toBeFocused();
  await ticketPage.page.keyboard.press("Escape");
  await expect(ticketPage.row("4821")).toContainText("Cancelled");
});

test("a wrong code does not take the focus from a field of the host", async ({ ticketPage, demo }) => {
  await ticketPage.open("4711");
  await ticketPage.page.evaluate(() => document.querySelector("main")?.append(document.createElement("textarea")));
  const field = ticketPage.page.locator("main textarea");
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await ticketPage.page.route("**/code", async (route) => {
    await held;
    await route.continue();
  });
  await ticketPage.send("4821", "Code");
  await ticketPage.enter(wrongCode(await demo.code()));
  await field.click();
  release();
  await expect(ticketPage.row("4821")).toContainText("2 tries left");
  await ticketPage.page.keyboard.type("still here");
  await expect(field).toHaveValue("still here");
});

test.describe(() => {
  test.use({ demoScope: "test" });

  test("Verify again moves the focus to the first method", async ({ ticketPage, demo }) => {
    await ticketPage.open("4711");
    await ticketPage.send("4821", "Link");
    await ticketPage.endUser(await demo.link(), "I did not ask for this");
    await demo.unlock("dana-reyes");
    const again = ticketPage.row("4821").getByRole("button", { name: "Verify again" });
    await again.focus();
    await again.press("Enter");
    await expect(ticketPage.row("4821").getByRole("button", { name: "code" })).toBeFocused();
  });
});

test("Verify caller moves the focus to the contact, not to a button that a second Enter would press", async ({
  page,
}) => {
  const scene = scenes.find(({ name }) => name === "collapsed");
  if (!scene) throw new Error("no such scene");
  const { pod } = await showScene(page, scene, "light");
  await pod.getByRole("button", { name: "Verify caller" }).press("Enter");
  await expect(pod.getByRole("combobox", { name: "Contact to verify" })).toBeFocused();
});

test("a missing note disables the resend like the send, with the reason", async ({ ticketPage, demo }) => {
  await ticketPage.open("4711");
  const picker = ticketPage.pod.getByRole("combobox");
  await picker.selectOption({ label: "Marcus Lee · Office Manager" });
  await ticketPage.pod.getByRole("button", { name: "Manager approval" }).click();
  await ticketPage.send("3107", "Code");
  await demo.arrived();
  await demo.forward("1m");
  await ticketPage.reload();
  await picker.selectOption({ label: "Marcus Lee · Office Manager" });
  const resend = ticketPage.row("3107").getByRole("button", { name: "Resend" });
  await expect(resend).toBeDisabled();
  await expect(resend).toHaveAccessibleDescription("Add a note first");
  await ticketPage.pod.getByRole("button", { name: "Manager approval" }).click();
  await resend.click();
  await demo.arrived(2);
});

test("a failed cancellation shows an error, and marks no code as wrong", async ({ ticketPage, demo }) => {
  await ticketPage.open("4711");
  await ticketPage.send("4821", "Code");
  await demo.arrived();
  await ticketPage.page.route("**/cancel", (route) => route.abort());
  await ticketPage.codeField.press("Escape");
  await expect(ticketPage.row("4821").getByRole("alert")).toHaveText("Shieldpod did not answer. Try again.");
  await expect(ticketPage.codeField).toHaveAttribute("aria-invalid", "false");
  await expect(ticketPage.row("4821")).toContainText("3 tries left");
});
