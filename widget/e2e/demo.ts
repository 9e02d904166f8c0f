// The demo that a test uses: the real binary, on ports of its own, with its own records.
//
// A test has a demo of its own, unless its file says `test.use({ demoScope: "worker" })`: then the tests of one worker share
// a demo, which is reset before each of them. The demo's clock and the page's are held: time passes by `demo.forward` only,
// so that no verdict depends on how fast the machine is. `test.use({ clock: "running" })` lets both run.

import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { test as base, expect } from "@playwright/test";
import type { components } from "../src/api.gen";
import { holdTime } from "./hold-time";
import { ConnectWise, Desk, North } from "./pages";

const binary = fileURLToPath(new URL("../../bin/demo", import.meta.url));

export interface Message {
  id: string;
  kind: "sms" | "email";
  from: string;
  to: string;
  text: string;
  link?: string;
  code?: string;
}

/** down: a gateway's page; slow: half a minute; cut: does it and hangs up; inactive, mismatch: of members. */
export type ConnectWiseMode =
  | "ok"
  | "down"
  | "slow"
  | "cut"
  | "html"
  | "401"
  | "403"
  | "429"
  | "500"
  | "inactive"
  | "mismatch";

export type PolicyFields = components["schemas"]["PolicyFields"];

export type ClockMode = "held" | "running";

/** What a shared demo goes back to: the policies that it began with. */
interface Policy {
  path: string;
  key: string;
  fields: PolicyFields;
}

const carriers = ["vonage", "sendgrid", "twilio", "smtp"] as const;

/**
 * Above 10080, the highest port that browsers and Node's fetch refuse (https://fetch.spec.whatwg.org/#bad-port), and
 * below the ports that outgoing connections take, so that a demo that was killed finds its ports free again.
 */
const freePort = async (): Promise<number> => {
  for (;;) {
    const port = randomInt(11_000, 32_000);
    const server = createServer();
    const isFree = await new Promise((done) => {
      server.once("error", () => done(false));
      server.listen(port, "127.0.0.1", () => server.close(() => done(true)));
    });
    if (isFree) return port;
  }
};

export class Demo {
  log = "";
  private process: ChildProcess | null = null;
  private policies: Policy[] = [];
  private earlierMessages = 0;
  private earlierRequests = 0;
  private readonly dir = mkdtempSync(join(tmpdir(), "shieldpod-e2e-"));

  private constructor(
    readonly bff: string,
    readonly desk: string,
    readonly phone: string,
    /** The stand-in for ConnectWise, as browsers find it. */
    readonly manage: string,
    private readonly ports: number[],
    private clock: ClockMode,
  ) {}

  static async begin(clock: ClockMode = "held"): Promise<Demo> {
    if (!existsSync(binary)) throw new Error("there is no bin/demo: run `make build` first");
    for (;;) {
      const demo = await Demo.onFreePorts(clock);
      try {
        await demo.start();
        return demo;
      } catch (error) {
        await demo.end();
        if (!String(error).includes("address already in use")) throw error; // another process was quicker
      }
    }
  }

  private static async onFreePorts(clock: ClockMode): Promise<Demo> {
    const ports = [await freePort(), await freePort(), await freePort(), await freePort()];
    const [bff, desk, phone, manage] = ports;
    return new Demo(
      `http://localhost:${bff}`,
      `http://127.0.0.1:${desk}`,
      `http://127.0.0.1:${phone}`,
      `http://manage.localhost:${manage}`,
      ports,
      clock,
    );
  }

  /** Begins a demo that tests share. */
  static async beginShared(): Promise<Demo> {
    const demo = await Demo.begin();
    for (const key of [demo.credentials.api_key, demo.credentials.north_api_key]) {
      for (const path of ["policies/default", "policies/clients/contoso"]) {
        demo.policies.push({ path, key, fields: await demo.policyFields(path, key) });
      }
    }
    return demo;
  }

  /**
   * Ends what earlier tests left on a shared demo: a day later all codes, greens, cooldowns and quotas are over. Histories,
   * versions of policies and what ConnectWise was told stay: a test of those has a demo of its own.
   */
  async reset(clock: ClockMode) {
    this.clock = clock;
    this.log = "";
    for (const carrier of carriers) await this.misbehave(carrier, "ok");
    await this.misbehaveConnectWise("ok");
    await this.delayConnectWise(0);
    for (const by of ["24h", "1h"]) await this.forward(by);
    await this.tell(`${this.phone}/api/clock`, { held: clock === "held" });
    for (const { path, key, fields } of this.policies) {
      if (!isDeepStrictEqual(await this.policyFields(path, key), fields)) await this.putPolicy(path, fields, key);
    }
    for (const contact of ["dana-reyes", "marcus-lee"]) await this.unlock(contact);
    this.earlierMessages += (await this.messages()).length;
    this.earlierRequests += (await this.connectWiseRequests()).length;
  }

  /** Starts it on the records that it left, and waits until it is ready. */
  async start() {
    const flags = ["--port", "--desk-port", "--phone-port", "--connectwise-port"].flatMap((flag, i) => [
      flag,
      String(this.ports[i]),
    ]);
    this.process = spawn(binary, [...flags, "--data-dir", this.dir], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.process.stderr?.on("data", (words) => {
      this.log += words;
    });
    const { process } = this;
    const answers = () =>
      fetch(`${this.bff}/readyz`).then(
        (r) => r.ok,
        () => false,
      );
    await expect.poll(async () => process.exitCode !== null || (await answers()), { intervals: [50] }).toBe(true);
    if (process.exitCode !== null) throw new Error(`the demo has ended: ${this.log}`);
    if (this.clock === "held") await this.tell(`${this.phone}/api/clock`, { held: true });
  }

  /** Ends it without a word, as a power cut would. */
  async kill() {
    const runs = this.process?.exitCode === null;
    const gone = runs && this.process && once(this.process, "exit");
    this.process?.kill("SIGKILL");
    this.process = null;
    await gone;
  }

  async end() {
    await this.kill();
    rmSync(this.dir, { recursive: true });
  }

  private async tell(address: string, body: unknown) {
    const answer = await fetch(address, { method: "POST", body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${address}: ${answer.status} ${await answer.text()}`);
  }

  forward = (by: string) => this.tell(`${this.phone}/api/clock`, { advance: by });
  misbehave = (carrier: (typeof carriers)[number], mode: string, times = 0) =>
    this.tell(`${this.phone}/api/misbehave`, { carrier, mode, times });

  /** ConnectWise's API as scripts reach it: its name is for browsers. */
  private get manageAPI() {
    return `http://127.0.0.1:${this.ports[3]}/api`;
  }

  /** How ConnectWise treats the next requests of its REST API: those whose path has `path` in it, if one is given. */
  misbehaveConnectWise = (mode: ConnectWiseMode, times = 0, path = "") =>
    this.tell(`${this.manageAPI}/misbehave`, { system: "connectwise", mode, times, path });
  delayConnectWise = (ms: number) => this.tell(`${this.manageAPI}/delay`, { ms });
  moveConnectWise = (codebase: string) => this.tell(`${this.manageAPI}/codebase`, { codebase });

  /** What ConnectWise's REST API was asked, oldest first; as: whose session or key it was, status 0: no answer. */
  connectWiseRequests = async (): Promise<
    { method: string; path: string; query?: string; as?: string; status: number }[]
  > => (await (await fetch(`${this.manageAPI}/requests`)).json()).slice(this.earlierRequests);

  /** What the demo's actors keep to themselves. */
  get credentials(): Record<"api_key" | "north_api_key" | "sms_hook_secret", string> {
    return JSON.parse(readFileSync(join(this.dir, "demo.json"), "utf8"));
  }

  /** The admin's hand: what the API answers to the demo's own key, or to the second company's. */
  private async admin(method: string, path: string, body?: unknown, key = this.credentials.api_key) {
    const answer = await fetch(`${this.bff}/api/v1/${path}`, {
      method,
      headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const said = await answer.json();
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${JSON.stringify(said)}`);
    return said;
  }

  private async policyFields(path: string, key: string): Promise<PolicyFields> {
    return (await this.admin("GET", path, undefined, key)).overrides.fields;
  }

  private async putPolicy(path: string, fields: PolicyFields, key?: string, name?: string) {
    const { overrides } = await this.admin("GET", path, undefined, key);
    await this.admin("PUT", path, { version: overrides.version, name: name ?? overrides.name, fields }, key);
  }

  /** Sets fields of the tenant's default policy, or of a client's, beside those that are set already. */
  async policy(fields: PolicyFields, client?: { id: string; name: string }, key = this.credentials.api_key) {
    const path = client ? `policies/clients/${client.id}` : "policies/default";
    await this.putPolicy(path, { ...(await this.policyFields(path, key)), ...fields }, key, client?.name);
  }

  unlock = (contact: string, key?: string) => this.admin("POST", `contacts/${contact}/unlock`, undefined, key);

  /** The demo's time. */
  now = async () => new Date((await (await fetch(`${this.phone}/api/state`)).json()).now);

  /** What arrived in this test, newest first. */
  messages = async (): Promise<Message[]> => {
    const all: Message[] = await (await fetch(`${this.phone}/api/messages`)).json();
    return all.filter(({ id }) => Number(id) > this.earlierMessages);
  };

  /** What arrived last, once so many have arrived. */
  async arrived(count = 1): Promise<Message> {
    await expect.poll(async () => (await this.messages()).length).toBe(count);
    const [newest] = await this.messages();
    if (!newest) throw new Error("no message");
    return newest;
  }

  async code(count = 1): Promise<string> {
    return (await this.arrived(count)).code ?? "";
  }

  async link(count = 1): Promise<string> {
    return (await this.arrived(count)).link ?? "";
  }
}

/** A code that is certainly not the right one. */
export const wrong = (code: string): string => String((Number(code) + 1) % 1_000_000).padStart(6, "0");

interface Fixtures {
  demo: Demo;
  desk: Desk;
  manage: ConnectWise;
  north: North;
}

interface Options {
  /** Whose demo it is: the test's own, or one that is shared by the worker's tests and reset before each. */
  demoScope: "test" | "worker";
  clock: ClockMode;
}

/** A worker's demo, begun when the first test asks for it. */
interface SharedDemo {
  get: () => Promise<Demo>;
}

export const test = base.extend<Fixtures & Options, { sharedDemo: SharedDemo }>({
  demoScope: ["test", { option: true }],
  clock: ["held", { option: true }],
  sharedDemo: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads from the pattern what a fixture needs
    async ({}, use) => {
      let demo: Promise<Demo> | undefined;
      await use({
        get: () => {
          demo ??= Demo.beginShared();
          return demo;
        },
      });
      await (await demo)?.end();
    },
    { scope: "worker" },
  ],
  page: async ({ page, clock }, use) => {
    if (clock === "held") await holdTime(page, new Date());
    await use(page);
  },
  demo: async ({ sharedDemo, demoScope, clock }, use, info) => {
    const demo = demoScope === "worker" ? await sharedDemo.get() : await Demo.begin(clock);
    if (demoScope === "worker") await demo.reset(clock);
    await use(demo);
    if (demoScope === "test") await demo.end();
    await info.attach("the server's log", { body: demo.log });
  },
  desk: async ({ page, demo }, use) => {
    await use(new Desk(page, demo));
  },
  manage: async ({ page, demo }, use) => {
    await use(new ConnectWise(page, demo));
  },
  north: async ({ page, demo }, use) => {
    await use(new North(page, demo));
  },
});

export { ConnectWise, Desk, expect, North };
