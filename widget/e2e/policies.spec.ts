// An admin edits each policy field while a pod is open, and the pod follows without a reload. The titles begin with the
// field names in docs/policies.md.

import { expect, test, wrongCode } from "./demo";

const contoso = { id: "contoso", name: "Contoso" };

test("methods: a method that the client's policy forbids is disabled, with the decision's author", async ({
  ticketPage,
  demo,
}) => {
  await ticketPage.open("4711");
  const still = await ticketPage.expectNoReload();
  await expect(ticketPage.row("4821").getByRole("button", { name: "code" })).toBeEnabled();
  await demo.policy({ methods: ["email_link"] }, contoso);
  await expect(ticketPage.row("4821")).toContainText("Not allowed for this client");
  await expect(ticketPage.row("4821").getByRole("button", { name: "code" })).toHaveCount(0);
  await expect(ticketPage.row("4821")).toContainText(/Set by Contoso's policy, version 1, by .+ on \d+ \w+ \d+/);
  await demo.policy({ methods: ["email_link", "sms_code"] }, contoso);
  await expect(ticketPage.row("4821").getByRole("button", { name: "code" })).toBeEnabled();
  await still();
});

test("override_note and note_presets: the note's rule and its presets change while the technician works", async ({
  ticketPage,
  demo,
}) => {
  await ticketPage.open("4711");
  await ticketPage.pod.getByLabel("Contact to verify").selectOption({ label: "Marcus Lee · Office Manager" });
  const note = ticketPage.pod.getByLabel("Why this contact?");
  await expect(ticketPage.row("3107").getByRole("button", { name: "code" })).toBeDisabled();
  await demo.policy({ note_presets: ["Director on the line"] });
  await ticketPage.pod.getByRole("button", { name: "Director on the line" }).click();
  await expect(note).toHaveValue("Director on the line");
  await demo.policy({ override_note: "optional" });
  await note.fill("");
  await expect(ticketPage.row("3107").getByRole("button", { name: "code" })).toBeEnabled();
  await demo.policy({ override_note: "off" });
  await expect(note).toBeHidden();
  await demo.policy({ override_note: "required" });
  await expect(ticketPage.row("3107").getByRole("button", { name: "code" })).toBeDisabled();
});

test("banner: it appears, changes and disappears, its links are safe, and it keeps its times", async ({
  ticketPage,
  demo,
}) => {
  await ticketPage.open("4711");
  const text = "VIP client. Read https://wiki.acme.example/vip before any reset. javascript:alert(1)";
  await demo.policy({ banner: { text, tone: "critical" } }, contoso);
  const banner = ticketPage.pod.locator(".banner");
  await expect(banner).toContainText("VIP client.");
  await expect(banner.getByRole("link")).toHaveCount(1);
  await expect(banner.getByRole("link")).toHaveAttribute("href", "https://wiki.acme.example/vip");
  await expect(banner.getByRole("link")).toHaveAttribute("rel", /noopener/);
  const until = new Date((await demo.now()).getTime() + 10 * 60_000).toISOString();
  await demo.policy({ banner: { text: "Change freeze until noon.", tone: "warning", until } }, contoso);
  await expect(banner).toContainText("Change freeze");
  await demo.forward("11m");
  await expect(banner).toBeHidden();
  await demo.policy({ banner: { text: "" } }, contoso);
  await expect(banner).toBeHidden();
});

test("show_on_load: expanded the first time, a summary line afterwards and where it is off", async ({
  ticketPage,
  demo,
}) => {
  await ticketPage.open("4711");
  await demo.policy({ show_on_load: false });
  await expect(ticketPage.pod.getByRole("button", { name: "Verify caller" })).toBeVisible();
  await demo.policy({ show_on_load: true });
  await expect(ticketPage.pod.locator(".rows")).toBeVisible();
  await ticketPage.page.reload();
  await expect(ticketPage.pod.getByRole("button", { name: "Verify caller" })).toBeVisible();
  await ticketPage.pod.getByRole("button", { name: "Verify caller" }).click();
  await expect(ticketPage.pod.locator(".rows")).toBeVisible();
});

test("code_length, code_validity_seconds and tries_per_code: the next code follows the new rules", async ({
  ticketPage,
  demo,
}) => {
  await ticketPage.open("4711");
  await demo.policy({ code_length: 8, code_validity_seconds: 60, tries_per_code: 2 });
  await expect.poll(async () => (await ticketPage.pod.locator(".rows").count()) > 0).toBe(true);
  await ticketPage.send("4821", "Code");
  const code = await demo.code();
  expect(code).toHaveLength(8);
  await expect(ticketPage.row("4821")).toContainText("Read me the eight digits");
  await expect(ticketPage.row("4821")).toContainText(/· (1:00|0:5\d)/);
  await ticketPage.enter(String((Number(code) + 1) % 100_000_000).padStart(8, "0"));
  await expect(ticketPage.row("4821")).toContainText("1 try left");
});

test("link_validity_seconds: the next link counts down from the new time", async ({ ticketPage, demo }) => {
  await ticketPage.open("4711");
  await demo.policy({ link_validity_seconds: 120 });
  await ticketPage.send("4821", "Link");
  await expect(ticketPage.row("4821")).toContainText(/· (2:00|1:5\d)/);
});

test("resend_cooldown_seconds: the next message may follow after the new time", async ({ ticketPage, demo }) => {
  await ticketPage.open("4711");
  await demo.policy({ resend_cooldown_seconds: 200 });
  await ticketPage.send("4821", "Code");
  await expect(ticketPage.row("4821")).toContainText(/Resend in 3:\d\d/);
});

test("failures_before_lock: the pod shows the lock and who can clear it, and an admin clears it", async ({
  ticketPage,
  demo,
}) => {
  await ticketPage.open("4711");
  await demo.policy({ failures_before_lock: 3 });
  await ticketPage.send("4821", "Code");
  const guess = wrongCode(await demo.code());
  for (const words of ["2 tries left", "1 try left"]) {
    await ticketPage.enter(guess);
    await expect(ticketPage.row("4821")).toContainText(words);
  }
  await ticketPage.enter(guess);
  await expect(ticketPage.pod.getByText(/Locked after 3 wrong codes in a row/)).toBeVisible();
  await expect(ticketPage.pod.getByText(/an admin of Acme IT/)).toBeVisible();
  await expect(ticketPage.row("4821")).toContainText("Too many wrong codes");
  await demo.unlock("dana-reyes");
  await expect(ticketPage.pod.getByText(/Locked after/)).toBeHidden();
});

test("verified_for_seconds: a green shield is shortened, and ends at once when its time is over", async ({
  ticketPage,
  demo,
}) => {
  await ticketPage.open("4711");
  await ticketPage.send("4821", "Code");
  await ticketPage.enter(await demo.code());
  await expect(ticketPage.row("4821")).toContainText("Verified");
  await demo.forward("2m");
  await expect(ticketPage.row("4821")).toContainText("Verified");
  await demo.policy({ verified_for_seconds: 60 });
  await expect(ticketPage.row("4821")).toContainText("Not verified");
  await demo.policy({ verified_for_seconds: 600 });
  await expect(ticketPage.row("4821")).toContainText("Verified");
  await demo.policy({ verified_for_seconds: 86_400 });
  await demo.forward("29m");
  await expect(ticketPage.row("4821")).toContainText("Not verified");
});

test("verified_scope: a verification on another ticket does not count any longer", async ({ ticketPage, demo }) => {
  await ticketPage.open("4711");
  await ticketPage.send("4821", "Code");
  await ticketPage.enter(await demo.code());
  await expect(ticketPage.row("4821")).toContainText("Verified");
  await ticketPage.open("4712");
  await ticketPage.pod.getByLabel("Contact to verify").selectOption({ label: "Dana Reyes · Finance Lead" });
  await expect(ticketPage.row("4821")).toContainText("Verified");
  await demo.policy({ verified_scope: "ticket" });
  await expect(ticketPage.row("4821")).toContainText("Not verified");
  await demo.policy({ verified_scope: "contact" });
  await expect(ticketPage.row("4821")).toContainText("Verified");
});

test("history_entries: the list is as long as the policy says", async ({ ticketPage, demo }) => {
  await ticketPage.open("4711");
  for (const [i, ending] of ["4821", "@contoso.com"].entries()) {
    await ticketPage.send(ending, "Link");
    await demo.arrived(i + 1);
  }
  const count = ticketPage.pod.locator(".history .count, .history summary, .history button").first();
  await expect(count).toContainText("2");
  await demo.policy({ history_entries: 1 });
  await expect(count).toContainText("1");
});

test("number_matching: the pod shows two digits, and only they turn the shield green", async ({ ticketPage, demo }) => {
  await ticketPage.open("4711");
  await demo.policy({ number_matching: true });
  await ticketPage.send("4821", "Link");
  const said = ticketPage.row("4821").locator(".match");
  await expect(said).toHaveText(/^\d\d$/);
  const number = (await said.textContent()) ?? "";
  const landing = await ticketPage.endUser(await demo.link());
  const numbers = landing.getByRole("radio");
  await expect(numbers).toHaveCount(9);
  await landing.getByRole("radio", { name: number }).check();
  await landing.getByRole("button", { name: "Validate" }).click();
  await expect(ticketPage.row("4821")).toContainText(/Verified .+ by you/);
});

test("number_matching: a wrong number ends the link", async ({ ticketPage, demo }) => {
  await demo.policy({ number_matching: true });
  await ticketPage.open("4711");
  await ticketPage.send("4821", "Link");
  const number = await ticketPage.row("4821").locator(".match").textContent();
  const landing = await ticketPage.endUser(await demo.link());
  const all = await landing.getByRole("radio").evaluateAll((list) => list.map((r) => (r as HTMLInputElement).value));
  await landing.getByRole("radio", { name: all.find((n) => n !== number) }).check();
  await landing.getByRole("button", { name: "Validate" }).click();
  await expect(ticketPage.row("4821")).toContainText("A wrong number was picked");
});

test("row 12: a browser that clicks everything verifies nothing", async ({ ticketPage, demo }) => {
  await demo.policy({ number_matching: true });
  await ticketPage.open("4711");
  await ticketPage.send("4821", "Link");
  const link = await demo.link();
  const scanner = await ticketPage.page.context().newPage();
  await scanner.goto(link);
  const validate = scanner.getByRole("button", { name: "Validate" });
  const controls = await scanner.locator("label, button, a").count();
  for (let i = 0; i < controls; i++) {
    const control = scanner.locator("label, button, a").nth(i);
    if (!(await control.isVisible())) continue;
    const stays = (await control.evaluate((e) => e.tagName)) === "LABEL";
    const moved = stays || scanner.waitForEvent("framenavigated");
    await control.click();
    await moved;
    if (await validate.isVisible()) {
      await validate.click();
      await expect(validate).toBeHidden();
    }
  }
  await expect(ticketPage.row("4821")).toContainText(/wrong number|did not ask for this/);
  await expect(ticketPage.row("4821")).not.toContainText(/Verified \d/);
});

test("ticket_note: the text for the ticket is offered, or not", async ({ ticketPage, demo }) => {
  await ticketPage.open("4711");
  await ticketPage.send("4821", "Code");
  await ticketPage.enter(await demo.code());
  await expect(ticketPage.row("4821")).toContainText("Verified");
  await ticketPage.pod.getByRole("button", { name: /Verification history/ }).click();
  const copy = ticketPage.pod.getByRole("button", { name: /Copy note/ });
  await expect(copy).toBeVisible();
  await demo.policy({ ticket_note: false });
  await expect(copy).toBeHidden();
});

test("before_save: an unverified caller causes a warning, or stops the save with the decision's author", async ({
  connectwise,
  demo,
}) => {
  await connectwise.open("61187");
  const still = await connectwise.expectNoReload();
  await demo.policy({ before_save: "block" });
  await expect
    .poll(async () => {
      await connectwise.save();
      return connectwise.state.textContent();
    })
    .toBe("Not saved");
  await expect(connectwise.refusal).toContainText("Verify the caller before you save");
  await expect(connectwise.refusal).toContainText(/Set by Acme IT's default policy, version \d+, by .+/);
  await demo.policy({ before_save: "warn" });
  await expect
    .poll(async () => {
      await connectwise.save();
      return connectwise.state.textContent();
    })
    .toMatch(/^Saved/);
  await expect(connectwise.pod.getByText("Saved, but the caller is not verified.")).toBeVisible();
  await still();
});

test("language: the message and the page are in the policy's current language", async ({ ticketPage, demo }) => {
  await ticketPage.open("4711");
  await ticketPage.send("4821", "Link");
  expect((await demo.arrived(1)).text).toContain("did you call us?");
  await demo.policy({ language: "de" });
  await ticketPage.send("@contoso.com", "Link");
  const landing = await ticketPage.endUser(await demo.link(2));
  await expect(landing.getByRole("button", { name: "Bestätigen" })).toBeVisible();

  await ticketPage.page.reload(); // what is said to technicians changes when a pod is opened
  await expect(ticketPage.row("@contoso.com")).toContainText("Link geöffnet");
  await expect(ticketPage.row("@contoso.com")).toContainText("Öffnen Sie ihn und drücken Sie auf Bestätigen.");
  await expect(ticketPage.row("0199")).toContainText("Empfängt keine SMS");
  await expect(ticketPage.pod.locator("html")).toHaveAttribute("lang", "de");
});

test("time_zone: messages, pages and the text for the ticket give times in the zone that is set", async ({
  ticketPage,
  demo,
}) => {
  await demo.policy({ time_zone: "Europe/Istanbul" });
  await demo.policy({ time_zone: "Asia/Kathmandu" }, contoso);
  await ticketPage.open("4711");
  await ticketPage.send("@contoso.com", "Link");
  const message = await demo.arrived();
  expect(message.text).toMatch(/until \d\d:\d\d GMT\+5:45/);
  const landing = await ticketPage.endUser(await demo.link());
  await expect(landing.locator("time")).toHaveText(/^\d\d:\d\d GMT\+5:45$/);
  await landing.getByRole("button", { name: "Validate" }).click();
  await expect(ticketPage.row("@contoso.com")).toContainText("Verified");
  await ticketPage.pod.getByRole("button", { name: /Verification history/ }).click();
  await ticketPage.pod.locator("body").evaluate(() => {
    navigator.clipboard.writeText = () => Promise.reject(new Error("blocked"));
  });
  await ticketPage.pod.getByRole("button", { name: "Copy note for the ticket" }).click();
  await expect(ticketPage.pod.getByLabel(/Copying is blocked/)).toHaveValue(
    /Requested: \d+ \w+ \d{4}, \d\d:\d\d GMT\+5:45/,
  );
});

test("sms_countries: texts to a country that is not allowed are refused, with the reason", async ({
  ticketPage,
  demo,
}) => {
  await ticketPage.open("4711");
  await demo.policy({ sms_countries: ["GB"] });
  await expect(ticketPage.row("4821")).toContainText(/country/i);
  await expect(ticketPage.row("4821").getByRole("button", { name: "code" })).toHaveCount(0);
  await demo.policy({ sms_countries: ["GB", "US"] });
  await expect(ticketPage.row("4821").getByRole("button", { name: "code" })).toBeEnabled();
});

test("sms_voip and sms_countries: numbers without a SIM, and of another country, by policy", async ({
  ticketPage,
  demo,
}) => {
  await ticketPage.open("4695");
  await expect(ticketPage.row("3456")).toContainText(/country/i);
  await demo.policy({ sms_countries: ["GB", "US"] });
  await expect(ticketPage.row("3456").getByRole("button", { name: "code" })).toBeEnabled();
  await expect(ticketPage.row("5678").getByRole("button", { name: "code" })).toHaveCount(0);
  await demo.policy({ sms_voip: true });
  await expect(ticketPage.row("5678").getByRole("button", { name: "code" })).toBeEnabled();
});

test("changed_channels and changed_channel_days: a number that was changed lately is marked, or refused", async ({
  ticketPage,
  demo,
}) => {
  await ticketPage.open("4695");
  await expect(ticketPage.row("9007")).toContainText(/Changed 2 days ago/);
  await expect(ticketPage.row("9007").getByRole("button", { name: "code" })).toBeEnabled();
  await demo.policy({ changed_channels: "refuse" });
  await expect(ticketPage.row("9007").getByRole("button", { name: "code" })).toHaveCount(0);
  await demo.policy({ changed_channel_days: 1 });
  await expect(ticketPage.row("9007")).not.toContainText(/Changed/);
  await expect(ticketPage.row("9007").getByRole("button", { name: "code" })).toBeEnabled();
});

test("row 10: technicians cannot verify themselves", async ({ ticketPage }) => {
  await ticketPage.open("4692");
  await expect(ticketPage.row("0177").getByRole("button", { name: "code" })).toHaveCount(0);
  await expect(ticketPage.row("0177")).toContainText(/you/i);
});
