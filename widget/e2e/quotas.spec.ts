// An admin edits the quotas while a pod is open: each of them, and the pod follows without being reloaded.
// The titles begin with the fields' names in docs/policies.md.

import { type Desk, expect, type PolicyFields, test } from "./demo";

/** Tries to text Marcus, who is not the ticket's contact. */
const textMarcus = async (desk: Desk) => {
  await desk.pod.getByLabel("Contact to verify").selectOption({ label: "Marcus Lee · Office Manager" });
  await desk.pod.getByLabel("Why this contact?").fill("Manager approval");
  await desk.send("3107", "Code");
};

test("quota_technician_minute: close to the limit the pod says so, at the limit it says when it frees", async ({
  desk,
  demo,
}) => {
  await desk.open("4711");
  await demo.policy({ quota_technician_minute: 2 });
  await desk.send("4821", "Code");
  await demo.arrived(1);
  await desk.send("@contoso.com", "Link");
  await expect(desk.row("@contoso.com")).toContainText(/2 of 2 messages/);
  await demo.arrived(2);
  await desk.pod.getByLabel("Contact to verify").selectOption({ label: "Marcus Lee · Office Manager" });
  await desk.pod.getByLabel("Why this contact?").fill("Manager approval");
  await desk.send("3107", "Code");
  await expect(desk.row("3107")).toContainText(/one technician may send in a minute. It frees in \d+ seconds/);
  expect(await demo.messages()).toHaveLength(2);
});

const quotas: [keyof PolicyFields, number, RegExp][] = [
  ["quota_tenant_minute", 1, /your company may send in a minute is sent\. It frees in \d+ seconds/],
  ["quota_technician_hour", 1, /one technician may send in an hour\. It frees in \d+ minutes/],
  ["quota_client_hour", 1, /this client may be sent in an hour is sent/],
  ["quota_country_hour", 1, /Too many texts went to this number's country/],
  ["quota_prefix_hour", 1, /Too many texts went to numbers like this one/],
  ["quota_tenant_day", 1, /your company may send in a day is sent\. Tell your admin\. It frees in \d+ hours/],
  ["quota_tenant_spend_day", 60, /money for texts is spent for the day/],
];

for (const [field, limit, words] of quotas) {
  test(`${field}: what is used up says so, and an edit frees it`, async ({ desk, demo }) => {
    await desk.open("4711");
    const still = await desk.unbroken();
    await desk.send("4821", "Code");
    await demo.arrived(1);
    await demo.policy({ [field]: limit });
    await textMarcus(desk);
    await expect(desk.row("3107")).toContainText(words);
    expect(await demo.messages()).toHaveLength(1);
    await demo.policy({ [field]: 1000 });
    await desk.send("3107", "Code");
    await demo.arrived(2);
    await still();
  });
}

test("sms_prices: what a text costs decides whether it still goes out", async ({ desk, demo }) => {
  await desk.open("4711");
  await demo.policy({ quota_tenant_spend_day: 100 });
  await desk.send("4821", "Code");
  await demo.arrived(1);
  await demo.policy({ sms_prices: { "*": 0, US: 51 } });
  await textMarcus(desk);
  await expect(desk.row("3107")).toContainText(/money for texts is spent for the day/);
  await demo.policy({ sms_prices: { "*": 51, US: 0 } });
  await desk.send("3107", "Code");
  await demo.arrived(2);
});

test("quota_destination_day: whoever asks, nobody gets more in a day", async ({ desk, demo }) => {
  await desk.open("4711");
  await demo.policy({ resend_cooldown_seconds: 10, quota_destination_day: 2 });
  for (const nth of [1, 2]) {
    await desk.send("4821", "Link");
    await demo.arrived(nth);
    await demo.forward("6m");
  }
  await desk.send("4821", "Link");
  await expect(desk.row("4821")).toContainText(/all the messages that it may get in a day\. It frees in 24 hours/);
  await demo.policy({ quota_destination_day: 3 });
  await desk.send("4821", "Link");
  await demo.arrived(3);
});

test("pumping_sample, pumping_floor_percent and pumping_pause_seconds: texts of which none come back pause", async ({
  desk,
  demo,
}) => {
  await desk.open("4706");
  const still = await desk.unbroken();
  await demo.policy({ code_validity_seconds: 60, pumping_sample: 10, pumping_floor_percent: 50 });
  let sent = 0;
  const text = async (ending: string) => {
    await desk.send(ending, "Code");
    await demo.arrived(++sent);
  };
  const paused = async (ending: string) => {
    await desk.send(ending, "Code");
    await expect(desk.row(ending)).toContainText(/Texts to numbers like this one are paused/);
  };
  for (const round of [1, 2, 3]) {
    await test.step(`three texts that nobody answers, round ${round}`, async () => {
      for (const ending of ["2210", "2284", "2299"]) await text(ending);
      await demo.forward("2m");
    });
  }
  await test.step("the tenth text without an answer pauses", async () => {
    await text("2210");
    await paused("2284");
  });
  await test.step("a floor of 0 percent ends the pause", async () => {
    await demo.policy({ pumping_floor_percent: 0 });
    await text("2284");
  });
  await test.step("a pause lasts as long as the policy says", async () => {
    await demo.policy({ pumping_floor_percent: 50, pumping_pause_seconds: 300 });
    await text("2299"); // judged again
    await demo.forward("2m");
    await paused("2284");
    await demo.forward("3m");
    await text("2284");
  });
  await still();
});
