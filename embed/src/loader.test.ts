import { beforeEach, describe, expect, it, vi } from "vitest";
import { type MountOptions, mount, type Page, type PodHandle } from "./loader";

const pod = "https://pod.example";

/** A page with just enough of a document to mount into. */
const fakePage = () => {
  const heard = new Set<(e: MessageEvent) => void>();
  const said: [unknown, string][] = [];
  const contentWindow = { postMessage: (message: unknown, target: string) => said.push([message, target]) };
  const reported = vi.fn();
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
    location: { origin: "https://psa.example" },
    document: { createElement: () => frame },
    addEventListener: (_: string, f: (e: MessageEvent) => void) => heard.add(f),
    removeEventListener: (_: string, f: (e: MessageEvent) => void) => heard.delete(f),
    reportError: reported,
  };
  return {
    attributes,
    frame,
    heard,
    reported,
    said,
    mount: (options: Partial<MountOptions> = {}) =>
      mount(page as unknown as Page, pod, place as unknown as Element, {
        tenant: "acme",
        getContextToken: async ({ nonce }) => `context for ${nonce}`,
        ...options,
      }),
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
  ])("is told when the host %s, and the host's developer why", async (_, give, why) => {
    page.mount({ getContextToken: give as MountOptions["getContextToken"] });
    page.deliver({ type: "shieldpod:context-request", nonce: "n1" });
    await vi.waitFor(() => expect(page.reported).toHaveBeenCalledExactlyOnceWith(why));
    expect(page.said).toEqual([[{ type: "shieldpod:context-refused", nonce: "n1" }, pod]]);
  });

  it("is told of another ticket", () => {
    page.mount().refresh();
    expect(page.said).toEqual([[{ type: "shieldpod:refresh" }, pod]]);
  });

  it("is as high as it likes to be", () => {
    page.mount();
    page.deliver({ type: "shieldpod:resize", height: 312.4 });
    expect(page.frame.style.height).toBe("313px");
  });

  const detail = { verification_id: "v_1", contact_id: "dana", channel_id: "mobile", method: "sms_code" };

  it("is listened to until the listener is taken back", () => {
    const handle: PodHandle = page.mount();
    const verified = vi.fn();
    const stop = handle.on("verification:verified", verified);
    page.deliver({ type: "shieldpod:verification:verified", ...detail });
    stop();
    page.deliver({ type: "shieldpod:verification:verified", ...detail });
    expect(verified.mock.calls).toEqual([[detail]]);
  });

  it("is gone after destroy", () => {
    page.mount().destroy();
    expect(page.frame.remove).toHaveBeenCalledOnce();
    expect(page.heard.size).toBe(0);
  });

  it.each([
    ["another origin", { origin: "https://evil.example" }],
    ["another frame", { source: {} }],
  ])("row 24: a message of %s is not heard", (_, from) => {
    const signed = vi.fn(async () => "context");
    const verified = vi.fn();
    page.mount({ getContextToken: signed }).on("verification:verified", verified);
    page.deliver({ type: "shieldpod:context-request", nonce: "n1" }, from);
    page.deliver({ type: "shieldpod:verification:verified", ...detail }, from);
    expect(signed).not.toHaveBeenCalled();
    expect(verified).not.toHaveBeenCalled();
  });
});
