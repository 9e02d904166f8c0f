// What ConnectWise's ticket says once a verification has ended, and what the pod's history says of it.

import { expect, test } from "./demo";

const result = /Caller verification: /;

test("the result stands on the ticket by itself, and the history says so", async ({ manage, demo }) => {
  await manage.open("61211");
  await manage.send("4821", "Code");
  await manage.enter(await demo.code());
  await expect(manage.row("4821")).toContainText("Verified");
  await expect(manage.notes.filter({ hasText: result })).toHaveCount(1);
  await expect(manage.notes.filter({ hasText: result })).toContainText(/Caller verification: verified.*Dana Reyes/s);
  await manage.pod.getByRole("button", { name: /Verification history/ }).click();
  await expect(manage.pod.locator(".entry-row")).toContainText("The result is on the ticket");
  await expect(manage.pod.getByRole("button", { name: /Copy note/ })).toHaveCount(0);
});

test("a ConnectWise that takes the note and hangs up has it once", async ({ manage, demo }) => {
  await manage.open("61211");
  await demo.misbehaveConnectWise("cut", 1, "/notes");
  await manage.send("4821", "Code");
  await manage.enter(await demo.code());
  await manage.pod.getByRole("button", { name: /Verification history/ }).click();
  await expect(manage.pod.getByRole("button", { name: /Copy note/ })).toBeVisible();
  await demo.forward("1m");
  await expect(manage.pod.locator(".entry-row")).toContainText("The result is on the ticket");
  const asked = await demo.connectWiseRequests();
  expect(asked.filter((r) => r.method === "POST" && r.path.endsWith("/notes"))).toHaveLength(1);
  await manage.page.reload();
  await expect(manage.notes.filter({ hasText: result })).toHaveCount(1);
});

test("nobody's answer is a result too, and what was cancelled is none", async ({ manage, demo }) => {
  await manage.open("61211");
  await manage.send("4821", "Code");
  await demo.arrived();
  await manage.codeField.press("Escape");
  await expect(manage.row("4821")).toContainText("Cancelled");
  await demo.forward("2m");
  await manage.send("4821", "Code");
  await demo.arrived(2);
  await demo.forward("6m");
  await expect(manage.notes.filter({ hasText: result })).toContainText("expired unanswered");
  await expect(manage.notes.filter({ hasText: result })).toHaveCount(1);
});
