// The note on ConnectWise's ticket after a verification, and the pod's history of it.

import { expect, test } from "./demo";

const result = /Caller verification: /;

test("the result is noted on the ticket, and the history shows it", async ({ connectwise, demo }) => {
  await connectwise.open("61211");
  await connectwise.send("4821", "Code");
  await connectwise.enter(await demo.code());
  await expect(connectwise.row("4821")).toContainText("Verified");
  await expect(connectwise.notes.filter({ hasText: result })).toHaveCount(1);
  await expect(connectwise.notes.filter({ hasText: result })).toContainText(
    /Caller verification: verified.*Dana Reyes/s,
  );
  await connectwise.pod.getByRole("button", { name: /Verification history/ }).click();
  await expect(connectwise.pod.locator(".entry-row")).toContainText("The result is on the ticket");
  await expect(connectwise.pod.getByRole("button", { name: /Copy note/ })).toHaveCount(0);
});

test("a ConnectWise that stores the note and drops the connection has it once", async ({ connectwise, demo }) => {
  await connectwise.open("61211");
  await demo.setConnectWiseFault("cut", 1, "/notes");
  await connectwise.send("4821", "Code");
  await connectwise.enter(await demo.code());
  await connectwise.pod.getByRole("button", { name: /Verification history/ }).click();
  await expect(connectwise.pod.getByRole("button", { name: /Copy note/ })).toBeVisible();
  await demo.forward("1m");
  await expect(connectwise.pod.locator(".entry-row")).toContainText("The result is on the ticket");
  const asked = await demo.connectWiseRequests();
  expect(asked.filter((r) => r.method === "POST" && r.path.endsWith("/notes"))).toHaveLength(1);
  await connectwise.page.reload();
  await expect(connectwise.notes.filter({ hasText: result })).toHaveCount(1);
});

test("an expiry is a result too, and a cancellation is not", async ({ connectwise, demo }) => {
  await connectwise.open("61211");
  await connectwise.send("4821", "Code");
  await demo.arrived();
  await connectwise.codeField.press("Escape");
  await expect(connectwise.row("4821")).toContainText("Cancelled");
  await demo.forward("2m");
  await connectwise.send("4821", "Code");
  await demo.arrived(2);
  await demo.forward("6m");
  await expect(connectwise.notes.filter({ hasText: result })).toContainText("expired unanswered");
  await expect(connectwise.notes.filter({ hasText: result })).toHaveCount(1);
});
