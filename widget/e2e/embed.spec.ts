// Hosts of all kinds on the registered origin of the demo PSA, with pages and a Content-Security-Policy of their own:
// no inline scripts or styles, trusted types only, and no other origins than the host and the pod.

import { fileURLToPath } from "node:url";
import type { Page } from "@playwright/test";
import { build } from "vite";
import { type Demo, expect, TicketPage, test } from "./demo";

test.use({ demoScope: "worker" });

// A page that a test fulfills has no network address, so the browser would block its requests to loopback.
test.use({ permissions: ["local-network-access"] });

interface Host {
  body: string;
  script?: string;
  style?: string;
  /** Further origins that the page frames. */
  frames?: string;
}

const strict = (pod: string, frames: string) =>
  `default-src 'none'; script-src 'self' ${pod}; frame-src ${pod} ${frames}; style-src 'self'; connect-src 'self'; img-src data:; ` +
  "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/** Serves the host's page on the origin of the demo PSA, or on another, and opens it; returns the console errors. */
const visit = async (page: Page, demo: Demo, { body, script = "", style = "", frames = "" }: Host, at = demo.psa) => {
  const complaints: string[] = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  const html = `<!doctype html><html lang="en"><title>Host</title><link rel="icon" href="data:,">
    <link rel="stylesheet" href="/host.css"><body>${body}<script src="/host.js"></script>`;
  await page.route(`${at}/host**`, (route) => {
    const { pathname } = new URL(route.request().url());
    if (pathname === "/host.js") return route.fulfill({ contentType: "text/javascript", body: script });
    if (pathname === "/host.css") return route.fulfill({ contentType: "text/css", body: style });
    return route.fulfill({
      contentType: "text/html",
      headers: { "Content-Security-Policy": strict(demo.bff, frames) },
      body: html,
    });
  });
  await page.goto(`${at}/host?pod=${demo.bff}`, { waitUntil: "domcontentloaded" });
  return complaints;
};

/** The host's own script: fetches a signed context, and lists the events that it received. */
const kit = `
  window.heard = [];
  const context = (ticket) => async ({ nonce }) => {
    const answer = await fetch("/context", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ ticket, nonce }),
    });
    return (await answer.json()).context;
  };
  const listen = (pod, ...names) => names.forEach((name) => pod.on(name, (detail) => heard.push([name, detail])));
`;
const heard = (page: Page): Promise<[string, Record<string, string>][]> => page.evaluate("heard");

const loader = (demo: Demo) => `<script async src="${demo.bff}/embed/v1.js"></script>`;
const tag = (ticket = "4711", more = "") =>
  `<shield-pod tenant="acme" ticket="${ticket}" context-url="/context" ${more}>Loading</shield-pod>`;

test("<shield-pod> verifies under a strict policy, without a script of the host", async ({ page, demo }) => {
  const complaints = await visit(page, demo, {
    body: loader(demo) + tag(),
    script: `${kit} document.addEventListener("shieldpod:verification:verified", (e) => heard.push(["verified", e.detail]))`,
  });
  const ticketPage = new TicketPage(page, demo);
  await ticketPage.expand();
  await ticketPage.send("4821", "Code");
  await ticketPage.enter(await demo.code());
  await expect(ticketPage.row("4821")).toContainText("Verified");
  expect(await heard(page)).toEqual([
    [
      "verified",
      {
        verification_id: expect.stringMatching(/./),
        contact_id: "dana-reyes",
        channel_id: "dana-mobile",
        method: "sms_code",
      },
    ],
  ]);
  await expect(page.locator("shield-pod")).toHaveText("", { useInnerText: true });
  expect(complaints).toEqual([]);
});

test("the demo PSA also shows the pod by tag, and receives its events", async ({ ticketPage, demo }) => {
  await ticketPage.open("4711", "?by=tag");
  await ticketPage.page.locator('.queue a[data-ticket="4709"]').click();
  await expect(ticketPage.pod.getByText("Priya Shah").first()).toBeVisible();
  await ticketPage.page.locator('.queue a[data-ticket="4711"]').click();
  await expect(ticketPage.pod.getByText("Dana Reyes").first()).toBeVisible();
  await ticketPage.expand();
  await ticketPage.send("4821", "Code");
  await ticketPage.enter(await demo.code());
  await expect(ticketPage.page.locator(".thread")).toContainText("Caller verified");
});

test("<shield-pod> switches to the ticket of its attribute, and two pods work side by side", async ({ page, demo }) => {
  const complaints = await visit(page, demo, { body: loader(demo) + tag("4711", "id=one") + tag("4712") });
  const first = page.frameLocator("#one iframe");
  await expect(first.getByText("Dana Reyes").first()).toBeVisible();
  await expect(page.frameLocator("shield-pod:not(#one) iframe").getByText("Marcus Lee").first()).toBeVisible();
  await page.evaluate(() => document.getElementById("one")?.setAttribute("ticket", "4709"));
  await expect(first.getByText("Priya Shah").first()).toBeVisible();
  await expect(first.getByText("Dana Reyes")).toHaveCount(0);
  await expect(page.frameLocator("shield-pod:not(#one) iframe").getByText("Marcus Lee").first()).toBeVisible();
  expect(complaints).toEqual([]);
});

test("the host's style sheet sets the pod's color, and a theme change keeps typed input", async ({ page, demo }) => {
  const complaints = await visit(page, demo, {
    body: loader(demo) + tag("4711", "theme=light"),
    style: "shield-pod { height: 240px; --shieldpod-accent: rgb(1, 2, 3) } iframe { border: 9px solid }",
  });
  const ticketPage = new TicketPage(page, demo);
  await ticketPage.expand();
  await ticketPage.send("4821", "Code");
  await ticketPage.codeField.fill("482");
  const look = () =>
    ticketPage.pod
      .locator(":root")
      .evaluate((root) => [root.dataset.theme, getComputedStyle(root).getPropertyValue("--sp-accent")]);
  await expect.poll(look).toEqual(["light", "rgb(1, 2, 3)"]);
  await page.evaluate(() => document.querySelector("shield-pod")?.setAttribute("theme", "dark"));
  await expect.poll(look).toEqual(["dark", "rgb(1, 2, 3)"]);
  await expect(ticketPage.codeField).toHaveValue("482");
  const box = await page.locator("iframe").evaluate((frame) => {
    const { borderTopWidth, height } = getComputedStyle(frame);
    return [borderTopWidth, height, frame.style.height];
  });
  expect(box.slice(0, 2)).toEqual(["0px", "240px"]); // despite its own wish and the styles of the page's frames
  expect(Number.parseInt(box[2] ?? "", 10)).toBeGreaterThan(240);
  expect(complaints).toEqual([]);
});

test("a pod that is moved opens again in its new place, and moveBefore keeps it as it is", async ({ page, demo }) => {
  const complaints = await visit(page, demo, { body: `${loader(demo) + tag()}<section></section>` });
  const ticketPage = new TicketPage(page, demo);
  await ticketPage.expand();
  await ticketPage.send("4821", "Code");
  await ticketPage.codeField.fill("482");
  const moved = await page.evaluate(() => {
    const [pod, section] = [document.querySelector("shield-pod"), document.querySelector("section")];
    if (!pod || !section || !("moveBefore" in section)) return false;
    (section.moveBefore as (node: Element, child: null) => void)(pod, null);
    return true;
  });
  if (moved) await expect(ticketPage.codeField).toHaveValue("482");
  await page.evaluate(() => document.body.append(document.querySelector("shield-pod") as Element));
  await expect(ticketPage.codeField).toHaveValue(""); // the browser loads a moved frame anew, and the pod finds its shield
  await expect(page.locator("iframe")).toHaveCount(1);
  await ticketPage.enter(await demo.code());
  await expect(ticketPage.row("4821")).toContainText("Verified");
  expect(complaints).toEqual([]);
});

test("calls made before the script has loaded are kept; destroy and mount leave one pod", async ({ page, demo }) => {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route("**/embed/v1.js", async (route) => {
    await held;
    await route.continue();
  });
  const complaints = await visit(page, demo, {
    body: `${loader(demo)}<div id="pod"></div>`,
    script: `${kit}
      const place = document.getElementById("pod");
      const open = () => (window.Shieldpod ||= []).push((shieldpod) => {
        window.pod = shieldpod.mount(place, { tenant: "acme", getContextToken: context("4711") });
        listen(pod, "ready", "error");
      });
      open();`,
  });
  await expect(page.locator("iframe")).toHaveCount(0);
  release();
  const ticketPage = new TicketPage(page, demo);
  await ticketPage.expand();
  expect(await heard(page)).toEqual([["ready", {}]]);
  const height = await page.locator("iframe").evaluate((frame) => frame.style.height);
  expect(height).not.toBe("280px"); // as high as it likes to be
  await page.evaluate("pod.destroy(); pod.destroy()");
  await expect(page.locator("iframe")).toHaveCount(0);
  await page.evaluate("open(); open()");
  await ticketPage.expand();
  await expect(page.locator("iframe")).toHaveCount(1);
  await expect
    .poll(() => heard(page))
    .toEqual([
      ["ready", {}],
      ["ready", {}],
    ]); // the newer pod's
  expect(complaints).toEqual([]);
});

test.describe(() => {
  test.use({ clock: "running" });

  test("row 23: on an origin that is not registered the pod stays blank, and the host gets an error", async ({
    page,
    demo,
  }) => {
    await page.clock.install();
    const complaints = await visit(
      page,
      demo,
      {
        body: `${loader(demo)}<div id="pod"></div>`,
        script: `${kit} (window.Shieldpod ||= []).push((shieldpod) =>
          listen(shieldpod.mount(document.getElementById("pod"), { tenant: "acme", getContextToken: context("4711") }), "ready", "error"))`,
      },
      "http://127.0.0.1:9",
    );
    await expect.poll(() => complaints.join()).toContain("frame-ancestors");
    await page.clock.fastForward(20_000);
    await expect.poll(() => heard(page)).toEqual([["error", { code: "pod_timeout" }]]);
    await expect(page.frameLocator("iframe").locator("main")).toHaveCount(0);
  });
});

test("row 24: messages of another frame reach neither the host nor the pod", async ({ page, demo }) => {
  const foreign = "http://127.0.0.1:9";
  const spoofs = [
    { type: "shieldpod:context-request", nonce: "stolen" },
    {
      type: "shieldpod:verification:verified",
      verification_id: "v_x",
      contact_id: "dana-reyes",
      channel_id: "dana-mobile",
      method: "sms_code",
    },
    { type: "shieldpod:resize", height: 9 },
    { type: "shieldpod:refresh" },
    { type: "shieldpod:look", theme: "dark" },
  ];
  await page.route(`${foreign}/**`, (route) =>
    route.fulfill({
      contentType: "text/html",
      body: `<script>
        addEventListener("message", () => {
          const all = [parent, ...Array.from({ length: parent.length }, (_, i) => parent[i])];
          for (const to of all) if (to !== window) for (const spoof of ${JSON.stringify(spoofs)}) to.postMessage(spoof, "*");
          parent.postMessage("done", "*");
        });
      </script>`,
    }),
  );
  await visit(page, demo, {
    frames: foreign,
    body: `${loader(demo)}<div id="pod"></div><iframe id="foreign" src="${foreign}/"></iframe>`,
    script: `${kit}
      let asked = 0;
      addEventListener("message", ({ data }) => { if (data === "done") heard.push([data, {}]) });
      (window.Shieldpod ||= []).push((shieldpod) => listen(shieldpod.mount(document.getElementById("pod"), {
        tenant: "acme",
        theme: "light",
        getContextToken: (request) => { asked++; return context("4711")(request); },
      }), "verification:verified", "error"))`,
  });
  const pod = page.frameLocator("#pod iframe");
  await expect(pod.getByText("Dana Reyes").first()).toBeVisible();
  await page.evaluate(() =>
    document.querySelector<HTMLIFrameElement>("#foreign")?.contentWindow?.postMessage("go", "*"),
  );
  await expect.poll(() => heard(page)).toEqual([["done", {}]]);
  expect(await page.evaluate("asked")).toBe(1);
  expect(await page.locator("#pod iframe").evaluate((frame) => frame.style.height)).not.toBe("9px");
  expect(await pod.locator(":root").evaluate((root) => root.dataset.theme)).toBe("light");
  await expect(pod.locator(".verified")).toHaveCount(0);
});

test("a pod in React is mounted once under StrictMode, follows its ticket, and calls the latest callback", async ({
  page,
  demo,
}) => {
  const result = await build({
    configFile: false,
    logLevel: "error",
    mode: "development",
    define: { "process.env.NODE_ENV": JSON.stringify("development") },
    build: {
      write: false,
      minify: false,
      lib: { entry: fileURLToPath(new URL("react-host.ts", import.meta.url)), formats: ["iife"], name: "strict" },
    },
  });
  const [bundle] = [result].flat();
  if (!bundle || !("output" in bundle)) throw new Error("no bundle");
  const complaints = await visit(page, demo, { body: `<div id="screen"></div>`, script: bundle.output[0].code });
  const ticketPage = new TicketPage(page, demo);
  await ticketPage.expand();
  await expect(page.locator("iframe")).toHaveCount(1);
  await page.getByRole("button", { name: "Next ticket" }).click();
  await expect(ticketPage.pod.getByText("Priya Shah").first()).toBeVisible();
  await expect(ticketPage.pod.getByText("Dana Reyes")).toHaveCount(0);
  await ticketPage.expand();
  await ticketPage.send("@fabrikam.example", "Link");
  await ticketPage.endUser(await demo.link(), "Validate");
  await expect(page.locator("output")).toHaveText("priya-shah on 4709");
  await expect(page.locator("iframe")).toHaveCount(1);
  expect(complaints).toEqual([]);
});
