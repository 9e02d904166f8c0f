// The test harness of the controller: a fake host, server and network under the test's control.

import type { ErrorCode } from "../../embed/src/protocol";
import { type Api, ApiError, NetworkError } from "../src/api";
import { createController } from "../src/app/controller";
import { createClock } from "../src/clock";
import type { HostEvents } from "../src/hosts/host";
import type { Actions } from "../src/lazy/actions";
import { createCommands } from "../src/lazy/commands";
import { createPolling } from "../src/lazy/polling";
import { pressTarget } from "../src/lazy/press";
import { lazy } from "../src/lazy/registry";
import { report } from "../src/lazy/report";
import type { Socket } from "../src/live/socket";
import type {
  Channel,
  Contact,
  Pod,
  Policy,
  SendRequest,
  ServerFrame,
  SessionOpened,
  Shield,
  Verification,
} from "../src/types";

export const t0 = "2026-03-02T14:00:00.000Z";
export const secondsAfter = (seconds: number): string => new Date(Date.parse(t0) + seconds * 1000).toISOString();

export const channel = (id: string, shield: Shield = { state: "unverified" }): Channel => ({
  id,
  kind: id === "mail" ? "email" : "phone",
  label: id,
  masked: id === "mail" ? "d•••@contoso.com" : "+1 ••• ••• 4821",
  methods: id === "mail" ? [{ method: "email_link" }] : [{ method: "sms_code" }, { method: "sms_link" }],
  shield,
});

export const contact = (id: string, seq: number, channels: Channel[], isDefault = true): Contact => ({
  id,
  name: id,
  default: isDefault,
  seq,
  channels,
  history: [],
});

export const pod = (ticket = "4711", contacts = [contact("dana", 1, [channel("mobile"), channel("mail")])]): Pod => ({
  now: t0,
  tenant: { id: "acme", name: "Acme IT" },
  technician: { id: "ana", name: "Ana Ortiz" },
  technician_known: true,
  ticket: { id: ticket, number: ticket, summary: "Reset" },
  client: { id: "contoso", name: "Contoso" },
  origin: "https://psa.example",
  first_open: true,
  policy: {
    version: "1.0",
    override_note: "required",
    note_presets: ["Manager approval"],
    note_min: 3,
    note_max: 500,
    show_on_load: true,
    ticket_note: true,
    before_save: "off",
    explanations: {},
  },
  contacts,
});

export const pending = (id: string, method: Shield["method"] = "sms_code"): Shield => ({
  state: "pending",
  verification_id: id,
  method,
  stage: "queued",
  at: t0,
  until: secondsAfter(300),
  resend_at: secondsAfter(60),
  by: { id: "ana", name: "Ana Ortiz" },
  code_length: 6,
  tries_left: 3,
});

export const green = (id: string): Shield => ({
  state: "verified",
  verification_id: id,
  method: "sms_code",
  at: t0,
  until: secondsAfter(1800),
  by: { id: "ana", name: "Ana Ortiz" },
});

export const answer = (id: string, seq: number, shield: Shield, channelId = "mobile"): Verification => ({
  id,
  contact_id: "dana",
  channel_id: channelId,
  method: shield.method ?? "sms_code",
  seq,
  shield,
});

/** A request that waits for the test's response. */
export interface Call {
  what: keyof Api | keyof Actions;
  given: unknown[];
  signal: AbortSignal;
  yes(answer: unknown): Promise<void>;
  no(code: ErrorCode, status?: number, retryAfter?: number): Promise<void>;
  lost(): Promise<void>;
}

/** Runs all pending microtasks. */
export const settle = async () => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

export class FakeSocket implements Socket {
  onopen: Socket["onopen"] = null;
  onmessage: Socket["onmessage"] = null;
  onclose: Socket["onclose"] = null;
  sent: { type: string; token: string; since?: number; policy?: string }[] = [];
  closed = false;
  readyState = 0;
  send(text: string) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.closed = true;
    this.readyState = 3;
  }
  open() {
    this.readyState = 1;
    this.onopen?.({} as Event);
  }
  say(frame: ServerFrame | unknown) {
    this.onmessage?.({ data: typeof frame === "string" ? frame : JSON.stringify(frame) } as MessageEvent);
  }
  lose(code = 1006) {
    this.readyState = 3;
    this.onclose?.({ code } as CloseEvent);
  }
}

/** `polls`: with the polling fallback. `late`: lazy/ has not been loaded. */
export const createHarness = ({ polls = false, hidden = (): boolean => false, late = false } = {}) => {
  const calls: Call[] = [];
  const sockets: FakeSocket[] = [];
  const said: unknown[] = [];
  const asked: { nonce: string; give(context: string): Promise<void>; refuse(code: ErrorCode): Promise<void> }[] = [];
  let hostEvents: HostEvents = { ticketChanged() {}, ticketUpdated() {}, beforeSave: () => [] };
  let keys = 0;

  const call =
    (what: keyof Api | keyof Actions, signalAt: number) =>
    (...given: unknown[]) =>
      new Promise((resolve, reject) => {
        const then = (end: () => void) => {
          end();
          return settle();
        };
        calls.push({
          what,
          given,
          signal: given[signalAt] as AbortSignal,
          yes: (value) => then(() => resolve(value)),
          no: (code, status = 409, retryAfter = 0) =>
            then(() => reject(new ApiError(code, `server says ${code}`, status, retryAfter))),
          lost: () => then(() => reject(new NetworkError(what))),
        });
      });

  const api = {
    challenge: call("challenge", 0),
    launch: call("launch", 1),
    pod: call("pod", 1),
  } as unknown as Api;
  const actions = {
    send: call("send", 1),
    checkCode: call("checkCode", 1),
    cancel: call("cancel", 1),
    history: call("history", 1),
  } as unknown as Actions;
  const loaded = { report, pressTarget, createCommands, createActions: () => actions };
  lazy.value = late ? {} : loaded;
  /** The loads of lazy/ that wait for the test. */
  const loads: { arrive(): Promise<void>; fail(): Promise<void> }[] = [];

  const controller = createController({
    api,
    clock: createClock(),
    random: () => 1,
    dial: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket;
    },
    host: (events) => {
      hostEvents = events;
      return {
        post: (message) => said.push(message),
        async open(signal) {
          const { nonce } = await api.challenge(signal);
          const context = await new Promise<string>((resolve, reject) => {
            const then = (end: () => void) => {
              end();
              return settle();
            };
            asked.push({
              nonce,
              give: (context) => then(() => resolve(context)),
              refuse: (code) => then(() => reject(new ApiError(code))),
            });
          });
          signal.throwIfAborted();
          return api.launch({ context, nonce }, signal);
        },
      };
    },
    newKey: () => `key-${++keys}`,
    loadLazy: () =>
      new Promise((resolve) => {
        const end = (value: typeof lazy.value) => {
          lazy.value = value;
          resolve();
          return settle();
        };
        loads.push({ arrive: () => end(loaded), fail: () => end({ missing: true }) });
      }),
    ...(polls && { createPolling: (deps) => createPolling({ ...deps, hidden }) }),
  });

  const last = <T>(list: T[]): T => {
    const item = list.at(-1);
    if (item === undefined) throw new Error("nothing yet");
    return item;
  };
  const call1 = () => last(calls);
  const socket = () => last(sockets);

  /** Completes a launch: challenge, context, response, open socket. */
  const launch = async (fresh: Pod = pod(), token = "token-1") => {
    await settle();
    await call1().yes({ nonce: `nonce-${asked.length + 1}` });
    await last(asked).give(`context for ${fresh.ticket.id}`);
    const launched: SessionOpened = { token, expires_at: secondsAfter(600), pod: fresh };
    await call1().yes(launched);
    socket().open();
  };

  const event = (seq: number, shields: Record<string, Shield>, now = t0) =>
    socket().say({ type: "event", seq, now, contact_id: "dana", shields, methods: {}, history: [] });

  /** Sends a policy frame with these changes. */
  const rules = (policy: Partial<Policy>, more: Partial<Pod> = {}) => {
    const on = controller.state.value.pod ?? pod();
    const version = `${Number.parseInt(on.policy.version, 10) + 1}.0`;
    socket().say({ type: "policy", pod: { ...on, ...more, policy: { ...on.policy, version, ...policy } } });
  };

  const dana = () => {
    const who = controller.state.value.pod?.contacts.find((c) => c.id === "dana");
    if (!who) throw new Error("Dana is not on this ticket");
    return who;
  };
  const reach = (id: string) => {
    const ch = dana().channels.find((c) => c.id === id);
    if (!ch) throw new Error(`Dana has no ${id}`);
    return ch;
  };
  const shield = (id = "mobile") => reach(id).shield;

  return {
    controller,
    calls,
    sockets,
    said,
    asked,
    refresh: () => hostEvents.ticketChanged(),
    hostEvents: () => hostEvents,
    loads,
    call: call1,
    socket,
    launch,
    event,
    rules,
    dana,
    reach,
    shield,
    request: () => last(calls.filter((c) => c.what === "send")).given[3] as SendRequest,
  };
};
