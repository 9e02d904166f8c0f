// Drives Firefox and WebKit by the standard protocols of their packages. Playwright's own builds of both differ from what
// people use, and its client needs more than a released Firefox supports. Start with startFirefox.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import puppeteer, { type ElementHandle, type Frame } from "puppeteer-core";
import { Builder, By, Capabilities, type WebDriver } from "selenium-webdriver";

/** A tab of a browser, and the pod in its first frame. Elements are found by XPath. */
export interface Tab {
  open(url: string): Promise<void>;
  /** Clicks the first match; false when there is none yet, or it can't be clicked. */
  click(xpath: string, where?: "page" | "pod"): Promise<boolean>;
  /** Types into the first match, and presses Enter. */
  type(xpath: string, text: string): Promise<boolean>;
  /** The visible text. */
  text(where?: "page" | "pod"): Promise<string>;
}

export interface Browser {
  version: string;
  newTab(): Promise<Tab>;
  close(): Promise<void>;
}

const limit = 2 * 60_000; // ends a test that hangs

/** The text of the document. One that is still loading has no body, and shows nothing yet. */
const shownText = `document.body?.innerText ?? ""`;

const find = (...names: string[]): string | undefined =>
  (process.env.PATH ?? "")
    .split(delimiter)
    .flatMap((dir) => names.map((name) => join(dir, name)))
    .find((path) => existsSync(path));

export const firefox = find("firefox-esr", "firefox");
const webkitDriver = find("WebKitWebDriver");
const xvfb = find("Xvfb");

/** Why a browser can't be started; empty when it can. */
export const missing = {
  firefox: firefox ? "" : "Firefox (Debian: firefox-esr)",
  webkit: [!webkitDriver && "WebKitWebDriver (Debian: webkit2gtk-driver)", !xvfb && "Xvfb (Debian: xvfb)"]
    .filter(Boolean)
    .join(" and "),
};

/** Starts Firefox without a window. It supports WebDriver BiDi. */
export const startFirefox = async (): Promise<Browser> => {
  const browser = await puppeteer.launch({
    browser: "firefox",
    executablePath: firefox ?? "",
    headless: true,
    timeout: limit,
    protocolTimeout: limit,
    waitForInitialPage: false,
  });
  return {
    version: await browser.version(),
    newTab: async () => {
      const page = await browser.newPage();
      const inside = (where = "page"): Frame | undefined =>
        where === "page" ? page.mainFrame() : page.mainFrame().childFrames()[0];
      const first = async (xpath: string, where?: string): Promise<ElementHandle | null> =>
        (await inside(where)?.$(`xpath/${xpath}`)) ?? null;
      return {
        open: async (url) => {
          await page.goto(url, { timeout: limit, waitUntil: "load" });
        },
        click: async (xpath, where) => {
          const element = await first(xpath, where);
          return element ? pressed(element.click()) : false;
        },
        type: async (xpath, text) => {
          const field = await first(xpath, "pod");
          if (!field) return false;
          await field.type(text);
          await field.press("Enter");
          return true;
        },
        text: async (where) => String(((await inside(where)?.evaluate(shownText)) as string | undefined) ?? ""),
      };
    },
    close: () => browser.close(),
  };
};

/** Starts the browser of WebKitGTK on a virtual display. It supports WebDriver. */
export const startWebKit = async (): Promise<Browser> => {
  const screen = spawn(xvfb ?? "", ["-displayfd", "1", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [display] = await once(screen.stdout, "data");
  const port = await freePort();
  const home = mkdtempSync(join(tmpdir(), "shieldpod-webkit-"));
  const server = spawn(webkitDriver ?? "", [`--port=${port}`], {
    stdio: "ignore",
    env: {
      ...process.env,
      HOME: home,
      DISPLAY: `:${String(display).trim()}`,
      GDK_BACKEND: "x11",
      LIBGL_ALWAYS_SOFTWARE: "1",
      WEBKIT_DISABLE_COMPOSITING_MODE: "1",
    },
  });
  await listens(server, port);
  const driver = await new Builder()
    .usingServer(`http://127.0.0.1:${port}`)
    .withCapabilities(new Capabilities({ browserName: "MiniBrowser" }))
    .build();
  await driver.manage().setTimeouts({ script: limit, pageLoad: limit, implicit: 0 });
  const capabilities = await driver.getCapabilities();
  let tabs = 0;
  return {
    version: `${capabilities.getBrowserName()} ${capabilities.getBrowserVersion()}`,
    newTab: () => newWebKitTab(driver, tabs++ === 0),
    close: async () => {
      await driver.quit();
      await Promise.all([server, screen].map(stop));
      rmSync(home, { recursive: true, force: true });
    },
  };
};

const newWebKitTab = async (driver: WebDriver, isFirst: boolean): Promise<Tab> => {
  if (!isFirst) await driver.switchTo().newWindow("tab");
  const handle = await driver.getWindowHandle();
  /** Selects the tab and the frame in the driver; false when there is no frame yet. */
  const enter = async (where = "page") => {
    await driver.switchTo().window(handle);
    if (where === "page") return true;
    const [frame] = await driver.findElements(By.css("iframe"));
    if (frame) await driver.switchTo().frame(frame);
    return frame !== undefined;
  };
  const first = async (xpath: string, where?: string) =>
    (await enter(where)) ? (await driver.findElements(By.xpath(xpath)))[0] : undefined;
  return {
    open: async (url) => {
      await enter();
      await driver.get(url);
    },
    click: async (xpath, where) => {
      const element = await first(xpath, where);
      return element ? pressed(element.click()) : false;
    },
    type: async (xpath, text) => {
      const field = await first(xpath, "pod");
      await field?.sendKeys(text, "\uE007");
      return field !== undefined;
    },
    text: async (where) => ((await enter(where)) ? String(await driver.executeScript(`return ${shownText}`)) : ""),
  };
};

/** Whether a click succeeded: an element that is gone or covered is looked up again by the next try. */
const pressed = (press: Promise<void>): Promise<boolean> =>
  press.then(
    () => true,
    () => false,
  );

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
};

/** Waits until a driver answers on its port. */
const listens = async (server: ChildProcess, port: number) => {
  const isUp = () =>
    fetch(`http://127.0.0.1:${port}/status`).then(
      () => true,
      () => false,
    );
  while (!(await isUp())) {
    if (server.exitCode !== null) throw new Error(`${server.spawnfile} ended with ${server.exitCode}`);
    await new Promise((again) => setTimeout(again, 50));
  }
};

const stop = async (process: ChildProcess) => {
  if (process.exitCode !== null || process.signalCode !== null) return;
  const gone = once(process, "exit");
  process.kill();
  await gone;
};
