// @vitest-environment happy-dom
// @vitest-environment-options { "url": "https://psa.example/tickets/4711", "settings": { "enableIframePageLoading": true, "navigation": { "disableChildFrameNavigation": true } } }

import { act, createElement, StrictMode } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { countListeners, frames, messagesTo, podOrigin, postFromPod } from "../test/frames";
import { ShieldPod, type ShieldPodProps } from "./react";

vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);

const basics: ShieldPodProps = { origin: podOrigin, tenant: "acme", getContextToken: async () => "a.b.c" };
const ready = { type: "shieldpod:ready" };

let root: Root;
let listening: () => number;

beforeEach(() => {
  listening = countListeners();
  root = createRoot(document.body.appendChild(document.createElement("main")));
});

afterEach(async () => {
  await act(() => root.unmount());
  expect(frames()).toHaveLength(0);
  expect(listening()).toBe(0);
  document.body.innerHTML = "";
});

const show = (props: Partial<ShieldPodProps> = {}) =>
  act(() => root.render(createElement(StrictMode, null, createElement(ShieldPod, { ...basics, ...props }))));

describe("<ShieldPod> under StrictMode", () => {
  it("leaves one frame and one listener after mounting twice", async () => {
    await show({ className: "side" });
    expect(frames().map((f) => [f.src, f.parentElement?.className])).toEqual([
      [`${podOrigin}/pod/acme#parent=https%3A%2F%2Fpsa.example`, "side"],
    ]);
    expect(listening()).toBe(1);
  });

  it("calls the latest callbacks, and keeps its frame for them", async () => {
    const [stale, fresh] = [vi.fn(), vi.fn()];
    await show({ onVerified: stale, getContextToken: async () => "stale" });
    const [frame] = frames();
    await show({ onVerified: fresh, getContextToken: async ({ nonce }) => `fresh for ${nonce}` });
    expect(frames()).toEqual([frame]);
    const detail = { verification_id: "v_1", contact_id: "dana", channel_id: "mobile", method: "sms_code" };
    postFromPod(frame, { type: "shieldpod:verification:verified", ...detail });
    postFromPod(frame, { type: "shieldpod:context-request", nonce: "n1" });
    await vi.waitFor(() =>
      expect(messagesTo(frame as never)).toEqual([{ type: "shieldpod:context", nonce: "n1", context: "fresh for n1" }]),
    );
    expect(stale).not.toHaveBeenCalled();
    expect(fresh.mock.calls).toEqual([[detail]]);
  });

  it.each([
    ["onReady", ready, {}],
    ["onResize", { type: "shieldpod:resize", height: 7 }, { height: 7 }],
    ["onError", { type: "shieldpod:error", code: "context_refused" }, { code: "context_refused" }],
  ])("calls %s", async (callback, message, detail) => {
    const heard = vi.fn();
    await show({ [callback]: heard });
    postFromPod(frames()[0], message);
    expect(heard.mock.calls).toEqual([[detail]]);
  });

  it("switches to another ticket in place, together with the screen", async () => {
    await show({ ticket: 4711 });
    const [frame] = frames();
    postFromPod(frame, ready);
    await show({ ticket: 4711 });
    expect(messagesTo(frame as never)).toEqual([]);
    await show({ ticket: 4712 });
    expect(frames()).toEqual([frame]);
    expect(messagesTo(frame as never)).toEqual([{ type: "shieldpod:refresh" }]);
  });

  it("changes its theme in place, and not for an equal theme in another object", async () => {
    await show({ theme: "light", variables: { accent: "teal" } });
    const [frame] = frames();
    postFromPod(frame, ready);
    await show({ theme: "light", variables: { accent: "teal" } });
    expect(messagesTo(frame as never)).toEqual([]);
    await show({ theme: "dark" });
    expect(frames()).toEqual([frame]);
    expect(messagesTo(frame as never)).toEqual([{ type: "shieldpod:look", theme: "dark" }]);
  });

  it.each([
    ["tenant", { tenant: "globex" }, `${podOrigin}/pod/globex#`],
    ["origin", { origin: "https://eu.pod.example" }, "https://eu.pod.example/pod/acme#"],
  ])("mounts another pod for another %s, without a refresh", async (_, change, address) => {
    await show({ ticket: 1 });
    const [before] = frames();
    await show({ ticket: 2, ...change });
    expect(frames()).toHaveLength(1);
    expect(frames()[0]).not.toBe(before);
    expect(frames()[0]?.src).toContain(address);
    postFromPod(frames()[0], ready);
    expect(messagesTo(frames()[0] as never)).toEqual([]);
    expect(listening()).toBe(1);
  });
});
