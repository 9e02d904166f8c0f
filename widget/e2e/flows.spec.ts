// The main flows, end to end: the real server, the carriers' real protocols, two sites, one browser.

import { expect, TicketPage, test, wrongCode } from "./demo";

test.use({ demoScope: "worker" });

test("a caller is verified by the code that they read aloud", async ({ ticketPage, demo }) => {
  await ticketPage.open("4711");
  await ticketPage.send("4821", "Code");
  await expect(ticketPage.row("4821")).toContainText("Code delivered");
  await expect(ticketPage.codeField).toBeFocused();
  const code = await demo.code();
  await ticketPage.enter(`${code.slice(0, 3)} ${code.slice(3)}`);
  await expect(ticketPage.row("4821")).toContainText(/Verified .+ by you, until/);
  await expect(ticketPage.pod.getByRole("status").first()).toContainText("ending in 4821: verified");
  await expect(ticketPage.page.getByText("Caller verified").first()).toBeVisible();
});

for (const [channel, method, where] of [
  ["4821", "text", "phone"],
  ["@contoso.com", "e-mail", "mailbox"],
] as const) {
  test(`a caller is verified by the link in the ${where}, and the shield turns green without a reload`, async ({
    ticketPage,
    demo,
  }) => {
    await ticketPage.open("4711");
    await ticketPage.send(channel, "Link");
    await expect(ticketPage.row(channel)).toContainText(/Link (sent|delivered)/);
    await expect(ticketPage.row(channel)).toContainText(
      method === "text" ? "We just texted you" : "We just e-mailed you",
    );
    const landing = await ticketPage.endUser(await demo.link());
    await expect(ticketPage.row(channel)).toContainText(/Link (sent|delivered|opened)/);
    await landing.getByRole("button", { name: "Validate" }).click();
    await expect(landing.getByText("Done.")).toBeVisible();
    await expect(ticketPage.row(channel)).toContainText(/Verified .+ by you, until/);
  });
}

test("a wrong code shows how many tries are left and keeps the focus, and the last one ends the verification", async ({
  ticketPage,
  demo,
}) => {
  await ticketPage.open("4711");
  await ticketPage.send("4821", "Code");
  const guess = wrongCode(await demo.code());
  for (const words of ["2 tries left", "1 try left"]) {
    await ticketPage.enter(guess);
    await expect(ticketPage.row("4821")).toContainText(words);
    await expect(ticketPage.codeField).toBeFocused();
    expect(
      await ticketPage.codeField.evaluate((f: HTMLInputElement) =>
        f.value.slice(f.selectionStart ?? 0, f.selectionEnd ?? 0),
      ),
    ).toBe(`${guess.slice(0, 3)} ${guess.slice(3)}`);
  }
  await ticketPage.enter(guess);
  await expect(ticketPage.row("4821")).toContainText("Out of tries. Send a new code.");
  await expect(ticketPage.codeField).toBeHidden();
});

test("a new code replaces the old one, once the cooldown is over", async ({ ticketPage, demo }) => {
  await ticketPage.open("4711");
  await ticketPage.send("4821", "Code");
  const old = await demo.code();
  await expect(ticketPage.row("4821")).toContainText("Resend in 1:00");
  await demo.forward("1m");
  await ticketPage.row("4821").getByRole("button", { name: "Resend" }).click();
  const fresh = await demo.code(2);
  await expect(ticketPage.row("4821")).toContainText("Resend in 1:00");
  await ticketPage.enter(old === fresh ? wrongCode(old) : old);
  await expect(ticketPage.row("4821")).toContainText("2 tries left");
  await ticketPage.enter(fresh);
  await expect(ticketPage.row("4821")).toContainText("Verified");
});

test.describe(() => {
  test.use({ demoScope: "test" });

  test("a denied link turns the row red, and it stays red", async ({ ticketPage, demo }) => {
    await ticketPage.open("4711");
    await ticketPage.send("4821", "Link");
    await ticketPage.endUser(await demo.link(), "I did not ask for this");
    const row = ticketPage.row("4821");
    await expect(row).toContainText("Dana Reyes says they did not ask for this. Stop and follow your procedure.");
    await expect(row.getByRole("link", { name: "your procedure" })).toHaveAttribute("href", `${demo.psa}/procedure`);
    await demo.forward("1h");
    await expect(row).toContainText("did not ask for this");
    await ticketPage.reload();
    await expect(row).toContainText("did not ask for this");
  });
});

test("an unopened link expires, and cannot verify afterwards", async ({ ticketPage, demo }) => {
  await ticketPage.open("4711");
  await ticketPage.send("4821", "Link");
  const link = await demo.link();
  await demo.forward("5m");
  await expect(ticketPage.row("4821")).toContainText("Expired unanswered");
  const landing = await ticketPage.endUser(link);
  await expect(landing.getByRole("button", { name: "Validate" })).toBeHidden();
  await expect(ticketPage.row("4821")).toContainText("Expired unanswered");
});

test("a green shield expires while the pod is open", async ({ ticketPage, demo }) => {
  await ticketPage.open("4711");
  await ticketPage.send("4821", "Code");
  await ticketPage.enter(await demo.code());
  await expect(ticketPage.row("4821")).toContainText("Verified");
  await demo.forward("30m");
  await expect(ticketPage.row("4821")).toContainText("Not verified");
  await expect(ticketPage.row("4821").getByRole("button", { name: "code" })).toBeEnabled();
});

test("a cancelled code is rejected", async ({ ticketPage, demo }) => {
  await ticketPage.open("4711");
  await ticketPage.send("4821", "Code");
  await demo.arrived();
  await ticketPage.codeField.press("Escape");
  await expect(ticketPage.row("4821")).toContainText("Cancelled · Again in 1:00");
  await expect(ticketPage.row("4821")).toBeFocused();
});

test.describe(() => {
  test.use({ demoScope: "test" });

  test("the history shows what happened, behind its arrow", async ({ ticketPage, demo }) => {
    await ticketPage.open("4711");
    await ticketPage.send("4821", "Code");
    await ticketPage.enter(await demo.code());
    await expect(ticketPage.row("4821")).toContainText("Verified");
    const toggle = ticketPage.pod.getByRole("button", { name: /Verification history/ });
    await expect(toggle).toHaveAttribute("aria-expanded", "false");
    await toggle.click();
    await expect(ticketPage.pod.locator(".entry-row")).toHaveText([/SMS code · ••4821\s*Verified.+ · you · #4711/]);
    await ticketPage.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await ticketPage.pod.getByRole("button", { name: "Copy note for the ticket" }).click();
    await expect(ticketPage.pod.getByText("Copied")).toBeAttached();
    await toggle.click();
    await expect(ticketPage.pod.locator(".entry-row")).toHaveCount(0);
  });
});

test.describe(() => {
  test.use({ demoScope: "test" });

  test("where copying is blocked the note is shown, selected", async ({ ticketPage, demo }) => {
    await ticketPage.open("4711");
    await ticketPage.send("4821", "Code");
    await ticketPage.enter(await demo.code());
    await ticketPage.pod.getByRole("button", { name: /Verification history/ }).click();
    await ticketPage.pod.locator("body").evaluate(() => {
      navigator.clipboard.writeText = () => Promise.reject(new Error("blocked"));
    });
    await ticketPage.pod.getByRole("button", { name: "Copy note for the ticket" }).click();
    const text = ticketPage.pod.getByLabel(/Copying is blocked/);
    await expect(text).toHaveValue(/Caller verification: verified/);
    expect(await text.evaluate((f: HTMLTextAreaElement) => f.selectionEnd - f.selectionStart - f.value.length)).toBe(0);
  });
});

test("a landline shows its reason only, and a contact without a mobile number shows a hint", async ({ ticketPage }) => {
  await ticketPage.open("4709");
  await expect(ticketPage.row("0142")).toContainText("Can’t get texts");
  await expect(ticketPage.row("0142").getByRole("button")).toHaveCount(0);
  await expect(ticketPage.pod.getByText("No mobile number on this contact")).toBeVisible();
  await expect(ticketPage.row("@fabrikam.example").getByRole("button", { name: "link" })).toBeEnabled();
});

test.describe(() => {
  test.use({ demoScope: "test" });

  test("a contact who is not the ticket's is verified with a note, kept while another contact is selected", async ({
    ticketPage,
    demo,
  }) => {
    await ticketPage.open("4711");
    const picker = ticketPage.pod.getByRole("combobox");
    await picker.selectOption({ label: "Marcus Lee · Office Manager" });
    const code = ticketPage.row("3107").getByRole("button", { name: "code" });
    await expect(code).toBeDisabled();
    await expect(code).toHaveAccessibleDescription("Add a note first");
    await ticketPage.pod.getByRole("button", { name: "Manager approval" }).click();
    await picker.selectOption({ index: 0 });
    await expect(ticketPage.pod.getByLabel("Why this contact?")).toBeHidden();
    await picker.selectOption({ index: 1 });
    await expect(ticketPage.pod.getByLabel("Why this contact?")).toHaveValue("Manager approval");
    await code.click();
    await ticketPage.enter(await demo.code());
    await expect(ticketPage.row("3107")).toContainText("Verified");
    await ticketPage.pod.getByRole("button", { name: /Verification history/ }).click();
    await expect(ticketPage.pod.locator(".entry-row")).toContainText("Manager approval");
  });
});

test("the pod shows that a carrier does not answer, and the message is sent when it does", async ({
  ticketPage,
  demo,
}) => {
  await demo.setFault("vonage", "5xx", 1);
  await ticketPage.open("4711");
  await ticketPage.send("4821", "Code");
  await expect(ticketPage.row("4821")).toContainText("Texting isn’t answering. We keep trying until");
  await demo.forward("30s");
  await ticketPage.enter(await demo.code());
  await expect(ticketPage.row("4821")).toContainText("Verified");
});

test.describe(() => {
  test.use({ demoScope: "test" });

  test("for a number that the carrier rejects the pod shows what to do next", async ({ ticketPage, demo }) => {
    await demo.setFault("vonage", "refuse", 1);
    await ticketPage.open("4711");
    await ticketPage.send("4821", "Code");
    await expect(ticketPage.row("4821")).toContainText("Try e-mail.");
  });
});

test("the whole flow by keyboard", async ({ ticketPage, demo }) => {
  await ticketPage.open("4711");
  const { page } = ticketPage;
  const focused = () => page.frames()[1]?.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? "");
  await ticketPage.pod.getByRole("combobox").focus();
  await page.keyboard.press("Tab");
  expect(await focused()).toBe("Send a code by text to Mobile ending in 4821");
  await page.keyboard.press("Enter");
  await expect(ticketPage.codeField).toBeFocused();
  const code = await demo.code();
  await page.keyboard.type(wrongCode(code));
  await page.keyboard.press("Enter");
  await expect(ticketPage.row("4821").getByRole("alert")).toContainText("2 tries left"); // the event may say so before the answer
  await page.keyboard.type(code); // over the wrong one: its text is selected
  await page.keyboard.press("Enter");
  await expect(ticketPage.row("4821")).toContainText("Verified");
  await page.keyboard.press("Tab");
  expect(await focused()).toBe("Send a link by e-mail to Work d…@contoso.com");
  await page.keyboard.press("Space");
  await expect(ticketPage.row("@contoso.com")).toContainText("We just e-mailed you");
  await expect(ticketPage.row("@contoso.com")).toBeFocused();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Escape");
  await expect(ticketPage.row("@contoso.com")).toContainText("Cancelled");
});

test("two pods on the same contact show the same state", async ({ ticketPage, demo }) => {
  await ticketPage.open("4711");
  const other = new TicketPage(await ticketPage.page.context().newPage(), demo);
  await other.open("4712");
  await other.pod.getByRole("combobox").selectOption({ label: "Dana Reyes · Finance Lead" });
  await ticketPage.send("4821", "Code");
  await ticketPage.enter(await demo.code());
  await expect(other.row("4821")).toContainText("Verified");
});
