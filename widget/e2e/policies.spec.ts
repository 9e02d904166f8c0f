// An admin edits the policy while a pod is open: each field, and the pod follows without being reloaded.
// The titles begin with the field's name in docs/policies.md.

import { expect, test, wrong } from "./demo";

const contoso = { id: "contoso", name: "Contoso" };

test("methods: what the client's policy forbids is shown disabled, with who decided it", async ({ desk, demo }) => {
  await desk.open("4711");
  const still = await desk.unbroken();
  await expect(desk.row("4821").getByRole("button", { name: "code" })).toBeEnabled();
  await demo.policy({ methods: ["email_link"] }, contoso);
  await expect(desk.row("4821")).toContainText("Not allowed for this client");
  await expect(desk.row("4821").getByRole("button", { name: "code" })).toHaveCount(0);
  await expect(desk.row("4821")).toContainText(/Set by Contoso's policy, version 1, by .+ on \d+ \w+ \d+/);
  await demo.policy({ methods: ["email_link", "sms_code"] }, contoso);
  await expect(desk.row("4821").getByRole("button", { name: "code" })).toBeEnabled();
  await still();
});

test("override_note and note_presets: the note's rule and its presets change under the technician's hands", async ({
  desk,
  demo,
}) => {
  await desk.open("4711");
  await desk.pod.getByLabel("Contact to verify").selectOption({ label: "Marcus Lee · Office Manager" });
  const note = desk.pod.getByLabel("Why this contact?");
  await expect(desk.row("3107").getByRole("button", { name: "code" })).toBeDisabled();
  await demo.policy({ note_presets: ["Director on the line"] });
  await desk.pod.getByRole("button", { name: "Director on the line" }).click();
  await expect(note).toHaveValue("Director on the line");
  await demo.policy({ override_note: "optional" });
  await note.fill("");
  await expect(desk.row("3107").getByRole("button", { name: "code" })).toBeEnabled();
  await demo.policy({ override_note: "off" });
  await expect(note).toBeHidden();
  await demo.policy({ override_note: "required" });
  await expect(desk.row("3107").getByRole("button", { name: "code" })).toBeDisabled();
});

test("banner: it appears, changes and goes, its links are safe, and it keeps its hours", async ({ desk, demo }) => {
  await desk.open("4711");
  const text = "VIP client. Read https://wiki.acme.example/vip before any reset. javascript:alert(1)";
  await demo.policy({ banner: { text, tone: "critical" } }, contoso);
  const banner = desk.pod.locator(".banner");
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

test("show_on_load: open the first time, one line afterwards and where it is off", async ({ desk, demo }) => {
  await desk.open("4711");
  await demo.policy({ show_on_load: false });
  await expect(desk.pod.getByRole("button", { name: "Verify caller" })).toBeVisible();
  await demo.policy({ show_on_load: true });
  await expect(desk.pod.locator(".rows")).toBeVisible();
  await desk.page.reload();
  await expect(desk.pod.getByRole("button", { name: "Verify caller" })).toBeVisible();
  await desk.pod.getByRole("button", { name: "Verify caller" }).click();
  await expect(desk.pod.locator(".rows")).toBeVisible();
});

test("code_length, code_validity_seconds and tries_per_code: the next code goes by the new rules", async ({
  desk,
  demo,
}) => {
  await desk.open("4711");
  await demo.policy({ code_length: 8, code_validity_seconds: 60, tries_per_code: 2 });
  await expect.poll(async () => (await desk.pod.locator(".rows").count()) > 0).toBe(true);
  await desk.send("4821", "Code");
  const code = await demo.code();
  expect(code).toHaveLength(8);
  await expect(desk.row("4821")).toContainText("Read me the eight digits");
  await expect(desk.row("4821")).toContainText(/· (1:00|0:5\d)/);
  await desk.enter(String((Number(code) + 1) % 100_000_000).padStart(8, "0"));
  await expect(desk.row("4821")).toContainText("1 try left");
});

test("link_validity_seconds: the next link counts down from the new time", async ({ desk, demo }) => {
  await desk.open("4711");
  await demo.policy({ link_validity_seconds: 120 });
  await desk.send("4821", "Link");
  await expect(desk.row("4821")).toContainText(/· (2:00|1:5\d)/);
});

test("resend_cooldown_seconds: the next message may follow after the new time", async ({ desk, demo }) => {
  await desk.open("4711");
  await demo.policy({ resend_cooldown_seconds: 200 });
  await desk.send("4821", "Code");
  await expect(desk.row("4821")).toContainText(/Resend in 3:\d\d/);
});

test("failures_before_lock: a locked contact says so and who can clear it, and an admin clears it", async ({
  desk,
  demo,
}) => {
  await desk.open("4711");
  await demo.policy({ failures_before_lock: 3 });
  await desk.send("4821", "Code");
  const guess = wrong(await demo.code());
  for (const words of ["2 tries left", "1 try left"]) {
    await desk.enter(guess);
    await expect(desk.row("4821")).toContainText(words);
  }
  await desk.enter(guess);
  await expect(desk.pod.getByText(/Locked after 3 wrong codes in a row/)).toBeVisible();
  await expect(desk.pod.getByText(/an admin of Acme IT/)).toBeVisible();
  await expect(desk.row("4821")).toContainText("Too many wrong codes");
  await demo.unlock("dana-reyes");
  await expect(desk.pod.getByText(/Locked after/)).toBeHidden();
});

test("verified_for_seconds: a green shield is shortened, and ends at once when its time is over", async ({
  desk,
  demo,
}) => {
  await desk.open("4711");
  await desk.send("4821", "Code");
  await desk.enter(await demo.code());
  await expect(desk.row("4821")).toContainText("Verified");
  await demo.forward("2m");
  await expect(desk.row("4821")).toContainText("Verified");
  await demo.policy({ verified_for_seconds: 60 });
  await expect(desk.row("4821")).toContainText("Not verified");
  await demo.policy({ verified_for_seconds: 600 });
  await expect(desk.row("4821")).toContainText("Verified");
  await demo.policy({ verified_for_seconds: 86_400 });
  await demo.forward("29m");
  await expect(desk.row("4821")).toContainText("Not verified");
});

test("verified_scope: a green of another ticket counts no longer", async ({ desk, demo }) => {
  await desk.open("4711");
  await desk.send("4821", "Code");
  await desk.enter(await demo.code());
  await expect(desk.row("4821")).toContainText("Verified");
  await desk.open("4712");
  await desk.pod.getByLabel("Contact to verify").selectOption({ label: "Dana Reyes · Finance Lead" });
  await expect(desk.row("4821")).toContainText("Verified");
  await demo.policy({ verified_scope: "ticket" });
  await expect(desk.row("4821")).toContainText("Not verified");
  await demo.policy({ verified_scope: "contact" });
  await expect(desk.row("4821")).toContainText("Verified");
});

test("history_entries: the list is as long as the policy says", async ({ desk, demo }) => {
  await desk.open("4711");
  for (const [i, ending] of ["4821", "@contoso.com"].entries()) {
    await desk.send(ending, "Link");
    await demo.arrived(i + 1);
  }
  const count = desk.pod.locator(".history .count, .history summary, .history button").first();
  await expect(count).toContainText("2");
  await demo.policy({ history_entries: 1 });
  await expect(count).toContainText("1");
});

test("number_matching: the pod shows two digits, and only they turn the shield green", async ({ desk, demo }) => {
  await desk.open("4711");
  await demo.policy({ number_matching: true });
  await desk.send("4821", "Link");
  const said = desk.row("4821").locator(".match");
  await expect(said).toHaveText(/^\d\d$/);
  const number = (await said.textContent()) ?? "";
  const landing = await desk.endUser(await demo.link());
  const numbers = landing.getByRole("radio");
  await expect(numbers).toHaveCount(9);
  await landing.getByRole("radio", { name: number }).check();
  await landing.getByRole("button", { name: "Validate" }).click();
  await expect(desk.row("4821")).toContainText(/Verified .+ by you/);
});

test("number_matching: a wrong number ends the link", async ({ desk, demo }) => {
  await demo.policy({ number_matching: true });
  await desk.open("4711");
  await desk.send("4821", "Link");
  const number = await desk.row("4821").locator(".match").textContent();
  const landing = await desk.endUser(await demo.link());
  const all = await landing.getByRole("radio").evaluateAll((list) => list.map((r) => (r as HTMLInputElement).value));
  await landing.getByRole("radio", { name: all.find((n) => n !== number) }).check();
  await landing.getByRole("button", { name: "Validate" }).click();
  await expect(desk.row("4821")).toContainText("A wrong number was picked");
});

test("row 12: a browser that clicks all there is turns nothing green", async ({ desk, demo }) => {
  await demo.policy({ number_matching: true });
  await desk.open("4711");
  await desk.send("4821", "Link");
  const link = await demo.link();
  const scanner = await desk.page.context().newPage();
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
  await expect(desk.row("4821")).toContainText(/wrong number|did not ask for this/);
  await expect(desk.row("4821")).not.toContainText(/Verified \d/);
});

test("ticket_note: the text for the ticket is offered, or not", async ({ desk, demo }) => {
  await desk.open("4711");
  await desk.send("4821", "Code");
  await desk.enter(await demo.code());
  await expect(desk.row("4821")).toContainText("Verified");
  await desk.pod.getByRole("button", { name: /Verification history/ }).click();
  const copy = desk.pod.getByRole("button", { name: /Copy note/ });
  await expect(copy).toBeVisible();
  await demo.policy({ ticket_note: false });
  await expect(copy).toBeHidden();
});

test("before_save: an unverified caller is a warning, or stops the save with who wants it so", async ({
  manage,
  demo,
}) => {
  await manage.open("61187");
  const still = await manage.unbroken();
  await demo.policy({ before_save: "block" });
  await expect
    .poll(async () => {
      await manage.save();
      return manage.state.textContent();
    })
    .toBe("Not saved");
  await expect(manage.refusal).toContainText("Verify the caller before you save");
  await expect(manage.refusal).toContainText(/Set by Acme IT's default policy, version \d+, by .+/);
  await demo.policy({ before_save: "warn" });
  await expect
    .poll(async () => {
      await manage.save();
      return manage.state.textContent();
    })
    .toMatch(/^Saved/);
  await expect(manage.pod.getByText("Saved, but the caller is not verified.")).toBeVisible();
  await still();
});

test("language: the message and the page speak as the policy says by then", async ({ desk, demo }) => {
  await desk.open("4711");
  await desk.send("4821", "Link");
  expect((await demo.arrived(1)).text).toContain("did you call us?");
  await demo.policy({ language: "de" });
  await desk.send("@contoso.com", "Link");
  const landing = await desk.endUser(await demo.link(2));
  await expect(landing.getByRole("button", { name: "Bestätigen" })).toBeVisible();

  await desk.page.reload(); // what is said to technicians changes when a pod is opened
  await expect(desk.row("@contoso.com")).toContainText("Link geöffnet");
  await expect(desk.row("@contoso.com")).toContainText("Öffnen Sie ihn und drücken Sie auf Bestätigen.");
  await expect(desk.row("0199")).toContainText("Empfängt keine SMS");
  await expect(desk.pod.locator("html")).toHaveAttribute("lang", "de");
});

test("time_zone: messages, pages and the text for the ticket give times in the zone that is set", async ({
  desk,
  demo,
}) => {
  await demo.policy({ time_zone: "Europe/Istanbul" });
  await demo.policy({ time_zone: "Asia/Kathmandu" }, contoso);
  await desk.open("4711");
  await desk.send("@contoso.com", "Link");
  const message = await demo.arrived();
  expect(message.text).toMatch(/until \d\d:\d\d GMT\+5:45/);
  const landing = await desk.endUser(await demo.link());
  await expect(landing.locator("time")).toHaveText(/^\d\d:\d\d GMT\+5:45$/);
  await landing.getByRole("button", { name: "Validate" }).click();
  await expect(desk.row("@contoso.com")).toContainText("Verified");
  await desk.pod.getByRole("button", { name: /Verification history/ }).click();
  await desk.pod.locator("body").evaluate(() => {
    navigator.clipboard.writeText = () => Promise.reject(new Error("blocked"));
  });
  await desk.pod.getByRole("button", { name: "Copy note for the ticket" }).click();
  await expect(desk.pod.getByLabel(/Copying is blocked/)).toHaveValue(/Requested: \d+ \w+ \d{4}, \d\d:\d\d GMT\+5:45/);
});

test("sms_countries: texts to a country that is not allowed are refused, with the reason", async ({ desk, demo }) => {
  await desk.open("4711");
  await demo.policy({ sms_countries: ["GB"] });
  await expect(desk.row("4821")).toContainText(/country/i);
  await expect(desk.row("4821").getByRole("button", { name: "code" })).toHaveCount(0);
  await demo.policy({ sms_countries: ["GB", "US"] });
  await expect(desk.row("4821").getByRole("button", { name: "code" })).toBeEnabled();
});

test("sms_voip and sms_countries: numbers without a SIM, and of another country, by policy", async ({ desk, demo }) => {
  await desk.open("4695");
  await expect(desk.row("3456")).toContainText(/country/i);
  await demo.policy({ sms_countries: ["GB", "US"] });
  await expect(desk.row("3456").getByRole("button", { name: "code" })).toBeEnabled();
  await expect(desk.row("5678").getByRole("button", { name: "code" })).toHaveCount(0);
  await demo.policy({ sms_voip: true });
  await expect(desk.row("5678").getByRole("button", { name: "code" })).toBeEnabled();
});

test("changed_channels and changed_channel_days: a number that was changed lately is marked, or refused", async ({
  desk,
  demo,
}) => {
  await desk.open("4695");
  await expect(desk.row("9007")).toContainText(/Changed 2 days ago/);
  await expect(desk.row("9007").getByRole("button", { name: "code" })).toBeEnabled();
  await demo.policy({ changed_channels: "refuse" });
  await expect(desk.row("9007").getByRole("button", { name: "code" })).toHaveCount(0);
  await demo.policy({ changed_channel_days: 1 });
  await expect(desk.row("9007")).not.toContainText(/Changed/);
  await expect(desk.row("9007").getByRole("button", { name: "code" })).toBeEnabled();
});

test("row 10: nobody verifies themselves", async ({ desk }) => {
  await desk.open("4692");
  await expect(desk.row("0177").getByRole("button", { name: "code" })).toHaveCount(0);
  await expect(desk.row("0177")).toContainText(/you/i);
});
