// The demo that a test uses: the real binary, on its own ports, with its own records.
//
// Each test has its own demo, unless its file has `test.use({ demoScope: "worker" })`: then the tests of a worker share a
// demo, which is reset before each test. The clocks of the demo and of the page are held: time passes only by
// `demo.forward`, so that no result depends on the speed of the machine. `test.use({ clock: "running" })` lets both run.

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
import { ConnectWisePage, SecondTenantPage, TicketPage } from "./pages";

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

/** down: a gateway's page; slow: half a minute; cut: executes the request and drops the connection; inactive, mismatch: of members. */
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

/** A policy that a shared demo is reset to. */
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
    readonly psa: string,
    readonly phone: string,
    /** The address of the ConnectWise sandbox for browsers. */
    readonly connectwise: string,
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
        if (!String(error).includes("address already in use")) throw error; // another process took the port
      }
    }
  }

  private static async onFreePorts(clock: ClockMode): Promise<Demo> {
    const ports = [await freePort(), await freePort(), await freePort(), await freePort()];
    const [bff, psa, phone, connectwise] = ports;
    return new Demo(
      `http://localhost:${bff}`,
      `http://127.0.0.1:${psa}`,
      `http://127.0.0.1:${phone}`,
      `http://manage.localhost:${connectwise}`,
      ports,
      clock,
    );
  }

  /** Starts a demo that tests share. */
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
   * Resets a shared demo: a day later all codes, verified shields, cooldowns and quotas have ended. Histories, policy
   * versions and requests to ConnectWise stay: a test of those has its own demo.
   */
  async reset(clock: ClockMode) {
    this.clock = clock;
    this.log = "";
    for (const carrier of carriers) await this.setFault(carrier, "ok");
    await this.setConnectWiseFault("ok");
    await this.delayConnectWise(0);
    for (const by of ["24h", "1h"]) await this.forward(by);
    await this.post(`${this.phone}/api/clock`, { held: clock === "held" });
    for (const { path, key, fields } of this.policies) {
      if (!isDeepStrictEqual(await this.policyFields(path, key), fields)) await this.putPolicy(path, fields, key);
    }
    for (const contact of ["dana-reyes", "marcus-lee"]) await this.unlock(contact);
    this.earlierMessages += (await this.messages()).length;
    this.earlierRequests += (await this.connectWiseRequests()).length;
  }

  /** Starts the demo on its records, and waits until it is ready. */
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
    if (this.clock === "held") await this.post(`${this.phone}/api/clock`, { held: true });
  }

  /** Kills the demo, like a power cut. */
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

  private async post(address: string, body: unknown) {
    const answer = await fetch(address, { method: "POST", body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${address}: ${answer.status} ${await answer.text()}`);
  }

  forward = (by: string) => this.post(`${this.phone}/api/clock`, { advance: by });
  setFault = (carrier: (typeof carriers)[number], mode: string, times = 0) =>
    this.post(`${this.phone}/api/faults`, { target: carrier, mode, times });

  /** The address of the ConnectWise sandbox's API for scripts: only browsers resolve its host name. */
  private get manageAPI() {
    return `http://127.0.0.1:${this.ports[3]}/api`;
  }

  /** Sets the fault mode of ConnectWise's REST API for the next requests; `path`: only for paths that contain it. */
  setConnectWiseFault = (mode: ConnectWiseMode, times = 0, path = "") =>
    this.post(`${this.manageAPI}/faults`, { target: "connectwise", mode, times, path });
  delayConnectWise = (ms: number) => this.post(`${this.manageAPI}/delay`, { ms });
  moveConnectWise = (codebase: string) => this.post(`${this.manageAPI}/codebase`, { codebase });

  /** The requests to ConnectWise's REST API, oldest first. as: the session or key; status 0: no response. */
  connectWiseRequests = async (): Promise<
    { method: string; path: string; query?: string; as?: string; status: number }[]
  > => (await (await fetch(`${this.manageAPI}/requests`)).json()).slice(this.earlierRequests);

  /** The credentials that the demo created. */
  get credentials(): Record<"api_key" | "north_api_key" | "sms_hook_secret", string> {
    return JSON.parse(readFileSync(join(this.dir, "demo.json"), "utf8"));
  }

  /** Calls the API with the demo's key, or with the second tenant's. */
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

  /** Adds fields to the tenant's default policy, or to a client's. */
  async policy(fields: PolicyFields, client?: { id: string; name: string }, key = this.credentials.api_key) {
    const path = client ? `policies/clients/${client.id}` : "policies/default";
    await this.putPolicy(path, { ...(await this.policyFields(path, key)), ...fields }, key, client?.name);
  }

  unlock = (contact: string, key?: string) => this.admin("POST", `contacts/${contact}/unlock`, undefined, key);

  /** The demo's time. */
  now = async () => new Date((await (await fetch(`${this.phone}/api/state`)).json()).now);

  /** The messages of this test, newest first. */
  messages = async (): Promise<Message[]> => {
    const all: Message[] = await (await fetch(`${this.phone}/api/messages`)).json();
    return all.filter(({ id }) => Number(id) > this.earlierMessages);
  };

  /** The newest message, once `count` messages have arrived. */
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

/** A code that differs from this one. */
export const wrongCode = (code: string): string => String((Number(code) + 1) % 1_000_000).padStart(6, "0");

interface Fixtures {
  demo: Demo;
  ticketPage: TicketPage;
  connectwise: ConnectWisePage;
  secondTenant: SecondTenantPage;
}

interface Options {
  /** test: each test has its own demo; worker: the worker's tests share one, which is reset before each. */
  demoScope: "test" | "worker";
  clock: ClockMode;
}

/** A worker's demo, started when the first test needs it. */
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
  ticketPage: async ({ page, demo }, use) => {
    await use(new TicketPage(page, demo));
  },
  connectwise: async ({ page, demo }, use) => {
    await use(new ConnectWisePage(page, demo));
  },
  secondTenant: async ({ page, demo }, use) => {
    await use(new SecondTenantPage(page, demo));
  },
});

export { ConnectWisePage, expect, SecondTenantPage, TicketPage };
