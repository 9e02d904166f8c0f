// An admin edits each quota while a pod is open, and the pod follows without a reload. The titles begin with the field
// names in docs/policies.md.

import { expect, type PolicyFields, type TicketPage, test } from "./demo";

/** Tries to text Marcus, who is not the ticket's contact. */
const textMarcus = async (ticketPage: TicketPage) => {
  await ticketPage.pod.getByLabel("Contact to verify").selectOption({ label: "Marcus Lee · Office Manager" });
  await ticketPage.pod.getByLabel("Why this contact?").fill("Manager approval");
  await ticketPage.send("3107", "Code");
};

test("quota_technician_minute: the pod warns close to the limit, and at the limit shows when it is free again", async ({
  ticketPage,
  demo,
}) => {
  await ticketPage.open("4711");
  await demo.policy({ quota_technician_minute: 2 });
  await ticketPage.send("4821", "Code");
  await demo.arrived(1);
  await ticketPage.send("@contoso.com", "Link");
  await expect(ticketPage.row("@contoso.com")).toContainText(/2 of 2 messages/);
  await demo.arrived(2);
  await ticketPage.pod.getByLabel("Contact to verify").selectOption({ label: "Marcus Lee · Office Manager" });
  await ticketPage.pod.getByLabel("Why this contact?").fill("Manager approval");
  await ticketPage.send("3107", "Code");
  await expect(ticketPage.row("3107")).toContainText(/one technician may send in a minute. It frees in \d+ seconds/);
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
  test(`${field}: the pod shows that it is used up, and an edit frees it`, async ({ ticketPage, demo }) => {
    await ticketPage.open("4711");
    const still = await ticketPage.expectNoReload();
    await ticketPage.send("4821", "Code");
    await demo.arrived(1);
    await demo.policy({ [field]: limit });
    await textMarcus(ticketPage);
    await expect(ticketPage.row("3107")).toContainText(words);
    expect(await demo.messages()).toHaveLength(1);
    await demo.policy({ [field]: 1000 });
    await ticketPage.send("3107", "Code");
    await demo.arrived(2);
    await still();
  });
}

test("sms_prices: the price of a text decides whether it is sent", async ({ ticketPage, demo }) => {
  await ticketPage.open("4711");
  await demo.policy({ quota_tenant_spend_day: 100 });
  await ticketPage.send("4821", "Code");
  await demo.arrived(1);
  await demo.policy({ sms_prices: { "*": 0, US: 51 } });
  await textMarcus(ticketPage);
  await expect(ticketPage.row("3107")).toContainText(/money for texts is spent for the day/);
  await demo.policy({ sms_prices: { "*": 51, US: 0 } });
  await ticketPage.send("3107", "Code");
  await demo.arrived(2);
});

test("quota_destination_day: the limit holds for a destination, with any technician", async ({ ticketPage, demo }) => {
  await ticketPage.open("4711");
  await demo.policy({ resend_cooldown_seconds: 10, quota_destination_day: 2 });
  for (const nth of [1, 2]) {
    await ticketPage.send("4821", "Link");
    await demo.arrived(nth);
    await demo.forward("6m");
  }
  await ticketPage.send("4821", "Link");
  await expect(ticketPage.row("4821")).toContainText(
    /all the messages that it may get in a day\. It frees in 24 hours/,
  );
  await demo.policy({ quota_destination_day: 3 });
  await ticketPage.send("4821", "Link");
  await demo.arrived(3);
});

test("pumping_sample, pumping_floor_percent and pumping_pause_seconds: texts of which none come back pause", async ({
  ticketPage,
  demo,
}) => {
  await ticketPage.open("4706");
  const still = await ticketPage.expectNoReload();
  await demo.policy({ code_validity_seconds: 60, pumping_sample: 10, pumping_floor_percent: 50 });
  let sent = 0;
  const text = async (ending: string) => {
    await ticketPage.send(ending, "Code");
    await demo.arrived(++sent);
  };
  const paused = async (ending: string) => {
    await ticketPage.send(ending, "Code");
    await expect(ticketPage.row(ending)).toContainText(/Texts to numbers like this one are paused/);
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
