// @vitest-environment happy-dom
// @vitest-environment-options { "url": "https://psa.example/tickets/4711", "settings": { "enableIframePageLoading": true, "navigation": { "disableChildFrameNavigation": true } } }

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { afterMicrotasks, frames, messagesTo, podOrigin, postFromPod } from "../test/frames";
import { define, type ShieldPodElement } from "./element";

define(podOrigin);

const put = async (markup: string) => {
  document.body.innerHTML = markup;
  await afterMicrotasks();
  return document.querySelector("shield-pod") as ShieldPodElement;
};

const addressOf = (frame = frames()[0]) => frame?.src.replace("#parent=https%3A%2F%2Fpsa.example", "#");
const asks = (frame = frames()[0], nonce = "n1") => postFromPod(frame, { type: "shieldpod:context-request", nonce });

const fetched = vi.fn();
const faults = vi.fn();

beforeEach(() => {
  vi.stubGlobal("fetch", fetched.mockReset());
  vi.stubGlobal("reportError", faults.mockReset());
});

afterEach(async () => {
  document.body.innerHTML = "";
  await afterMicrotasks();
  expect(frames()).toHaveLength(0);
});

describe("<shield-pod>", () => {
  it("is a pod of its script's origin, regardless of the markup, and hides its content", async () => {
    const element = await put(
      `<shield-pod tenant="acme" theme="dark" origin="https://evil.example">Loading</shield-pod>`,
    );
    expect(addressOf()).toBe(`${podOrigin}/pod/acme#&theme=dark`);
    expect(element.shadowRoot?.querySelector("slot")).toBeNull();
    expect(element.shadowRoot?.adoptedStyleSheets).toHaveLength(1);
  });

  it("waits for a tenant", async () => {
    const element = await put("<shield-pod></shield-pod>");
    expect(frames()).toHaveLength(0);
    element.tenant = "acme";
    await afterMicrotasks();
    expect(addressOf()).toBe(`${podOrigin}/pod/acme#`);
    element.tenant = null;
    await afterMicrotasks();
    expect(frames()).toHaveLength(0);
  });

  it("requests context-url on the host's own origin, with the ticket and the nonce", async () => {
    fetched.mockResolvedValue({ ok: true, json: async () => ({ context: "a.b.c" }) });
    await put(`<shield-pod tenant="acme" ticket="4711" context-url="/vouch?for=me"></shield-pod>`);
    asks();
    await vi.waitFor(() =>
      expect(messagesTo(frames()[0] as never)).toEqual([{ type: "shieldpod:context", nonce: "n1", context: "a.b.c" }]),
    );
    expect(fetched.mock.calls.map(([url, init]) => [String(url), init])).toEqual([
      [
        "https://psa.example/vouch?for=me",
        {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: `{"ticket":"4711","nonce":"n1"}`,
          redirect: "error",
        },
      ],
    ]);
  });

  it.each([
    ["is of another origin", `context-url="https://evil.example/vouch"`, 0, /another origin/],
    ["is of another scheme", `context-url="data:application/json,{}"`, 0, /another origin/],
    ["is missing", "", 0, /neither context-url nor getContextToken/],
    ["says no", `context-url="/no"`, 1, /context-url answered 403/],
    ["says nothing", `context-url="/nothing"`, 1, /gave no token/],
  ])("refuses when context-url %s", async (_, attribute, asked, why) => {
    fetched.mockImplementation(async (url: URL) =>
      url.pathname === "/no" ? { ok: false, status: 403 } : { ok: true, json: async () => ({}) },
    );
    await put(`<shield-pod tenant="acme" ${attribute}></shield-pod>`);
    asks();
    await vi.waitFor(() =>
      expect(messagesTo(frames()[0] as never)).toEqual([{ type: "shieldpod:context-refused", nonce: "n1" }]),
    );
    expect(fetched).toHaveBeenCalledTimes(asked);
    expect(faults.mock.calls[0]?.[0].message).toMatch(why);
  });

  it("calls the current getContextToken instead", async () => {
    const element = await put(`<shield-pod tenant="acme" context-url="/vouch"></shield-pod>`);
    element.getContextToken = async ({ nonce }) => `signed for ${nonce}`;
    asks();
    await vi.waitFor(() =>
      expect(messagesTo(frames()[0] as never)).toEqual([
        { type: "shieldpod:context", nonce: "n1", context: "signed for n1" },
      ]),
    );
    expect(fetched).not.toHaveBeenCalled();
  });

  it("switches to another ticket in place, once for all changes of a task", async () => {
    const element = await put(`<shield-pod tenant="acme" ticket="4711"></shield-pod>`);
    const [frame] = frames();
    postFromPod(frame, { type: "shieldpod:ready" });
    element.ticket = "4712";
    element.ticket = "4713";
    element.setAttribute("ticket", "4713");
    await afterMicrotasks();
    element.theme = "dark";
    await afterMicrotasks();
    expect(frames()).toEqual([frame]);
    expect(messagesTo(frame as never)).toEqual([
      { type: "shieldpod:refresh" },
      { type: "shieldpod:look", theme: "dark" },
    ]);
    element.refresh();
    expect(messagesTo(frame as never).at(-1)).toEqual({ type: "shieldpod:refresh" });
  });

  it("mounts another pod for another tenant", async () => {
    const element = await put(`<shield-pod tenant="acme"></shield-pod>`);
    const [first] = frames();
    element.tenant = "globex";
    await afterMicrotasks();
    expect(frames()).toHaveLength(1);
    expect(frames()[0]).not.toBe(first);
    expect(addressOf()).toBe(`${podOrigin}/pod/globex#`);
  });

  it("works beside pods of other tenants, and reacts only to its own", async () => {
    await put(`<shield-pod tenant="acme"></shield-pod><shield-pod tenant="globex"></shield-pod>`);
    const heard: [string, unknown][] = [];
    document.addEventListener("shieldpod:resize", (e) =>
      heard.push([(e.target as ShieldPodElement).tenant ?? "", e.detail]),
    );
    const [acme, globex] = frames();
    postFromPod(acme, { type: "shieldpod:resize", height: 300 });
    postFromPod(globex, { type: "shieldpod:resize", height: 200 });
    postFromPod(globex, { type: "shieldpod:resize", height: 100 }, "https://evil.example");
    expect(heard).toEqual([
      ["acme", { height: 300 }],
      ["globex", { height: 200 }],
    ]);
    expect([acme?.style.height, globex?.style.height]).toEqual(["300px", "200px"]);
  });

  it("dispatches events that bubble out of shadow roots", async () => {
    const element = await put(`<shield-pod tenant="acme"></shield-pod>`);
    const detail = { verification_id: "v_1", contact_id: "dana", channel_id: "mobile", method: "sms_code" };
    const verified = vi.fn();
    element.addEventListener("shieldpod:verification:verified", verified);
    postFromPod(frames()[0], { type: "shieldpod:verification:verified", ...detail });
    const [event] = verified.mock.lastCall ?? [];
    expect([event.detail, event.bubbles, event.composed]).toEqual([detail, true, true]);
  });

  it("keeps its pod when it is moved, and destroys it when it is removed", async () => {
    const element = await put(`<shield-pod tenant="acme"></shield-pod><section></section>`);
    const [frame] = frames();
    document.querySelector("section")?.append(element);
    await afterMicrotasks();
    expect(frames()).toEqual([frame]);
    const resized = vi.fn();
    element.addEventListener("shieldpod:resize", resized);
    postFromPod(frame, { type: "shieldpod:resize", height: 99 });
    expect(resized).toHaveBeenCalledOnce();
    element.remove();
    await afterMicrotasks();
    expect(frames()).toHaveLength(0);
    postFromPod(frame, { type: "shieldpod:resize", height: 98 });
    expect(resized).toHaveBeenCalledOnce();
    document.body.append(element);
    await afterMicrotasks();
    expect(frames()).toHaveLength(1);
    expect(frames()[0]).not.toBe(frame);
  });

  it("mounts another pod in another document", async () => {
    const element = await put(`<shield-pod tenant="acme"></shield-pod>`);
    const [frame] = frames();
    element.adoptedCallback();
    element.connectedCallback();
    await afterMicrotasks();
    expect(frames()).toHaveLength(1);
    expect(frames()[0]).not.toBe(frame);
  });

  it("reflects its properties", async () => {
    const element = await put(`<shield-pod tenant="acme" context-url="/vouch"></shield-pod>`);
    expect([element.tenant, element.ticket, element.contextUrl]).toEqual(["acme", null, "/vouch"]);
    Object.assign(element, { ticket: 4711, contextUrl: null });
    expect(element.outerHTML).toBe(`<shield-pod tenant="acme" ticket="4711"></shield-pod>`);
  });

  it("accepts properties that were set before its script had loaded", async () => {
    const element = document.createElement("shield-pod");
    Object.defineProperty(element, "tenant", { value: "early", configurable: true, writable: true, enumerable: true });
    document.body.append(element);
    await afterMicrotasks();
    expect(element.getAttribute("tenant")).toBe("early");
    expect(Object.hasOwn(element, "tenant")).toBe(false);
    expect(addressOf()).toBe(`${podOrigin}/pod/early#`);
  });
});
