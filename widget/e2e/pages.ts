// Page objects of the pages that show the pod. Start with TicketPage.

import { expect, type FrameLocator, type Page } from "@playwright/test";
import type { Demo } from "./demo";

/** A ticket's page with its pod. */
export class TicketPage {
  readonly pod: FrameLocator;

  constructor(
    readonly page: Page,
    readonly demo: Demo,
    frame = "iframe",
  ) {
    this.pod = page.frameLocator(frame);
  }

  async open(ticket: string, look = "") {
    await this.page.goto(`${this.demo.psa}/tickets/${ticket}${look}`);
    await this.expand();
  }

  async reload() {
    await this.page.reload();
    await this.expand();
  }

  /** Returns the check that the pod has not been reloaded since: its window keeps a property. */
  async expectNoReload() {
    const frame = this.page.frames().find((f) => f.parentFrame() !== null);
    await frame?.evaluate(() => Object.assign(window, { kept: true }));
    return async () => expect(await frame?.evaluate(() => "kept" in window)).toBe(true);
  }

  /** Expands the pod: that of a ticket that was opened before is a summary line. */
  async expand() {
    const verify = this.pod.locator(".summary").getByRole("button"); // in any language
    await expect(this.pod.locator(".rows").or(verify)).toBeVisible();
    if (await verify.isVisible()) await verify.click();
    await expect(this.pod.locator(".rows")).toBeVisible();
  }

  /** The row of the channel whose masked value ends like this. */
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

  /** Opens the end user's page in another window, and presses the button. */
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

/** The demo PSA of the second tenant, on its own host name. */
export class SecondTenantPage extends TicketPage {
  override async open(ticket: string) {
    const psa = new URL(this.demo.psa);
    await this.page.goto(`http://nordlicht.localhost:${psa.port}/tickets/${ticket}`);
    await this.expand();
  }
}

/** Blocks the storage that browsers block for a cross-site frame. */
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

/** The test interface of the ConnectWise sandbox's ticket screen: see manage.js. */
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

/** The screen's dialect: the shape of events, and the spelling of the keys of a member's data. */
export interface Dialect {
  shape?: "data" | "args" | "nested";
  keys?: "documented" | "camel" | "lower" | "pascal";
  pod?: "300" | "420";
}

/** The ticket page of the ConnectWise sandbox, with the pod in ConnectWise's own frame. */
export class ConnectWisePage extends TicketPage {
  constructor(page: Page, demo: Demo) {
    super(page, demo, "#pod iframe >> nth=0");
  }

  /** Opens the ticket's screen without waiting for its pod. */
  async show(ticket: string, dialect: Dialect = {}) {
    await this.page.goto(`${this.demo.connectwise}/tickets/${ticket}?${new URLSearchParams({ ...dialect })}`);
  }

  override async open(ticket: string, look = "") {
    await this.page.goto(`${this.demo.connectwise}/tickets/${ticket}${look}`);
    await this.expand();
  }

  /** Switches to another ticket in place, as a technician does: the frame stays and gets onLoad. */
  switchTo = (ticket: string) => this.page.locator(`.queue a[data-ticket="${ticket}"]`).click();

  /** Signs in as another member; the page loads again. */
  async signInAs(name: "Ana Ortiz" | "Lee Park" | "Sam Novak" | "Robin Frost") {
    await this.page.locator(".me summary").click();
    await this.page.locator(".me").getByRole("button", { name }).click();
    await expect(this.page.locator(".me summary")).toContainText(name);
  }

  save = () => this.page.getByRole("button", { name: "Save", exact: true }).click();

  /** The result of the save, as the screen shows it. */
  get state() {
    return this.page.locator("#state");
  }

  /** The reason why the screen did not save. */
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
