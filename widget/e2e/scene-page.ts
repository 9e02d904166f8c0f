// A host page and a pod on two sites without a server: the built files, and responses made from a scene.

import { readFileSync } from "node:fs";
import type { FrameLocator, Page, Route, WebSocketRoute } from "@playwright/test";
import { holdTime } from "./hold-time";
import { nearing, now } from "./scene-parts";
import type { Scene } from "./scenes";

const host = "https://psa.example";
const bff = "https://pod.example";
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' wss://pod.example; " +
  `base-uri 'none'; form-action 'none'; frame-ancestors ${host}`;

const built = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url));

/** The color schemes of a theme; "auto" follows the browser. */
const schemes = (theme: string) => (theme === "auto" ? "light dark" : theme);

const around = (theme: string, rest: string) => `<!doctype html><html lang="en"><title>Ticket</title>
<meta name="color-scheme" content="${schemes(theme)}"><style>:root{color-scheme:${schemes(theme)}}
body{margin:0;background:light-dark(#fff,#15171c)}
iframe{display:block;width:100%;border:0;color-scheme:${schemes(theme)}}</style>
<main><h1 hidden>Ticket</h1><div id="place"></div></main>${rest}`;

const loader = ({ height }: Scene, theme: string) => `<script src="${bff}/embed/v1.js"></script>
<script>
  Shieldpod.mount(document.getElementById("place"), { tenant: "acme", theme: "${theme}", getContextToken: async () => "a.b.c" });
  ${height ? `new MutationObserver(() => { const f = document.querySelector("iframe"); if (f.style.height !== "${height}px") f.style.height = "${height}px" }).observe(document.querySelector("iframe"), { attributes: true });` : ""}
</script>`;

/** A frame without a loader. */
const frame = ({ height }: Scene, query: string) =>
  `<iframe title="Shieldpod" height="${height}" src="${bff}/pod/acme?${query}"></iframe>`;

/** The minimum of ConnectWise's side of the hosted API. */
const connectwise = (scene: Scene, theme: string) => `${frame(scene, `id=4711&screen=ticket&theme=${theme}`)}<script>
  const say = (m) => document.querySelector("iframe").contentWindow.postMessage(JSON.stringify(m), "${bff}");
  addEventListener("message", (e) => {
    const m = JSON.parse(e.data);
    if (m.message === "ready") {
      say({ MessageFrameID: "MF-7" });
      say({ event: "onLoad", _id: "e1", data: { screenObject: { screen: "ticket", id: 4711, hostedAs: "pod" } } });
    }
    if (m.hosted_request) say({ response: "getmemberauthentication", data: { memberid: "aortiz", memberHash: "h4sh" } });
  });
</script>`;

const hostPage = (scene: Scene, theme: string) => {
  const pages = { connectwise, signin: () => frame(scene, `psa=halo&ticket=4711&theme=${theme}`) };
  return around(theme, scene.host ? pages[scene.host](scene, theme) : loader(scene, theme));
};

/** The pod's page with the meta elements that the server adds: allowed origins, sign-in, language. */
const podPage = (scene: Scene) => {
  const metas = [["origins", host], ...(scene.host === "signin" ? [["signin", "1"]] : [])];
  if (scene.language) metas.push(["language", scene.language]);
  const head = metas.map(([name, content]) => `<meta name="shieldpod-${name}" content="${content}">`).join("");
  return built("widget/dist/pod.html").toString().replace("</head>", `${head}</head>`);
};

export interface ScenePage {
  page: Page;
  pod: FrameLocator;
  socket: () => WebSocketRoute;
  /** From now on new sockets are closed at once. */
  cut: () => void;
  /** As `cut`, but the pod can be polled. */
  block: () => void;
  /** Errors in the console, violations of the Content-Security-Policy included. */
  consoleErrors: string[];
}

/** Serves a file of the build. */
export const serveAsset = (route: Route) => {
  const { pathname } = new URL(route.request().url());
  return route.fulfill({ path: new URL(`../dist${pathname}`, import.meta.url).pathname });
};

/** Shows a scene on the page; `serveLazy` answers the requests for the script that is loaded after the first paint. */
export const openScene = async (
  page: Page,
  scene: Scene,
  theme: "light" | "dark" | "auto",
  serveLazy: (route: Route) => unknown = serveAsset,
): Promise<ScenePage> => {
  const sockets: WebSocketRoute[] = [];
  const consoleErrors: string[] = [];
  let [isCut, isBlocked] = [false, false];
  page.on("console", (message) => {
    const refused = /status of [45]\d\d/.test(message.text()); // the browser logs every refused request; the pod shows it
    if (message.type() === "error" && !refused) consoleErrors.push(message.text());
  });
  page.on("pageerror", (error) => consoleErrors.push(String(error)));
  await holdTime(page, Date.parse(now));
  await page.routeWebSocket(`wss://pod.example/api/v1/live`, (socket) => {
    if (isCut) return socket.close({ code: 4400 });
    sockets.push(socket);
    socket.onMessage(() => {});
  });
  const launched = { token: "bearer", expires_at: "2026-03-02T15:00:00Z", pod: scene.pod };
  await page.route(`${host}/**`, (r) => r.fulfill({ contentType: "text/html", body: hostPage(scene, theme) }));
  await page.route(`${bff}/**`, (r) => {
    const { pathname } = new URL(r.request().url());
    if (pathname === "/embed/v1.js")
      return r.fulfill({ contentType: "text/javascript", body: built("embed/dist/v1.js") });
    if (pathname.startsWith("/pod/")) {
      return r.fulfill({
        contentType: "text/html",
        headers: { "Content-Security-Policy": policy },
        body: podPage(scene),
      });
    }
    if (pathname.startsWith("/pod-assets/all-")) return serveLazy(r);
    if (pathname.startsWith("/pod-assets/")) return serveAsset(r);
    if (pathname.endsWith("/challenge")) return r.fulfill({ json: { nonce: "n1", expires_at: launched.expires_at } });
    if (pathname.includes("/launch")) {
      const { status = 200, ...problem } = scene.refusal ?? {};
      return r.fulfill({
        status,
        json: scene.refusal ? { ...problem, status, type: "about:blank", title: "" } : launched,
      });
    }
    if (pathname === "/api/v1/pod") return r.fulfill(isBlocked ? { json: launched } : { status: 503, json: {} });
    if (pathname.endsWith("/verifications")) return r.fulfill({ json: nearing });
    if (pathname.endsWith("/code")) {
      return r.fulfill({
        status: 422,
        json: {
          code: "wrong_code",
          detail: "That code doesn't match. 2 tries left.",
          tries_left: 2,
          type: "about:blank",
          title: "Mismatch",
          status: 422,
        },
      });
    }
    return r.abort();
  });
  await page.goto(`${host}/`);
  const pod = page.frameLocator("iframe");
  const cut = () => {
    isCut = true;
  };
  const block = () => {
    isCut = isBlocked = true;
  };
  return { page, pod, socket: () => sockets.at(-1) as WebSocketRoute, cut, block, consoleErrors };
};

/** Shows a scene on the page and waits until its pod is drawn. */
export const showScene = async (...shown: Parameters<typeof openScene>): Promise<ScenePage> => {
  const stage = await openScene(...shown);
  await stage.pod.locator(".rows, .summary, .hint, .stopped").first().waitFor();
  return stage;
};
