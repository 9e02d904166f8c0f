// The screens that the pod is on, in the words of who uses them: start with Desk.

import { expect, type FrameLocator, type Page } from "@playwright/test";
import type { Demo } from "./demo";

/** The pod on a ticket's screen, in the words of who uses it. */
export class Desk {
  readonly pod: FrameLocator;

  constructor(
    readonly page: Page,
    readonly demo: Demo,
    frame = "iframe",
  ) {
    this.pod = page.frameLocator(frame);
  }

  async open(ticket: string, look = "") {
    await this.page.goto(`${this.demo.desk}/tickets/${ticket}${look}`);
    await this.unfold();
  }

  async reload() {
    await this.page.reload();
    await this.unfold();
  }

  /** Nothing may reload the pod: its window keeps what is put on it. */
  async unbroken() {
    const frame = this.page.frames().find((f) => f.parentFrame() !== null);
    await frame?.evaluate(() => Object.assign(window, { kept: true }));
    return async () => expect(await frame?.evaluate(() => "kept" in window)).toBe(true);
  }

  /** A ticket that was opened before shows one line. */
  async unfold() {
    const verify = this.pod.locator(".summary").getByRole("button"); // in any language
    await expect(this.pod.locator(".rows").or(verify)).toBeVisible();
    if (await verify.isVisible()) await verify.click();
    await expect(this.pod.locator(".rows")).toBeVisible();
  }

  /** The row of the channel whose mask ends so. */
  row = (ending: string) =>
    this.pod
      .getByRole("listitem")
      .filter({ has: this.pod.getByText(ending, { exact: false }) })
      .first();

  send = (ending: string, method: "Code" | "Link") =>
    this.row(ending).getByRole("button", { name: method.toLowerCase() }).click();

  get codeField() {
    return this.pod.getByLabel(/Enter code here|Code hier eingeben/);
  }

  async enter(code: string) {
    await this.codeField.fill(code);
    await this.codeField.press("Enter");
  }

  /** Another window: the end user's own. */
  async endUser(link: string, button?: "Validate" | "I did not ask for this") {
    const page = await this.page.context().newPage();
    await page.goto(link);
    if (button === "Validate") {
      await page.getByRole("button", { name: button }).click();
      await expect(page.getByRole("button", { name: button })).toBeHidden();
    }
    if (button === "I did not ask for this") {
      await page.getByRole("link", { name: button }).click();
      await page.getByRole("button", { name: "Yes, stop it" }).click();
      await expect(page.getByText("knows that you did not ask for this")).toBeVisible();
    }
    return page;
  }
}

/** The second company's desk: the same ticket system, under a name of its own. */
export class North extends Desk {
  override async open(ticket: string) {
    const desk = new URL(this.demo.desk);
    await this.page.goto(`http://nordlicht.localhost:${desk.port}/tickets/${ticket}`);
    await this.unfold();
  }
}

/** Blocks what browsers block for a frame of another site. */
export const blockStorage = (page: Page) =>
  page.addInitScript(() => {
    if (window.parent === window) return;
    for (const [owner, name] of [
      [Document.prototype, "cookie"],
      [window, "localStorage"],
      [window, "sessionStorage"],
      [window, "indexedDB"],
    ] as const) {
      Object.defineProperty(owner, name, {
        get() {
          throw new DOMException("blocked", "SecurityError");
        },
      });
    }
  });

type ScreenObject = { screen?: string; id?: number | string; hostedAs?: string };
type Acknowledgement = { event: string; _id: string; result: string; errors?: string[] };

/** What the ticket screen of ConnectWise has for tests: see manage.js. */
declare global {
  interface Window {
    sandbox: {
      member: (data: Record<string, string>) => unknown;
      messages: { way: "in" | "out" | "dropped"; text: string }[];
      send: (message: unknown) => void;
      fire: (event: string, about?: ScreenObject) => Promise<Acknowledgement[]>;
      flood: (count: number, message?: unknown) => void;
      unacknowledged: () => number;
      addFrame: () => HTMLIFrameElement;
      intrude: (message: unknown) => Promise<void>;
    };
  }
}

/** How the screen speaks: how events carry their screen, and how the keys of a member's data are spelled. */
export interface Dialect {
  shape?: "data" | "args" | "nested";
  keys?: "documented" | "camel" | "lower" | "pascal";
  pod?: "300" | "420";
}

/** The pod on ConnectWise's ticket screen, in a frame that is ConnectWise's own. */
export class ConnectWise extends Desk {
  constructor(page: Page, demo: Demo) {
    super(page, demo, "#pod iframe >> nth=0");
  }

  /** Shows the ticket's screen, whatever its pod makes of it. */
  async show(ticket: string, dialect: Dialect = {}) {
    await this.page.goto(`${this.demo.manage}/tickets/${ticket}?${new URLSearchParams({ ...dialect })}`);
  }

  override async open(ticket: string, look = "") {
    await this.page.goto(`${this.demo.manage}/tickets/${ticket}${look}`);
    await this.unfold();
  }

  /** Turns to another ticket in place, as a technician does: the frame stays and gets onLoad. */
  turnTo = (ticket: string) => this.page.locator(`.queue a[data-ticket="${ticket}"]`).click();

  /** Signs in as somebody else; the page loads again. */
  async be(name: "Ana Ortiz" | "Lee Park" | "Sam Novak" | "Robin Frost") {
    await this.page.locator(".me summary").click();
    await this.page.locator(".me").getByRole("button", { name }).click();
    await expect(this.page.locator(".me summary")).toContainText(name);
  }

  save = () => this.page.getByRole("button", { name: "Save", exact: true }).click();

  /** What became of the save, in the screen's words. */
  get state() {
    return this.page.locator("#state");
  }

  /** Why the screen did not save. */
  get refusal() {
    return this.page.locator("#refusal");
  }

  /** The ticket's notes, newest first. */
  get notes() {
    return this.page.locator("#notes li[data-note]");
  }

  /** The messages of the hosted API so far, as JSON. */
  messages = (way: "in" | "out"): Promise<Record<string, unknown>[]> =>
    this.page.evaluate(
      (way) => window.sandbox.messages.filter((m) => m.way === way).map((m) => JSON.parse(m.text)),
      way,
    );
}
