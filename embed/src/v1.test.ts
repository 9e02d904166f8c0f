// @vitest-environment happy-dom
// @vitest-environment-options { "url": "https://psa.example/tickets/4711", "settings": { "enableIframePageLoading": true, "navigation": { "disableChildFrameNavigation": true } } }

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { frames, podOrigin, settled } from "../test/frames";
import type { Shieldpod } from "./window";

/** Runs the script as a tag with this address would. */
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
  it("makes the calls that waited, in their order, and every later one at once", async () => {
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

  it("runs once, however often it is loaded", async () => {
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
    await settled();
    expect(frames()).toHaveLength(1);
  });

  it("leaves alone what is not its own", async () => {
    const theirs = { mount: "ours" } as never;
    window.Shieldpod = theirs;
    await load();
    expect(window.Shieldpod).toBe(theirs);
  });

  it("says so when it is loaded as a module, which does not know its own address", async () => {
    await load(null);
    expect(window.Shieldpod).toBeUndefined();
    expect(faults.mock.calls[0]?.[0].message).toContain("<script src>");
  });
});
