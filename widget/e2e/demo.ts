// A demo of its own for each test: the real binary, on ports of its own, with its own records.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test as base, expect } from "@playwright/test";
import type { components } from "../src/api.gen";
import { ConnectWise, Desk } from "./hosts";

const binary = fileURLToPath(new URL("../../bin/shieldpod", import.meta.url));

export interface Message {
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

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
};

export class Demo {
  log = "";
  private process: ChildProcess | null = null;
  private readonly dir = mkdtempSync(join(tmpdir(), "shieldpod-e2e-"));

  private constructor(
    readonly bff: string,
    readonly desk: string,
    readonly phone: string,
    /** The stand-in for ConnectWise, as browsers find it. */
    readonly manage: string,
    private readonly ports: number[],
  ) {}

  static async begin(): Promise<Demo> {
    if (!existsSync(binary)) throw new Error("there is no bin/shieldpod: run `make build` first");
    const ports = [await freePort(), await freePort(), await freePort(), await freePort()];
    const [bff, desk, phone, manage] = ports;
    const demo = new Demo(
      `http://localhost:${bff}`,
      `http://127.0.0.1:${desk}`,
      `http://127.0.0.1:${phone}`,
      `http://manage.localhost:${manage}`,
      ports,
    );
    await demo.start();
    return demo;
  }

  /** Starts it on the records that it left, and waits until it is ready. */
  async start() {
    const flags = ["--port", "--desk-port", "--phone-port", "--connectwise-port"].flatMap((flag, i) => [
      flag,
      String(this.ports[i]),
    ]);
    this.process = spawn(binary, ["demo", ...flags, "--data-dir", this.dir], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.process.stderr?.on("data", (words) => {
      this.log += words;
    });
    await expect
      .poll(
        () =>
          fetch(`${this.bff}/readyz`).then(
            (r) => r.status,
            () => 0,
          ),
        { intervals: [50] },
      )
      .toBe(200);
  }

  /** Ends it without a word, as a power cut would. */
  async kill() {
    const gone = this.process && once(this.process, "exit");
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
  misbehave = (carrier: "vonage" | "sendgrid" | "twilio" | "smtp", mode: string, times = 0) =>
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
  > => (await fetch(`${this.manageAPI}/requests`)).json();

  /** What the demo's actors keep to themselves. */
  get props(): Record<"api_key" | "north_api_key" | "sms_hook_secret", string> {
    return JSON.parse(readFileSync(join(this.dir, "demo.json"), "utf8"));
  }

  /** The admin's hand: what the API answers to the demo's own key, or to the second company's. */
  private async admin(method: string, path: string, body?: unknown, key = this.props.api_key) {
    const answer = await fetch(`${this.bff}/api/v1/${path}`, {
      method,
      headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const said = await answer.json();
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${JSON.stringify(said)}`);
    return said;
  }

  /** Sets fields of the tenant's default policy, or of a client's, beside those that are set already. */
  async policy(fields: PolicyFields, client?: { id: string; name: string }, key?: string) {
    const path = client ? `policies/clients/${client.id}` : "policies/default";
    const { settings } = await this.admin("GET", path, undefined, key);
    const put = {
      version: settings.version,
      ...(client && { name: client.name }),
      fields: { ...settings.fields, ...fields },
    };
    await this.admin("PUT", path, put, key);
  }

  unlock = (contact: string, key?: string) => this.admin("POST", `contacts/${contact}/unlock`, undefined, key);

  messages = async (): Promise<Message[]> => (await fetch(`${this.phone}/api/messages`)).json();

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

export const test = base.extend<{ demo: Demo; desk: Desk; manage: ConnectWise }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads from the pattern what a fixture needs
  demo: async ({}, use, info) => {
    const demo = await Demo.begin();
    await use(demo);
    await demo.end();
    await info.attach("the server's log", { body: demo.log });
  },
  desk: async ({ page, demo }, use) => {
    await use(new Desk(page, demo));
  },
  manage: async ({ page, demo }, use) => {
    await use(new ConnectWise(page, demo));
  },
});

export { ConnectWise, Desk, expect };
