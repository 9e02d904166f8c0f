// Failures of carriers, and what the pod shows: each fault mode of the sandbox in turn.

import { createHmac } from "node:crypto";
import { type Demo, expect, type TicketPage, test } from "./demo";

type Carrier = Parameters<Demo["setFault"]>[0];

/** A fault mode, what the pod shows under it, and what it shows a minute later. */
interface FaultCase {
  mode: string;
  says: string | RegExp;
  later?: string | RegExp;
  failed?: true; // there is nothing to cancel
}

/** Sends one message under each fault mode, on one pod. */
const walk = async (
  { ticketPage, demo }: { ticketPage: TicketPage; demo: Demo },
  channel: string,
  method: "Code" | "Link",
  carrier: Carrier,
  cases: FaultCase[],
) => {
  const row = ticketPage.row(channel);
  for (const { mode, says, later, failed } of cases) {
    await test.step(`${carrier} ${mode}`, async () => {
      await demo.setFault(carrier, mode, 1);
      await ticketPage.send(channel, method);
      await expect(row).toContainText(says);
      if (later) {
        await demo.forward("30s");
        await expect(row).toContainText(later);
      }
      if (!failed) await row.getByRole("button", { name: "Cancel" }).click();
      await demo.forward("90s");
    });
  }
};

const generous = { quota_destination_day: 100, quota_technician_hour: 1000 };

const textsWait = "Texting isn’t answering. We keep trying until";
const mailsWait = "E-mail isn’t answering. We keep trying until";

for (const { name, cases, logs = "" } of [
  {
    name: "that does not answer yet is asked again",
    cases: [
      { mode: "slow", says: "Code delivered" },
      { mode: "429", says: textsWait, later: "Code delivered" },
      { mode: "5xx", says: textsWait, later: "Code delivered" },
      { mode: "throttled", says: textsWait, later: "Code delivered" },
      { mode: "down", says: textsWait, later: "Code delivered" },
    ],
  },
  {
    name: "may report twice, out of order, not at all or under another's key",
    cases: [
      { mode: "duplicate_receipt", says: "Code delivered" },
      { mode: "out_of_order", says: "Code delivered" },
      { mode: "lost_receipt", says: "Code sent" },
      { mode: "forged_receipt", says: "Code sent" },
    ],
    logs: "a Vonage webhook was refused",
  },
  {
    name: "that refuses the number is told with what to do next",
    cases: [
      { mode: "refuse", says: "The carrier says this number can’t get texts. Try e-mail.", failed: true },
      { mode: "landline", says: "The carrier says this number can’t get texts. Try e-mail.", failed: true },
      { mode: "stop", says: "Dana Reyes’s number blocks our messages. Try e-mail.", failed: true },
    ],
  },
] as { name: string; cases: FaultCase[]; logs?: string }[]) {
  test(`an SMS carrier ${name}`, async ({ ticketPage, demo }) => {
    await demo.policy(generous);
    await ticketPage.open("4711");
    await walk({ ticketPage, demo }, "4821", "Code", "vonage", cases);
    await expect.poll(() => demo.log).toContain(logs);
    expect(demo.log).not.toContain("4155550");
  });
}

for (const { name, cases, logs = "" } of [
  {
    name: "that does not answer yet is asked again",
    cases: [
      { mode: "slow", says: "Link delivered" },
      { mode: "429", says: mailsWait, later: "Link delivered" },
      { mode: "5xx", says: mailsWait, later: "Link delivered" },
      { mode: "down", says: mailsWait, later: "Link delivered" },
    ],
  },
  {
    name: "may report twice, out of order, not at all or under another's key",
    cases: [
      { mode: "duplicate_receipt", says: "Link delivered" },
      { mode: "out_of_order", says: "Link delivered" },
      { mode: "lost_receipt", says: "Link sent" },
      { mode: "forged_receipt", says: "Link sent" },
    ],
    logs: "a SendGrid webhook was refused",
  },
  {
    name: "that refuses the address is told with what to do next",
    cases: [
      { mode: "refuse", says: "The carrier says this address is no good. Try the phone.", failed: true },
      { mode: "mailbox_full", says: "Dana Reyes’s mailbox refused it: it is full. Try the phone.", failed: true },
    ],
  },
] as { name: string; cases: FaultCase[]; logs?: string }[]) {
  test(`an e-mail carrier ${name}`, async ({ ticketPage, demo }) => {
    await demo.policy(generous);
    await ticketPage.open("4711");
    await walk({ ticketPage, demo }, "@contoso.com", "Link", "sendgrid", cases);
    await expect.poll(() => demo.log).toContain(logs);
    expect(demo.log).not.toContain("@contoso.com");
  });
}

test("a code by e-mail is offered while the policy allows it", async ({ ticketPage, demo }) => {
  await ticketPage.open("4711");
  const row = ticketPage.row("@contoso.com");
  const code = row.getByRole("button", { name: "code" });
  await expect(row.getByRole("button", { name: "link" })).toBeEnabled();
  await expect(code).toHaveCount(0);
  await demo.policy({ methods: ["email_link", "sms_link", "sms_code", "email_code"] });
  await code.click();
  await expect(row).toContainText("Read me the six digits we just e-mailed you");
  const { code: digits = "", kind } = await demo.arrived();
  expect(kind).toBe("email");
  await ticketPage.enter(digits);
  await expect(row).toContainText(/Verified .+ by you, until/);
  await demo.policy({ methods: ["email_link", "sms_link", "sms_code"] });
  await expect(row).toContainText("Not verified");
  await expect(row.getByRole("button", { name: "link" })).toBeVisible();
  await expect(code).toHaveCount(0);
});

test("two SMS carriers: the second one is used when the first one fails, not when the recipient is at fault", async ({
  secondTenant,
  demo,
}) => {
  await demo.policy({ language: "en" }, undefined, demo.credentials.north_api_key);
  await secondTenant.open("2041");
  const from = async () => (await demo.messages())[0]?.from;
  await walk({ ticketPage: secondTenant, demo }, "0042", "Code", "twilio", [
    { mode: "ok", says: "Code delivered" },
    { mode: "forged_receipt", says: "Code sent" },
  ]);
  expect(await from()).toBe("+4915735980100");
  await walk({ ticketPage: secondTenant, demo }, "0042", "Code", "twilio", [{ mode: "down", says: "Code delivered" }]);
  expect(await from()).toBe("Nordlicht"); // by Vonage
  const arrived = (await demo.messages()).length;
  await walk({ ticketPage: secondTenant, demo }, "0042", "Link", "twilio", [
    { mode: "refuse", says: "The carrier says this number can’t get texts. Try e-mail.", failed: true },
  ]);
  expect(await demo.messages()).toHaveLength(arrived); // the other carrier was not asked
});

test("two e-mail carriers: the second one is used when the first one fails, not when the recipient is at fault", async ({
  secondTenant,
  demo,
}) => {
  await demo.policy({ language: "en" }, undefined, demo.credentials.north_api_key);
  await secondTenant.open("2041");
  await walk({ ticketPage: secondTenant, demo }, "@hafenkontor", "Link", "smtp", [
    { mode: "ok", says: "Link sent" }, // a mail server never says more
    { mode: "cut", says: "We can’t tell whether it was sent. If nothing arrives by" },
    { mode: "down", says: "Link delivered" }, // by SendGrid
  ]);
  const arrived = (await demo.messages()).length;
  await walk({ ticketPage: secondTenant, demo }, "@hafenkontor", "Link", "smtp", [
    { mode: "mailbox_full", says: "Merle Thomsen’s mailbox refused it: it is full. Try the phone.", failed: true },
    { mode: "refuse", says: "The carrier says this address is no good. Try the phone.", failed: true },
  ]);
  expect(await demo.messages()).toHaveLength(arrived); // the other carrier was not asked
});

test("a number that texted STOP, or is a landline, gets no texts until an admin clears it", async ({
  secondTenant: ticketPage,
  demo,
}) => {
  await demo.policy({ language: "en" }, undefined, demo.credentials.north_api_key);
  await ticketPage.open("2041");
  const row = ticketPage.row("0042");
  const link = row.getByRole("button", { name: "link" });
  const stopped = "Merle Thomsen’s number has told us to stop: it texted STOP. Try e-mail.";
  await walk({ ticketPage, demo }, "0042", "Code", "twilio", [{ mode: "stop", says: stopped, failed: true }]);
  await expect(link).toHaveCount(0);
  await expect(row).not.toContainText("Again in"); // there is no again
  await ticketPage.reload();
  await expect(row).toContainText(stopped);
  await demo.forward("12h");
  await ticketPage.reload();
  await expect(link).toHaveCount(0);
  await demo.unlock("merle-thomsen", demo.credentials.north_api_key);
  await expect(link).toBeEnabled();
  await walk({ ticketPage, demo }, "0042", "Code", "twilio", [
    { mode: "landline", says: "The carrier says this is a landline. Try e-mail.", failed: true },
  ]);
  await expect(link).toHaveCount(0);
  await ticketPage.send("@hafenkontor", "Link"); // an e-mail is another matter
  await expect(ticketPage.row("@hafenkontor")).toContainText("Link sent");
});

test("a carrier's webhook changes the pod well within a second", async ({ ticketPage, demo, page }, info) => {
  const ids: string[] = [];
  page.on("response", async (r) => {
    if (r.url().endsWith("/api/v1/verifications") && r.ok()) ids.push((await r.json()).id);
  });
  await ticketPage.open("4711");
  const pod = page.frames().find((f) => f.parentFrame() !== null);
  const waits: number[] = [];
  for (let n = 1; n <= 5; n++) {
    await demo.setFault("vonage", "lost_receipt", 1);
    await ticketPage.send("4821", "Code");
    await expect(ticketPage.row("4821")).toContainText("Code sent");
    await expect.poll(() => ids.length).toBe(n);
    const shown = pod?.waitForFunction(() =>
      [...document.querySelectorAll(".state")].some((line) => line.textContent?.includes("Code delivered")),
    );
    const began = performance.now();
    await receipt(demo, ids.at(-1) ?? "", n);
    await shown;
    waits.push(Math.round(performance.now() - began)); // told, not asserted: other machines are slower
    await ticketPage.row("4821").getByRole("button", { name: "Cancel" }).click();
    await demo.forward("90s");
  }
  info.annotations.push({ type: "webhook to pod, ms", description: waits.join(" ") });
});

/** Posts a delivery report of Vonage, with a valid signature. */
const receipt = async (demo: Demo, job: string, n: number) => {
  const { now } = await (await fetch(`${demo.phone}/api/state`)).json();
  const fields: Record<string, string> = {
    "client-ref": job,
    "err-code": "0",
    nonce: String(n),
    status: "delivered",
    timestamp: String(Math.floor(Date.parse(now) / 1000)),
  };
  const text = Object.keys(fields)
    .sort()
    .map((name) => `&${name}=${fields[name]}`)
    .join("");
  fields.sig = createHmac("sha256", demo.credentials.sms_hook_secret).update(text).digest("hex");
  const answer = await fetch(`${demo.bff}/hooks/vonage/acme`, { method: "POST", body: new URLSearchParams(fields) });
  expect(answer.status).toBe(204);
};
