// The main job, end to end: real server, real carriers' protocols, two sites, one browser.

import { Desk, expect, test, wrong } from "./demo";

test.use({ demoScope: "worker" });

test("a caller is verified by the code that she reads aloud", async ({ desk, demo }) => {
  await desk.open("4711");
  await desk.send("4821", "Code");
  await expect(desk.row("4821")).toContainText("Code delivered");
  await expect(desk.codeField).toBeFocused();
  const code = await demo.code();
  await desk.enter(`${code.slice(0, 3)} ${code.slice(3)}`);
  await expect(desk.row("4821")).toContainText(/Verified .+ by you, until/);
  await expect(desk.pod.getByRole("status").first()).toContainText("ending in 4821: verified");
  await expect(desk.page.getByText("Caller verified").first()).toBeVisible();
});

for (const [channel, method, where] of [
  ["4821", "text", "phone"],
  ["@contoso.com", "e-mail", "mailbox"],
] as const) {
  test(`a caller is verified by the link in her ${where}, and the shield turns green by itself`, async ({
    desk,
    demo,
  }) => {
    await desk.open("4711");
    await desk.send(channel, "Link");
    await expect(desk.row(channel)).toContainText(/Link (sent|delivered)/);
    await expect(desk.row(channel)).toContainText(method === "text" ? "We just texted you" : "We just e-mailed you");
    const landing = await desk.endUser(await demo.link());
    await expect(desk.row(channel)).toContainText(/Link (sent|delivered|opened)/);
    await landing.getByRole("button", { name: "Validate" }).click();
    await expect(landing.getByText("Done.")).toBeVisible();
    await expect(desk.row(channel)).toContainText(/Verified .+ by you, until/);
  });
}

test("a wrong code says how many tries are left, keeps the focus, and the last one ends it", async ({ desk, demo }) => {
  await desk.open("4711");
  await desk.send("4821", "Code");
  const guess = wrong(await demo.code());
  for (const words of ["2 tries left", "1 try left"]) {
    await desk.enter(guess);
    await expect(desk.row("4821")).toContainText(words);
    await expect(desk.codeField).toBeFocused();
    expect(
      await desk.codeField.evaluate((f: HTMLInputElement) => f.value.slice(f.selectionStart ?? 0, f.selectionEnd ?? 0)),
    ).toBe(`${guess.slice(0, 3)} ${guess.slice(3)}`);
  }
  await desk.enter(guess);
  await expect(desk.row("4821")).toContainText("Out of tries. Send a new code.");
  await expect(desk.codeField).toBeHidden();
});

test("a new code takes the place of the old one, once its cooldown is over", async ({ desk, demo }) => {
  await desk.open("4711");
  await desk.send("4821", "Code");
  const old = await demo.code();
  await expect(desk.row("4821")).toContainText("Resend in 1:00");
  await demo.forward("1m");
  await desk.row("4821").getByRole("button", { name: "Resend" }).click();
  const fresh = await demo.code(2);
  await expect(desk.row("4821")).toContainText("Resend in 1:00");
  await desk.enter(old === fresh ? wrong(old) : old);
  await expect(desk.row("4821")).toContainText("2 tries left");
  await desk.enter(fresh);
  await expect(desk.row("4821")).toContainText("Verified");
});

test.describe(() => {
  test.use({ demoScope: "test" });

  test("a link that she did not ask for turns the row red, and it stays red", async ({ desk, demo }) => {
    await desk.open("4711");
    await desk.send("4821", "Link");
    await desk.endUser(await demo.link(), "I did not ask for this");
    const row = desk.row("4821");
    await expect(row).toContainText("Dana Reyes says they did not ask for this. Stop and follow your procedure.");
    await expect(row.getByRole("link", { name: "your procedure" })).toHaveAttribute("href", `${demo.desk}/procedure`);
    await demo.forward("1h");
    await expect(row).toContainText("did not ask for this");
    await desk.reload();
    await expect(row).toContainText("did not ask for this");
  });
});

test("a link that nobody opens expires by itself, and turns nothing green afterwards", async ({ desk, demo }) => {
  await desk.open("4711");
  await desk.send("4821", "Link");
  const link = await demo.link();
  await demo.forward("5m");
  await expect(desk.row("4821")).toContainText("Expired unanswered");
  const landing = await desk.endUser(link);
  await expect(landing.getByRole("button", { name: "Validate" })).toBeHidden();
  await expect(desk.row("4821")).toContainText("Expired unanswered");
});

test("green ends by itself while the pod is open", async ({ desk, demo }) => {
  await desk.open("4711");
  await desk.send("4821", "Code");
  await desk.enter(await demo.code());
  await expect(desk.row("4821")).toContainText("Verified");
  await demo.forward("30m");
  await expect(desk.row("4821")).toContainText("Not verified");
  await expect(desk.row("4821").getByRole("button", { name: "code" })).toBeEnabled();
});

test("a cancelled code is worth nothing", async ({ desk, demo }) => {
  await desk.open("4711");
  await desk.send("4821", "Code");
  await demo.arrived();
  await desk.codeField.press("Escape");
  await expect(desk.row("4821")).toContainText("Cancelled · Again in 1:00");
  await expect(desk.row("4821")).toBeFocused();
});

test.describe(() => {
  test.use({ demoScope: "test" });

  test("the history says what happened, behind its arrow", async ({ desk, demo }) => {
    await desk.open("4711");
    await desk.send("4821", "Code");
    await desk.enter(await demo.code());
    await expect(desk.row("4821")).toContainText("Verified");
    const toggle = desk.pod.getByRole("button", { name: /Verification history/ });
    await expect(toggle).toHaveAttribute("aria-expanded", "false");
    await toggle.click();
    await expect(desk.pod.locator(".entry-row")).toHaveText([/SMS code · ••4821\s*Verified.+ · you · #4711/]);
    await desk.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await desk.pod.getByRole("button", { name: "Copy note for the ticket" }).click();
    await expect(desk.pod.getByText("Copied")).toBeAttached();
    await toggle.click();
    await expect(desk.pod.locator(".entry-row")).toHaveCount(0);
  });
});

test.describe(() => {
  test.use({ demoScope: "test" });

  test("where copying is blocked the note is shown, selected", async ({ desk, demo }) => {
    await desk.open("4711");
    await desk.send("4821", "Code");
    await desk.enter(await demo.code());
    await desk.pod.getByRole("button", { name: /Verification history/ }).click();
    await desk.pod.locator("body").evaluate(() => {
      navigator.clipboard.writeText = () => Promise.reject(new Error("blocked"));
    });
    await desk.pod.getByRole("button", { name: "Copy note for the ticket" }).click();
    const text = desk.pod.getByLabel(/Copying is blocked/);
    await expect(text).toHaveValue(/Caller verification: verified/);
    expect(await text.evaluate((f: HTMLTextAreaElement) => f.selectionEnd - f.selectionStart - f.value.length)).toBe(0);
  });
});

test("a landline offers nothing but its reason, and a contact without a mobile number a hint", async ({ desk }) => {
  await desk.open("4709");
  await expect(desk.row("0142")).toContainText("Can’t get texts");
  await expect(desk.row("0142").getByRole("button")).toHaveCount(0);
  await expect(desk.pod.getByText("No mobile number on this contact")).toBeVisible();
  await expect(desk.row("@fabrikam.example").getByRole("button", { name: "link" })).toBeEnabled();
});

test.describe(() => {
  test.use({ demoScope: "test" });

  test("another contact than the ticket's is verified with a note, kept while the technician looks elsewhere", async ({
    desk,
    demo,
  }) => {
    await desk.open("4711");
    const picker = desk.pod.getByRole("combobox");
    await picker.selectOption({ label: "Marcus Lee · Office Manager" });
    const code = desk.row("3107").getByRole("button", { name: "code" });
    await expect(code).toBeDisabled();
    await expect(code).toHaveAccessibleDescription("Add a note first");
    await desk.pod.getByRole("button", { name: "Manager approval" }).click();
    await picker.selectOption({ index: 0 });
    await expect(desk.pod.getByLabel("Why this contact?")).toBeHidden();
    await picker.selectOption({ index: 1 });
    await expect(desk.pod.getByLabel("Why this contact?")).toHaveValue("Manager approval");
    await code.click();
    await desk.enter(await demo.code());
    await expect(desk.row("3107")).toContainText("Verified");
    await desk.pod.getByRole("button", { name: /Verification history/ }).click();
    await expect(desk.pod.locator(".entry-row")).toContainText("Manager approval");
  });
});

test("a carrier that does not answer is said so, and the message goes out when it does", async ({ desk, demo }) => {
  await demo.misbehave("vonage", "5xx", 1);
  await desk.open("4711");
  await desk.send("4821", "Code");
  await expect(desk.row("4821")).toContainText("Texting isn’t answering. We keep trying until");
  await demo.forward("30s");
  await desk.enter(await demo.code());
  await expect(desk.row("4821")).toContainText("Verified");
});

test.describe(() => {
  test.use({ demoScope: "test" });

  test("a number that the carrier refuses says what to do next", async ({ desk, demo }) => {
    await demo.misbehave("vonage", "refuse", 1);
    await desk.open("4711");
    await desk.send("4821", "Code");
    await expect(desk.row("4821")).toContainText("Try e-mail.");
  });
});

test("the whole of it by keyboard alone", async ({ desk, demo }) => {
  await desk.open("4711");
  const { page } = desk;
  const focused = () => page.frames()[1]?.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? "");
  await desk.pod.getByRole("combobox").focus();
  await page.keyboard.press("Tab");
  expect(await focused()).toBe("Send a code by text to Mobile ending in 4821");
  await page.keyboard.press("Enter");
  await expect(desk.codeField).toBeFocused();
  const code = await demo.code();
  await page.keyboard.type(wrong(code));
  await page.keyboard.press("Enter");
  await expect(desk.row("4821").getByRole("alert")).toContainText("2 tries left"); // the event may say so before the answer
  await page.keyboard.type(code); // over the wrong one: its text is selected
  await page.keyboard.press("Enter");
  await expect(desk.row("4821")).toContainText("Verified");
  await page.keyboard.press("Tab");
  expect(await focused()).toBe("Send a link by e-mail to Work d…@contoso.com");
  await page.keyboard.press("Space");
  await expect(desk.row("@contoso.com")).toContainText("We just e-mailed you");
  await expect(desk.row("@contoso.com")).toBeFocused();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Escape");
  await expect(desk.row("@contoso.com")).toContainText("Cancelled");
});

test("two pods on the same contact show the same, whoever acts", async ({ desk, demo }) => {
  await desk.open("4711");
  const other = new Desk(await desk.page.context().newPage(), demo);
  await other.open("4712");
  await other.pod.getByRole("combobox").selectOption({ label: "Dana Reyes · Finance Lead" });
  await desk.send("4821", "Code");
  await desk.enter(await demo.code());
  await expect(other.row("4821")).toContainText("Verified");
});
