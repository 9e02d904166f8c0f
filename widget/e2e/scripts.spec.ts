// Threat row 36: other scripts change the pod's page (page translators, password managers, dark modes, other extensions).
// The pod shows the same as without them, after every change of its state.

import { expect, type Frame, type Page, test } from "@playwright/test";
import type { Contact, Pod, Shield } from "../src/types";
import { scripts, tools } from "./injected-scripts";
import { type ScenePage, showScene } from "./scene-page";
import { at, denied, green, grey, now, pending, three } from "./scene-parts";

const seq = { next: 50 };
const event = (stage: ScenePage, shields: Record<string, Shield>) => {
  const history: Contact["history"] = [];
  stage
    .socket()
    .send(JSON.stringify({ type: "event", seq: seq.next++, now, contact_id: "dana", shields, methods: {}, history }));
};

const pod = (): Pod => three(grey, green());
const other = (): Pod => {
  const { contacts, ...rest } = pod();
  const [dana, sam] = contacts as [Contact, Contact];
  const marcus = { ...sam, id: "marcus", name: "Marcus Lee", default: true };
  return {
    ...rest,
    ticket: { id: "4712", number: "4712", summary: "" },
    contacts: [marcus, { ...dana, default: false }],
  };
};

/** The changes of state, in order. */
const changes: Record<string, (stage: ScenePage) => Promise<unknown> | unknown> = {
  "a code is sent": (stage) => event(stage, { mobile: pending("sms_code", "queued"), mail: green() }),
  "it is delivered": (stage) => event(stage, { mobile: pending("sms_code", "delivered"), mail: green() }),
  "it is right": (stage) => event(stage, { mobile: green({ verification_id: "v_7" }), mail: green() }),
  "another contact is chosen": ({ pod }) => pod.locator("select").selectOption({ index: 1 }),
  "the first one is chosen again": ({ pod }) => pod.locator("select").selectOption({ index: 0 }),
  "a link is on its way": (stage) => event(stage, { mail: pending("email_link", "opened"), mobile: green() }),
  "it is denied": (stage) => event(stage, { mail: denied, mobile: green() }),
  "the green ends": async (stage) => {
    await stage.page.clock.setFixedTime(at("14:32:01"));
    await frameOf(stage.page).evaluate(() => window.dispatchEvent(new Event("online")));
  },
  "another ticket is on screen": ({ page }) =>
    page.evaluate(() => {
      const pod = document.querySelector("iframe")?.contentWindow;
      pod?.postMessage({ type: "shieldpod:refresh" }, "https://pod.example");
    }),
};

const frameOf = (page: Page): Frame => {
  const frame = page.frames().find((f) => f.url().startsWith("https://pod.example"));
  if (!frame) throw new Error("no pod");
  return frame;
};

/** The visible text, and the accessible names and states. */
const shown = (page: Page) =>
  frameOf(page).evaluate(() => {
    /** Without the countdowns, which differ with the time. */
    const timeless = (text = "") =>
      text.replaceAll(/\b\d:\d\d\b/g, "m:ss").replaceAll(/\d+ (second|minute)s? ago|^now$/g, "ago");
    // biome-ignore lint/performance/useDomNodeTextContent: what is on screen, as it is laid out
    const text = (element: HTMLElement | null) => timeless(element?.innerText.replaceAll(/\s+/g, " ").trim());
    return {
      mains: document.querySelectorAll("main").length,
      all: text(document.querySelector("main")),
      name: text(document.querySelector(".head .name")),
      options: [...document.querySelectorAll("option")].map((o) => o.textContent),
      chosen: document.querySelector("select")?.selectedOptions[0]?.textContent,
      rows: [...document.querySelectorAll(".row")].map((row) => [
        row.className.split(" ").slice(0, 3).join(" "),
        row.getAttribute("aria-label"),
        row.querySelector("use")?.getAttribute("href"),
        text(row.querySelector(".state")),
      ]),
      titles: [...document.querySelectorAll("main [title]")].map((e) => timeless(e.getAttribute("title") ?? "")),
    };
  });

const stageFor = async (page: Page): Promise<ScenePage> => {
  const stage = await showScene(page, { name: "scripts", pod: pod() }, "light");
  await page.route("https://pod.example/api/v1/launch", (route) =>
    route.fulfill({ json: { token: "bearer", expires_at: "2026-03-02T15:00:00Z", pod: other() } }),
  );
  await expect.poll(() => frameOf(page).evaluate(() => document.adoptedStyleSheets.length)).toBe(1); // all has loaded
  return stage;
};

type Shown = Awaited<ReturnType<typeof shown>>;
let undisturbed: Shown[] | undefined;

/** What is on screen after each change without a script; measured once. */
const expected = async (page: Page): Promise<Shown[]> => {
  if (undisturbed) return undisturbed;
  const stage = await stageFor(page);
  const seen: Shown[] = [];
  let before = JSON.stringify(await shown(page));
  for (const change of Object.values(changes)) {
    await change(stage);
    await expect.poll(async () => JSON.stringify(await shown(page))).not.toBe(before);
    await settled(page);
    const after = await shown(page);
    before = JSON.stringify(after);
    seen.push(after);
  }
  undisturbed = seen;
  return seen;
};

/** Resolves once nothing on screen has changed for a while. */
const settled = async (page: Page) => {
  let last = "";
  await expect
    .poll(
      async () => {
        const [was, is] = [last, JSON.stringify(await shown(page))];
        last = is;
        return was === is;
      },
      { intervals: [150] },
    )
    .toBe(true);
};

for (const [name, script] of Object.entries(scripts)) {
  test(`row 36: a script that ${name} leaves every name and state correct`, async ({ page, context }) => {
    test.slow();
    // A script that never stops wins in the end: it shows its translation of the correct text.
    const translated = name.includes("whenever the page changes");
    const comparable = (of: Shown): Shown => (translated ? JSON.parse(JSON.stringify(of).toLowerCase()) : of);
    const other = await context.newPage();
    const want = (await expected(other)).map(comparable);
    await other.close();
    const stage = await stageFor(page);
    const frame = frameOf(page);
    await frame.evaluate(tools);
    for (const [n, [what, change]] of Object.entries(changes).entries()) {
      await frame.evaluate(script);
      await change(stage);
      const seen = async () => comparable(await shown(page));
      await expect.poll(seen, what).toEqual(want[n]);
      await settled(page);
      expect(await seen(), `${what}, a moment later`).toEqual(want[n]);
    }
    // The Content-Security-Policy forbids the scripts' styles, and the console reports it.
    expect(stage.consoleErrors.filter((said) => !said.startsWith("Applying inline style"))).toEqual([]);
  });
}

test("row 36: a script that changes each text again at once does not keep the browser busy, and no old name is shown", async ({
  page,
}) => {
  const stage = await stageFor(page);
  const frame = frameOf(page);
  await frame.evaluate(tools);
  await frame.evaluate(() => {
    window.rounds = 0;
    const again = () => {
      window.rounds++;
      observer.disconnect();
      window.tools.translate();
      observer.observe(document.body, { subtree: true, childList: true, characterData: true });
    };
    const observer = new MutationObserver(again);
    again();
  });
  const name = stage.pod.locator(".head .name");
  await stage.pod.locator("select").selectOption({ index: 1 });
  await expect(name).toHaveText(/^sam whitfield$/i);
  event(stage, { mobile: pending("sms_code", "queued"), mail: green() });
  await stage.pod.locator("select").selectOption({ index: 0 });
  await expect(name).toHaveText(/^dana reyes$/i);
  await expect(stage.pod.locator(".row.pending .state")).toHaveText(/sending code/i);
  // Between two drawings its changes stay, except for an occasional attempt to undo them.
  const rounds = () => frame.evaluate(() => window.rounds);
  const before = await rounds();
  await page.waitForTimeout(3_000); // nothing is waited for: what is measured is what happens in this time
  expect((await rounds()) - before).toBeLessThan(400);
});

test("row 36: the pod tells translators not to translate it", async ({ page }) => {
  await stageFor(page);
  const marks = await frameOf(page).evaluate(() => [
    document.documentElement.translate,
    document.documentElement.className,
    document.querySelector<HTMLMetaElement>("meta[name=google]")?.content,
  ]);
  expect(marks).toEqual([false, "notranslate", "notranslate"]);
});

test("row 36: a half-typed code, its selection and the focus survive a script that moves the field", async ({
  page,
}) => {
  const stage = await showScene(page, { name: "typing", pod: three(pending("sms_code", "delivered")) }, "light");
  const field = stage.pod.getByLabel("Enter code here");
  await field.click();
  await page.keyboard.type("4821");
  await field.evaluate((f: HTMLInputElement) => f.setSelectionRange(2, 5));
  await frameOf(page).evaluate(() => {
    const form = document.querySelector("form");
    const wrapper = document.createElement("div");
    form?.replaceWith(wrapper);
    if (form) wrapper.append(form);
  });
  await expect(field).toBeFocused();
  expect(await field.evaluate((f: HTMLInputElement) => [f.value, f.selectionStart, f.selectionEnd])).toEqual([
    "482 1",
    2,
    5,
  ]);
  await page.keyboard.type("9");
  await expect(field).toHaveValue("489");
});

test("row 36: the code that a password manager fills in is checked, with or without an input event", async ({
  page,
}) => {
  const stage = await showScene(page, { name: "filled", pod: three(pending("sms_code", "delivered")) }, "light");
  const checked: unknown[] = [];
  await page.route("https://pod.example/api/v1/verifications/*/code", (route) => {
    checked.push(route.request().postDataJSON());
    return route.abort();
  });
  const field = stage.pod.getByLabel("Enter code here");
  await field.evaluate((f: HTMLInputElement) => {
    f.value = "482193";
    f.form?.requestSubmit();
  });
  await expect.poll(() => checked).toEqual([{ code: "482193" }]);
});
