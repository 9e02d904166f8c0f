// The script that is loaded after the first paint: it may come late, or not at all.

import { expect, type FrameLocator, type Page, type Route, test } from "@playwright/test";
import { holdTime } from "./hold-time";
import { openScene, serveAsset, showScene } from "./scene-page";
import { denied, green, now } from "./scene-parts";
import { type Scene, scenes } from "./scenes";

const missing = "A part of the pod did not load. Reload the ticket.";

const scene = (name: string): Scene => {
  const found = scenes.find((s) => s.name === name);
  if (!found) throw new Error(`there is no scene ${name}`);
  return found;
};

/** Keeps back the timers of `ms` milliseconds in every frame; `elapse` in the pod fires them and counts them. */
const holdTimers = async (page: Page, ms: number) => {
  await holdTime(page, Date.parse(now)); // it replaces the timers too
  await page.addInitScript((ms) => {
    const { setTimeout, clearTimeout } = window;
    const held = new Map<number, () => void>();
    let last = 1e9;
    const hold = (run: () => void) => {
      held.set(++last, run);
      return last;
    };
    const elapse = () => {
      const due = [...held.values()];
      held.clear();
      for (const run of due) run();
      return due.length;
    };
    Object.assign(window, {
      setTimeout: (run: () => void, wait?: number) => (wait === ms ? hold(run) : setTimeout(run, wait)),
      clearTimeout: (id: number) => held.delete(id) || clearTimeout(id),
      elapse,
    });
  }, ms);
};

/** Fires the timers that are held back in the pod's frame; returns their number. */
const elapse = (pod: FrameLocator) =>
  pod.locator("body").evaluate(() => (window as unknown as { elapse: () => number }).elapse());

/** Holds requests back until `release`. */
const gate = () => {
  let release = () => {};
  const open = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { release, serve: (route: Route) => open.then(() => serveAsset(route)) };
};

test("it is late: shields and buttons are there, and a press before it sends once", async ({ page }) => {
  const late = gate();
  const sent: string[] = [];
  page.on("request", (request) => request.url().endsWith("/verifications") && sent.push(request.url()));
  const { pod, consoleErrors } = await showScene(page, scene("resting"), "light", late.serve);
  await expect(pod.locator(".shield")).toHaveCount(3);
  await pod.getByRole("button", { name: /Send a code/ }).dblclick();
  expect(sent).toEqual([]);
  late.release();
  await expect(pod.getByLabel("Enter code here")).toBeVisible();
  expect(sent).toHaveLength(1);
  expect(consoleErrors).toEqual([]);
});

for (const name of ["banner-warning", "failed", "code-sending", "locked"]) {
  test(`it is late, and the scene ${name} needs it: the pod is drawn once, and nothing moves`, async ({ page }) => {
    const late = gate();
    const { pod } = await openScene(page, scene(name), "light", late.serve);
    await expect(pod.locator(".skeleton")).toBeVisible();
    await pod.locator("main").evaluate((main) => {
      const tops: number[] = [];
      Object.assign(window, { tops });
      new MutationObserver(() => {
        const row = main.querySelector(".rows > .row:last-child");
        if (row) tops.push(row.getBoundingClientRect().top);
      }).observe(main, { subtree: true, childList: true, characterData: true });
    });
    late.release();
    await expect(pod.locator(".rows")).toBeVisible();
    await expect(pod.locator(".skeleton")).toHaveCount(0);
    const tops = await pod.locator("main").evaluate(() => (window as unknown as { tops: number[] }).tops);
    expect(new Set(tops).size).toBe(1);
  });
}

test("it is late: the button is busy until it has been loaded", async ({ page }) => {
  const late = gate();
  const { pod } = await showScene(page, scene("resting"), "light", late.serve);
  const send = pod.getByRole("button", { name: /Send a code/ });
  await send.click();
  await expect(send).toHaveAttribute("aria-busy", "true");
  late.release();
  await expect(pod.getByLabel("Enter code here")).toBeVisible();
});

test("it hangs: after 15 seconds the pod is drawn without it, and completed when it arrives", async ({ page }) => {
  await holdTimers(page, 15_000);
  const late = gate();
  const { pod } = await openScene(page, scene("code-sending"), "light", late.serve);
  await expect(pod.locator(".skeleton")).toBeVisible();
  expect(await elapse(pod)).toBeGreaterThan(0);
  await expect(pod.getByText(missing)).toBeVisible();
  await expect(pod.locator(".row.pending .state")).toContainText("Waiting");
  late.release();
  await expect(pod.getByLabel("Enter code here")).toBeVisible();
  await expect(pod.locator(".row.pending .state")).toContainText("Sending code");
  await expect(pod.getByText(missing)).toHaveCount(0);
});

test("it hangs, and a translator has changed the page: a denial is drawn, and stays when it arrives", async ({
  page,
}) => {
  const late = gate();
  const { pod, socket } = await showScene(page, scene("resting"), "light", late.serve);
  const row = pod.locator(".row").first();
  await row.locator(".state").evaluate((state) => {
    const font = document.createElement("font");
    font.textContent = "Nicht verifiziert";
    state.firstChild?.replaceWith(font);
  });
  await expect(row).toContainText("Nicht verifiziert");
  const shields = { mobile: denied, mail: green() };
  socket().send(JSON.stringify({ type: "event", seq: 50, now, contact_id: "dana", shields, methods: {}, history: [] }));
  const drawn = async () => {
    await expect(row.locator(".state")).toContainText("says they did not ask for this. Stop and follow your procedure");
    await expect(pod.locator("main")).not.toContainText("Nicht verifiziert");
    await expect(pod.locator("main")).toHaveCount(1);
  };
  await drawn();
  late.release();
  await expect(pod.getByRole("status")).toContainText("did not ask");
  await drawn();
});

/** Refuses the requests for the script, and counts them. */
const refused = () => {
  const counter = { requests: 0 };
  const serve = (route: Route) => {
    counter.requests++;
    return route.abort();
  };
  return { counter, serve };
};

test("it does not load: the pod shows it, and the next press loads it again", async ({ page }) => {
  let requests = 0;
  let fails = true;
  const { pod } = await showScene(page, scene("resting"), "light", (route) => {
    requests++;
    return fails ? route.abort() : serveAsset(route);
  });
  await expect(pod.getByText(missing)).toBeVisible();
  await expect(pod.locator(".rows")).toBeVisible();
  expect(requests).toBe(1);
  const send = pod.getByRole("button", { name: /Send a code/ });
  await send.click();
  await expect.poll(() => requests).toBe(2);
  await expect(send).toHaveAttribute("aria-busy", "false");
  await expect(pod.getByText(missing)).toBeVisible();
  fails = false;
  await send.click();
  await expect(pod.getByLabel("Enter code here")).toBeVisible();
  await expect(pod.getByText(missing)).toHaveCount(0);
});

test("it does not load: ticks of a countdown do not load it again, and waking and a press do once", async ({
  page,
}) => {
  await holdTimers(page, 1_000);
  const { counter, serve } = refused();
  const { pod } = await showScene(page, scene("code-sending"), "light", serve);
  await expect(pod.getByText(missing)).toBeVisible();
  for (let ticks = 0; ticks < 5; ticks++) expect(await elapse(pod)).toBe(1);
  await pod.locator("main").evaluate(() => window.dispatchEvent(new Event("online")));
  await expect.poll(() => counter.requests).toBe(2); // a request of a tick would have come before
  for (let ticks = 0; ticks < 5; ticks++) expect(await elapse(pod)).toBe(1);
  await pod.getByRole("button", { name: "Verification history" }).click();
  await expect.poll(() => counter.requests).toBe(3);
});

test("it does not load: a stopped pod shows the problem's code, and Try again launches and loads", async ({ page }) => {
  const { counter, serve } = refused();
  const refusal = { status: 502, code: "psa_misconfigured", detail: "" };
  const { pod } = await openScene(page, { ...scene("resting"), refusal }, "light", serve);
  await expect(pod.getByRole("alert")).toContainText(`${missing} (psa_misconfigured)`);
  await expect(pod.getByText(missing)).toHaveCount(1);
  const launched = page.waitForRequest(/\/launch/);
  await pod.getByRole("button", { name: "Try again" }).click();
  await launched;
  await expect.poll(() => counter.requests).toBe(2);
  await expect(pod.getByRole("alert")).toContainText("psa_misconfigured");
});

test("it does not load: the page for signing in shows it", async ({ page }) => {
  const { serve } = refused();
  const { pod } = await openScene(page, { ...scene("resting"), host: "signin" }, "light", serve);
  await expect(pod.getByText(missing)).toBeVisible();
});

test("it hangs: the page for signing in shows it, and signs in when it arrives", async ({ page }) => {
  await holdTimers(page, 15_000);
  const late = gate();
  const { pod } = await openScene(page, { ...scene("resting"), host: "signin" }, "light", late.serve);
  await expect(pod.locator("html")).toHaveAttribute("lang", "en");
  expect(await elapse(pod)).toBe(1);
  await expect(pod.getByText(missing)).toBeVisible();
  late.release();
  await expect(pod.getByRole("button", { name: "Sign in" })).toBeVisible();
  await expect(pod.getByText(missing)).toHaveCount(0);
});

for (const [name, tone, text] of [
  ["banner-warning", "Warning", "Change freeze until Thursday"],
  ["banner-critical", "Critical", ""],
] as const) {
  test(`it does not load: the scene ${name} is announced, with the word for its tone`, async ({ page }) => {
    const { pod } = await showScene(page, scene(name), "light", (route) => route.abort());
    const notice = pod.getByRole("alert");
    await expect(notice).toContainText(`${tone}:`);
    await expect(notice.locator("[dir=auto]")).toContainText(text || /./);
  });
}

test("it does not load: the banner is shown as plain text, and a failed shield by its name", async ({ page }) => {
  const [failed, banner] = [scene("failed"), scene("banner-warning")];
  const both = { ...failed, pod: { ...failed.pod, policy: banner.pod.policy } };
  const { pod } = await showScene(page, both, "light", (route) => route.abort());
  await expect(pod.getByText("Change freeze until Thursday")).toBeVisible();
  await expect(pod.locator(".row.failed .state")).toContainText("Failed");
  await expect(pod.getByText(missing)).toBeVisible();
});
