// The keyboard's place in the pod: kept where something was drawn away, and never taken from the host's page.

import { expect, test, wrong } from "./demo";
import { perform } from "./scene-page";
import { scenes } from "./scenes";

test.use({ demoScope: "worker" });

test("Escape calls off a link as soon as it is sent", async ({ desk }) => {
  await desk.open("4711");
  await desk.send("4821", "Link");
  await expect(desk.row("4821")).toContainText("We just texted you");
  await expect(desk.row("4821")).toBeFocused();
  await desk.page.keyboard.press("Escape");
  await expect(desk.row("4821")).toContainText("Cancelled");
});

test("a wrong code does not pull a technician back who types in the host's own field by now", async ({
  desk,
  demo,
}) => {
  await desk.open("4711");
  await desk.page.evaluate(() => document.querySelector("main")?.append(document.createElement("textarea")));
  const field = desk.page.locator("main textarea");
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await desk.page.route("**/code", async (route) => {
    await held;
    await route.continue();
  });
  await desk.send("4821", "Code");
  await desk.enter(wrong(await demo.code()));
  await field.click();
  release();
  await expect(desk.row("4821")).toContainText("2 tries left");
  await desk.page.keyboard.type("still here");
  await expect(field).toHaveValue("still here");
});

test.describe(() => {
  test.use({ demoScope: "test" });

  test("Verify again leads to the first method", async ({ desk, demo }) => {
    await desk.open("4711");
    await desk.send("4821", "Link");
    await desk.endUser(await demo.link(), "I did not ask for this");
    await demo.unlock("dana-reyes");
    const again = desk.row("4821").getByRole("button", { name: "Verify again" });
    await again.focus();
    await again.press("Enter");
    await expect(desk.row("4821").getByRole("button", { name: "code" })).toBeFocused();
  });
});

test("Verify caller leads to whom it is about, not to a button that a second Enter would press", async ({ page }) => {
  const scene = scenes.find(({ name }) => name === "collapsed");
  if (!scene) throw new Error("no such scene");
  const { pod } = await perform(page, scene, "light");
  await pod.getByRole("button", { name: "Verify caller" }).press("Enter");
  await expect(pod.getByRole("combobox", { name: "Contact to verify" })).toBeFocused();
});

test("a note that is gone bars the resend as it bars the send, and says so", async ({ desk, demo }) => {
  await desk.open("4711");
  const picker = desk.pod.getByRole("combobox");
  await picker.selectOption({ label: "Marcus Lee · Office Manager" });
  await desk.pod.getByRole("button", { name: "Manager approval" }).click();
  await desk.send("3107", "Code");
  await demo.arrived();
  await demo.forward("1m");
  await desk.reload();
  await picker.selectOption({ label: "Marcus Lee · Office Manager" });
  const resend = desk.row("3107").getByRole("button", { name: "Resend" });
  await expect(resend).toBeDisabled();
  await expect(resend).toHaveAccessibleDescription("Add a note first");
  await desk.pod.getByRole("button", { name: "Manager approval" }).click();
  await resend.click();
  await demo.arrived(2);
});

test("a cancellation that fails says so, and calls no code wrong", async ({ desk, demo }) => {
  await desk.open("4711");
  await desk.send("4821", "Code");
  await demo.arrived();
  await desk.page.route("**/cancel", (route) => route.abort());
  await desk.codeField.press("Escape");
  await expect(desk.row("4821").getByRole("alert")).toHaveText("Shieldpod did not answer. Try again.");
  await expect(desk.codeField).toHaveAttribute("aria-invalid", "false");
  await expect(desk.row("4821")).toContainText("3 tries left");
});
