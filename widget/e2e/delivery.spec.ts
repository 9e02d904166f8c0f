// What carriers do now and then, and what the pod says of it: each mood of the sandbox, one after the other.

import { createHmac } from "node:crypto";
import { type Demo, type Desk, expect, test } from "./demo";

type Carrier = Parameters<Demo["misbehave"]>[0];

/** A mood, what the pod says under it, and what it says once a minute has passed. */
interface Mood {
  mode: string;
  says: string | RegExp;
  later?: string | RegExp;
  failed?: true; // there is nothing to cancel
}

/** Sends one message under each mood, on one pod. */
const walk = async (
  { desk, demo }: { desk: Desk; demo: Demo },
  channel: string,
  method: "Code" | "Link",
  carrier: Carrier,
  moods: Mood[],
) => {
  const row = desk.row(channel);
  for (const { mode, says, later, failed } of moods) {
    await test.step(`${carrier} ${mode}`, async () => {
      await demo.misbehave(carrier, mode, 1);
      await desk.send(channel, method);
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

for (const { name, moods, logs = "" } of [
  {
    name: "that does not answer yet is asked again",
    moods: [
      { mode: "slow", says: "Code delivered" },
      { mode: "429", says: textsWait, later: "Code delivered" },
      { mode: "5xx", says: textsWait, later: "Code delivered" },
      { mode: "throttled", says: textsWait, later: "Code delivered" },
      { mode: "down", says: textsWait, later: "Code delivered" },
    ],
  },
  {
    name: "may report twice, out of order, not at all or under another's key",
    moods: [
      { mode: "duplicate_receipt", says: "Code delivered" },
      { mode: "out_of_order", says: "Code delivered" },
      { mode: "lost_receipt", says: "Code sent" },
      { mode: "forged_receipt", says: "Code sent" },
    ],
    logs: "a Vonage webhook was refused",
  },
  {
    name: "that refuses the number is told with what to do next",
    moods: [
      { mode: "refuse", says: "The carrier says this number can’t get texts. Try e-mail.", failed: true },
      { mode: "landline", says: "The carrier says this number can’t get texts. Try e-mail.", failed: true },
      { mode: "stop", says: "Dana Reyes’s number blocks our messages. Try e-mail.", failed: true },
    ],
  },
] as { name: string; moods: Mood[]; logs?: string }[]) {
  test(`a carrier of texts ${name}`, async ({ desk, demo }) => {
    await demo.policy(generous);
    await desk.open("4711");
    await walk({ desk, demo }, "4821", "Code", "vonage", moods);
    await expect.poll(() => demo.log).toContain(logs);
    expect(demo.log).not.toContain("4155550");
  });
}

for (const { name, moods, logs = "" } of [
  {
    name: "that does not answer yet is asked again",
    moods: [
      { mode: "slow", says: "Link delivered" },
      { mode: "429", says: mailsWait, later: "Link delivered" },
      { mode: "5xx", says: mailsWait, later: "Link delivered" },
      { mode: "down", says: mailsWait, later: "Link delivered" },
    ],
  },
  {
    name: "may report twice, out of order, not at all or under another's key",
    moods: [
      { mode: "duplicate_receipt", says: "Link delivered" },
      { mode: "out_of_order", says: "Link delivered" },
      { mode: "lost_receipt", says: "Link sent" },
      { mode: "forged_receipt", says: "Link sent" },
    ],
    logs: "a SendGrid webhook was refused",
  },
  {
    name: "that refuses the address is told with what to do next",
    moods: [
      { mode: "refuse", says: "The carrier says this address is no good. Try the phone.", failed: true },
      { mode: "mailbox_full", says: "Dana Reyes’s mailbox refused it: it is full. Try the phone.", failed: true },
    ],
  },
] as { name: string; moods: Mood[]; logs?: string }[]) {
  test(`a carrier of e-mail ${name}`, async ({ desk, demo }) => {
    await demo.policy(generous);
    await desk.open("4711");
    await walk({ desk, demo }, "@contoso.com", "Link", "sendgrid", moods);
    await expect.poll(() => demo.log).toContain(logs);
    expect(demo.log).not.toContain("@contoso.com");
  });
}

test("a code by e-mail is offered where a policy allows it, works, and goes with the policy", async ({
  desk,
  demo,
}) => {
  await desk.open("4711");
  const row = desk.row("@contoso.com");
  const code = row.getByRole("button", { name: "code" });
  await expect(row.getByRole("button", { name: "link" })).toBeEnabled();
  await expect(code).toHaveCount(0);
  await demo.policy({ methods: ["email_link", "sms_link", "sms_code", "email_code"] });
  await code.click();
  await expect(row).toContainText("Read me the six digits we just e-mailed you");
  const { code: digits = "", kind } = await demo.arrived();
  expect(kind).toBe("email");
  await desk.enter(digits);
  await expect(row).toContainText(/Verified .+ by you, until/);
  await demo.policy({ methods: ["email_link", "sms_link", "sms_code"] });
  await expect(row).toContainText("Not verified");
  await expect(row.getByRole("button", { name: "link" })).toBeVisible();
  await expect(code).toHaveCount(0);
});

test("two carriers of texts: the next one is asked when the first is at fault, never when the recipient is", async ({
  north,
  demo,
}) => {
  await demo.policy({ language: "en" }, undefined, demo.credentials.north_api_key);
  await north.open("2041");
  const from = async () => (await demo.messages())[0]?.from;
  await walk({ desk: north, demo }, "0042", "Code", "twilio", [
    { mode: "ok", says: "Code delivered" },
    { mode: "forged_receipt", says: "Code sent" },
  ]);
  expect(await from()).toBe("+4915735980100");
  await walk({ desk: north, demo }, "0042", "Code", "twilio", [{ mode: "down", says: "Code delivered" }]);
  expect(await from()).toBe("Nordlicht"); // by Vonage
  const arrived = (await demo.messages()).length;
  await walk({ desk: north, demo }, "0042", "Link", "twilio", [
    { mode: "refuse", says: "The carrier says this number can’t get texts. Try e-mail.", failed: true },
  ]);
  expect(await demo.messages()).toHaveLength(arrived); // the other carrier was not asked
});

test("two carriers of e-mail: the next one is asked when the first is at fault, never when the recipient is", async ({
  north,
  demo,
}) => {
  await demo.policy({ language: "en" }, undefined, demo.credentials.north_api_key);
  await north.open("2041");
  await walk({ desk: north, demo }, "@hafenkontor", "Link", "smtp", [
    { mode: "ok", says: "Link sent" }, // a mail server never says more
    { mode: "cut", says: "We can’t tell whether it was sent. If nothing arrives by" },
    { mode: "down", says: "Link delivered" }, // by SendGrid
  ]);
  const arrived = (await demo.messages()).length;
  await walk({ desk: north, demo }, "@hafenkontor", "Link", "smtp", [
    { mode: "mailbox_full", says: "Merle Thomsen’s mailbox refused it: it is full. Try the phone.", failed: true },
    { mode: "refuse", says: "The carrier says this address is no good. Try the phone.", failed: true },
  ]);
  expect(await demo.messages()).toHaveLength(arrived); // the other carrier was not asked
});

test("a number that has said STOP, or is a landline, gets no texts until an admin clears it", async ({
  north: desk,
  demo,
}) => {
  await demo.policy({ language: "en" }, undefined, demo.credentials.north_api_key);
  await desk.open("2041");
  const row = desk.row("0042");
  const link = row.getByRole("button", { name: "link" });
  const stopped = "Merle Thomsen’s number has told us to stop: it texted STOP. Try e-mail.";
  await walk({ desk, demo }, "0042", "Code", "twilio", [{ mode: "stop", says: stopped, failed: true }]);
  await expect(link).toHaveCount(0);
  await expect(row).not.toContainText("Again in"); // there is no again
  await desk.reload();
  await expect(row).toContainText(stopped);
  await demo.forward("12h");
  await desk.reload();
  await expect(link).toHaveCount(0);
  await demo.unlock("merle-thomsen", demo.credentials.north_api_key);
  await expect(link).toBeEnabled();
  await walk({ desk, demo }, "0042", "Code", "twilio", [
    { mode: "landline", says: "The carrier says this is a landline. Try e-mail.", failed: true },
  ]);
  await expect(link).toHaveCount(0);
  await desk.send("@hafenkontor", "Link"); // an e-mail is another matter
  await expect(desk.row("@hafenkontor")).toContainText("Link sent");
});

test("what a carrier's webhook says is in the pod well within a second", async ({ desk, demo, page }, info) => {
  const ids: string[] = [];
  page.on("response", async (r) => {
    if (r.url().endsWith("/api/v1/verifications") && r.ok()) ids.push((await r.json()).id);
  });
  await desk.open("4711");
  const pod = page.frames().find((f) => f.parentFrame() !== null);
  const waits: number[] = [];
  for (let n = 1; n <= 5; n++) {
    await demo.misbehave("vonage", "lost_receipt", 1);
    await desk.send("4821", "Code");
    await expect(desk.row("4821")).toContainText("Code sent");
    await expect.poll(() => ids.length).toBe(n);
    const shown = pod?.waitForFunction(() =>
      [...document.querySelectorAll(".state")].some((line) => line.textContent?.includes("Code delivered")),
    );
    const began = performance.now();
    await receipt(demo, ids.at(-1) ?? "", n);
    await shown;
    waits.push(Math.round(performance.now() - began)); // told, not asserted: other machines are slower
    await desk.row("4821").getByRole("button", { name: "Cancel" }).click();
    await demo.forward("90s");
  }
  info.annotations.push({ type: "webhook to pod, ms", description: waits.join(" ") });
});

/** Posts Vonage's word that a message was delivered, signed as it signs. */
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
