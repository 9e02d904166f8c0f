import { chromium } from "@playwright/test";
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
const out = "/tmp/brandshots";
const D = "28081", P = "http://127.0.0.1:28082";
const messages = async () => (await (await fetch(P + "/api/messages")).json());
const ctx = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "de-DE" });
const page = await ctx.newPage();
page.on("console", m => { if (m.type() === "error") console.log("console:", m.text()); });
const desk = async (host, ticket) => {
  await page.goto(`http://${host}:${D}/tickets/${ticket}`);
  const pod = page.frameLocator("iframe");
  const v = pod.getByRole("button", { name: "Verify caller" });
  await pod.locator(".rows").or(v).first().waitFor();
  if (await v.isVisible()) await v.click();
  await pod.locator(".rows").waitFor();
  return pod;
};
const send = async (pod, ending, method) => {
  const before = (await messages()).length;
  await pod.getByRole("listitem").filter({ has: pod.getByText(ending, { exact: false }) }).first().getByRole("button", { name: method }).click();
  while ((await messages()).length === before) await new Promise(r => setTimeout(r, 100));
  return (await messages())[0];
};
for (const [host, ticket, mobile, mail, name] of [["nordlicht.localhost", "2041", "0042", "@hafenkontor", "nord"], ["127.0.0.1", "4711", "4821", "@contoso", "acme"], ["nordlicht.localhost", "2038", "", "@brasserie", "french"]]) {
  let pod = await desk(host, ticket);
  if (mobile) { const code = await send(pod, mobile, "code");
  console.log(name, "SMS:", code.from, code.text, "code", code.code); }
  await page.waitForTimeout(900);
  await page.screenshot({ path: `${out}/${name}-desk.png` });
  const m = await send(pod, mail, "link");
  console.log(name, "MAIL:", m.from, "|", m.subject, "|", m.text);
  const html = (await (await fetch(`${P}/api/messages/${m.id}/html`)).text());
  for (const scheme of ["light", "dark"]) {
    for (const w of [320, 600]) {
      const c = await browser.newContext({ viewport: { width: w, height: 700 }, colorScheme: scheme });
      const p = await c.newPage();
      await p.setContent(html); await p.waitForTimeout(300);
      await p.screenshot({ path: `${out}/${name}-mail-${w}-${scheme}.png`, fullPage: true });
      await c.close();
    }
    const c = await browser.newContext({ viewport: { width: 390, height: 760 }, colorScheme: scheme, javaScriptEnabled: name !== "french", locale: "de-DE", timezoneId: "Europe/Berlin" });
    const p = await c.newPage();
    p.on("console", mm => { if (mm.type() === "error") console.log("landing console:", mm.text()); });
    await p.goto(m.link); await p.waitForTimeout(1500);
    await p.screenshot({ path: `${out}/${name}-page-${scheme}.png`, fullPage: true });
    await p.goto(m.link + "?deny");
    await p.screenshot({ path: `${out}/${name}-sure-${scheme}.png`, fullPage: true });
    await c.close();
  }
}
await page.goto(P); await page.waitForTimeout(800);
await page.screenshot({ path: `${out}/phone.png` });
await browser.close();
