// @vitest-environment happy-dom
// @vitest-environment-options { "url": "https://psa.example/tickets/4711", "settings": { "enableIframePageLoading": true, "navigation": { "disableChildFrameNavigation": true } } }

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { afterMicrotasks, frames, podOrigin } from "../test/frames";
import type { Shieldpod } from "./window";

/** Runs the script like a tag with this address. */
const load = async (src: string | null = `${podOrigin}/embed/v1.js`) => {
  const script = document.createElement("script");
  if (src) Object.defineProperty(script, "src", { value: src });
  Object.defineProperty(document, "currentScript", { value: src === null ? null : script, configurable: true });
  vi.resetModules();
  await import("./v1");
};

const options = { tenant: "acme", getContextToken: async () => "a.b.c" };
const place = () => document.body.appendChild(document.createElement("div"));
const faults = vi.fn();

beforeEach(() => {
  vi.stubGlobal("reportError", faults.mockReset());
});

afterEach(() => {
  document.body.innerHTML = "";
  delete window.Shieldpod;
});

describe("v1.js", () => {
  it("runs the waiting calls in order, and later ones at once", async () => {
    const calls: string[] = [];
    const queue = () => (window.Shieldpod ||= []);
    queue().push(() => calls.push("first"));
    queue().push(() => {
      throw new Error("the host's");
    });
    queue().push((shieldpod) => {
      calls.push("last");
      shieldpod.mount(place(), options);
    });
    await load();
    expect(calls).toEqual(["first", "last"]);
    expect(faults).toHaveBeenCalledOnce();
    expect(frames()[0]?.src).toContain(`${podOrigin}/pod/acme#`);
    queue().push(() => calls.push("late"));
    expect(calls).toEqual(["first", "last", "late"]);
  });

  it("runs once when it is loaded repeatedly", async () => {
    await load();
    const first = window.Shieldpod as Shieldpod;
    await load("https://other.example/embed/v1.js");
    expect(window.Shieldpod).toBe(first);
    first.mount(place(), options);
    expect(frames()[0]?.src).toContain(`${podOrigin}/pod/acme#`);
  });

  it("defines <shield-pod>", async () => {
    await load();
    document.body.innerHTML = `<shield-pod tenant="acme"></shield-pod>`;
    await afterMicrotasks();
    expect(frames()).toHaveLength(1);
  });

  it("does not replace a foreign global", async () => {
    const theirs = { mount: "ours" } as never;
    window.Shieldpod = theirs;
    await load();
    expect(window.Shieldpod).toBe(theirs);
  });

  it("reports an error when it is loaded as a module", async () => {
    await load(null);
    expect(window.Shieldpod).toBeUndefined();
    expect(faults.mock.calls[0]?.[0].message).toContain("<script src>");
  });
});
