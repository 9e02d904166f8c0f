import { beforeEach, describe, expect, it, vi } from "vitest";
import { type HostWindow, type MountOptions, mount, type PodHandle } from "./loader";

const pod = "https://pod.example";

/** A window with the minimum of a document, and a manual clock. */
const fakePage = (origin = "https://psa.example") => {
  const heard = new Set<(e: MessageEvent) => void>();
  const loaded = new Set<(e: MessageEvent) => void>();
  const said: [unknown, string][] = [];
  const contentWindow = { postMessage: (message: unknown, target: string) => said.push([message, target]) };
  const reported = vi.fn();
  const styles: Record<string, string> = {};
  const attributes: Record<string, string> = {};
  const frame = {
    contentWindow,
    style: {} as Record<string, string>,
    src: "",
    title: "",
    setAttribute: (name: string, value: string) => {
      attributes[name] = value;
    },
    remove: vi.fn(),
  };
  const place = { append: vi.fn() };
  const page = {
    location: { origin },
    document: { createElement: () => frame },
    getComputedStyle: () => ({ getPropertyValue: (name: string) => styles[name] ?? "" }),
    setTimeout: (f: () => void, ms: number) => setTimeout(f, ms),
    clearTimeout,
    addEventListener: (type: string, f: (e: MessageEvent) => void) => (type === "load" ? loaded : heard).add(f),
    removeEventListener: (type: string, f: (e: MessageEvent) => void) => (type === "load" ? loaded : heard).delete(f),
    reportError: reported,
  };
  return {
    attributes,
    frame,
    heard,
    loaded,
    place,
    reported,
    said,
    styles,
    mount: (options: Partial<MountOptions> = {}, podOrigin = pod, into: unknown = place) =>
      mount(page as unknown as HostWindow, podOrigin, into as Element, {
        tenant: "acme",
        getContextToken: async ({ nonce }) => `context for ${nonce}`,
        ...options,
      }),
    load: () => {
      for (const f of loaded) f({} as never);
    },
    deliver: (data: unknown, from: { origin?: string; source?: unknown } = {}) => {
      for (const f of [...heard]) f({ data, origin: pod, source: contentWindow, ...from } as MessageEvent);
    },
  };
};

describe("a mounted pod", () => {
  let page: ReturnType<typeof fakePage>;
  beforeEach(() => {
    page = fakePage();
  });

  it("is a sandboxed frame of the script's own origin that knows its parent", () => {
    page.mount({ tenant: "ac/me", theme: "dark", variables: { accent: "teal" } });
    expect(page.frame.src).toBe(`${pod}/pod/ac%2Fme#parent=https%3A%2F%2Fpsa.example&theme=dark&accent=teal`);
    expect(page.frame.title).toBe("Caller verification");
    expect(page.frame.style.colorScheme).toBe("dark");
    expect(page.attributes.sandbox).toBe(
      "allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox",
    );
  });

  it("gets the context that the host signs for its nonce, at its exact origin", async () => {
    page.mount();
    page.deliver({ type: "shieldpod:context-request", nonce: "n1" });
    await vi.waitFor(() =>
      expect(page.said).toEqual([[{ type: "shieldpod:context", nonce: "n1", context: "context for n1" }, pod]]),
    );
  });

  const signedOut = new Error("signed out");
  const noToken = new TypeError("getContextToken gave no token");
  it.each<[string, () => unknown, Error]>([
    ["can't sign", () => Promise.reject(signedOut), signedOut],
    [
      "throws at once",
      () => {
        throw signedOut;
      },
      signedOut,
    ],
    ["gives nothing", async () => undefined, noToken],
    ["gives an empty token", async () => "", noToken],
    ["gives the whole answer", async () => ({ context: "a.b.c" }), noToken],
  ])("gets a refusal when the host %s, and the error is reported", async (_, give, why) => {
    page.mount({ getContextToken: give as MountOptions["getContextToken"] });
    page.deliver({ type: "shieldpod:context-request", nonce: "n1" });
    await vi.waitFor(() => expect(page.reported).toHaveBeenCalledExactlyOnceWith(why));
    expect(page.said).toEqual([[{ type: "shieldpod:context-refused", nonce: "n1" }, pod]]);
  });

  it("gets a refresh, once it has sent a message", () => {
    const handle = page.mount();
    handle.refresh();
    expect(page.said).toEqual([]); // it has not requested a context yet, and will get that of the new ticket
    page.deliver({ type: "shieldpod:ready" });
    handle.refresh();
    expect(page.said).toEqual([[{ type: "shieldpod:refresh" }, pod]]);
  });

  it("uses the container's CSS variables where the options have no value", () => {
    Object.assign(page.styles, { "--shieldpod-accent": " teal", "--shieldpod-font": "Inter" });
    page.mount({ variables: { font: "Georgia" } });
    expect(page.frame.src).toBe(`${pod}/pod/acme#parent=https%3A%2F%2Fpsa.example&accent=teal&font=Georgia`);
    expect(page.frame.style.colorScheme).toBe("light dark");
  });

  it("uses a style sheet that loads later", () => {
    page.mount();
    page.deliver({ type: "shieldpod:ready" });
    page.load();
    expect(page.said).toEqual([]);
    page.styles["--shieldpod-accent"] = "teal";
    page.load();
    expect(page.said).toEqual([[{ type: "shieldpod:look", accent: "teal" }, pod]]);
  });

  it("gets another theme once, and again when its frame is reloaded", () => {
    const handle = page.mount({ variables: { radius: "2px" } });
    page.deliver({ type: "shieldpod:ready" });
    handle.update({ theme: "dark" });
    handle.update({ theme: "dark" });
    const look = [{ type: "shieldpod:look", theme: "dark", radius: "2px" }, pod];
    expect(page.said).toEqual([look]);
    expect(page.frame.style.colorScheme).toBe("dark");
    page.deliver({ type: "shieldpod:context-request", nonce: "n1" });
    expect(page.said).toEqual([look, look]);
  });

  it("reports an error when its frame sends no message", () => {
    vi.useFakeTimers();
    const failed = vi.fn();
    page.mount().on("error", failed);
    vi.advanceTimersByTime(19_999);
    expect(failed).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(failed.mock.calls).toEqual([[{ code: "pod_timeout" }]]);
    const other = fakePage();
    other.mount().on("error", failed);
    other.deliver({ type: "shieldpod:context-request", nonce: "n1" });
    const gone = fakePage();
    gone.mount().destroy();
    vi.advanceTimersByTime(60_000);
    expect(failed).toHaveBeenCalledOnce();
    vi.useRealTimers();
  });

  it("has the height that the pod requests", () => {
    page.mount();
    page.deliver({ type: "shieldpod:resize", height: 312.4 });
    expect(page.frame.style.height).toBe("313px");
  });

  const detail = { verification_id: "v_1", contact_id: "dana", channel_id: "mobile", method: "sms_code" };

  it("calls a listener until it is removed", () => {
    const handle: PodHandle = page.mount();
    const verified = vi.fn();
    const stop = handle.on("verification:verified", verified);
    page.deliver({ type: "shieldpod:verification:verified", ...detail });
    stop();
    page.deliver({ type: "shieldpod:verification:verified", ...detail });
    expect(verified.mock.calls).toEqual([[detail]]);
  });

  it("calls every listener, also after one that throws or removes itself", () => {
    const handle = page.mount();
    const fault = new Error("the host's");
    const stop = handle.on("ready", () => stop());
    handle.on("ready", () => {
      throw fault;
    });
    const last = vi.fn();
    handle.on("ready", last);
    page.deliver({ type: "shieldpod:ready" });
    expect(last).toHaveBeenCalledOnce();
    expect(page.reported).toHaveBeenCalledExactlyOnceWith(fault);
  });

  it("is removed by destroy, and stays removed", () => {
    const handle = page.mount();
    page.deliver({ type: "shieldpod:ready" });
    handle.destroy();
    handle.destroy();
    expect(page.frame.remove).toHaveBeenCalled();
    expect([page.heard.size, page.loaded.size]).toEqual([0, 0]);
  });

  it("is replaced by one in the same container, and does not affect it afterwards", () => {
    const first = page.mount();
    const second = page.mount();
    expect(page.frame.remove).toHaveBeenCalledOnce();
    expect(page.heard.size).toBe(1);
    first.destroy();
    const ready = vi.fn();
    second.on("ready", ready);
    page.deliver({ type: "shieldpod:ready" });
    expect(ready).toHaveBeenCalledOnce();
    page.mount();
    expect(page.heard.size).toBe(1); // the second was known, and has gone
  });

  it.each([
    ["another origin", { origin: "https://evil.example" }],
    ["a name that only begins like the pod's", { origin: `${pod}.evil.example` }],
    ["another port", { origin: `${pod}:8443` }],
    ["the same host without TLS", { origin: "http://pod.example" }],
    ["a sandbox", { origin: "null" }],
    ["another frame of the pod's origin", { source: {} }],
    ["the page itself", { source: null }],
  ])("row 24: a message of %s is ignored", (_, from) => {
    const signed = vi.fn(async () => "context");
    const verified = vi.fn();
    page.mount({ getContextToken: signed }).on("verification:verified", verified);
    page.deliver({ type: "shieldpod:context-request", nonce: "n1" }, from);
    page.deliver({ type: "shieldpod:verification:verified", ...detail }, from);
    expect(signed).not.toHaveBeenCalled();
    expect(verified).not.toHaveBeenCalled();
    expect(page.said).toEqual([]);
  });
});

describe("a pod is not mounted", () => {
  it.each([
    ["from a page of an origin", "https://psa.example", "https://pod.example/embed"],
    ["from an origin with a slash", "https://psa.example", "https://pod.example/"],
    ["from capitals", "https://psa.example", "https://Pod.example"],
    ["from a default port", "https://psa.example", "https://pod.example:443"],
    ["from a script's address", "https://psa.example", "javascript:alert(1)"],
    ["from a data address", "https://psa.example", "data:text/html,x"],
    ["from everywhere", "https://psa.example", "*"],
    ["from nowhere", "https://psa.example", ""],
    ["from no text at all", "https://psa.example", undefined],
    ["into a sandboxed page", "null", pod],
    ["into a file", "file://", pod],
  ])("%s", (_, pageOrigin, podOrigin) => {
    const page = fakePage(pageOrigin);
    expect(() => page.mount({}, podOrigin === undefined ? (null as never) : podOrigin)).toThrow(TypeError);
    expect(page.place.append).not.toHaveBeenCalled();
    expect(page.heard.size).toBe(0);
  });

  it("into no element, or for no tenant", () => {
    const page = fakePage();
    expect(() => page.mount({}, pod, null)).toThrow("Shieldpod can't mount: there is no such element");
    expect(() => page.mount({ tenant: "" })).toThrow("Shieldpod can't mount: no tenant");
    expect(page.heard.size).toBe(0);
  });
});
