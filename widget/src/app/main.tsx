// The entry point: reads the page, connects the controller to its host, and draws.

import { render } from "preact";
import type { ThemeOptions } from "../../../embed/src/protocol";
import { createApi } from "../api";
import { systemClock } from "../clock";
import { createConnectWise } from "../hosts/connectwise";
import { createForm } from "../hosts/form";
import { createLoader, parseTheme } from "../hosts/loader";
import { createNonces } from "../hosts/nonces";
import { languageTag, setLanguage, strings } from "../i18n/strings";
import { lazy, loadLazy } from "../lazy/registry";
import type { Socket } from "../live/socket";
import { App } from "../views/app";
import { type ControllerDeps, createController } from "./controller";
import { guardDom } from "./guard";
import { readPage } from "./page";
import { needsLazy } from "./state";
import { applyTheme } from "./theme";

const page = readPage({
  location,
  referrer: document.referrer,
  framed: window.parent !== window,
  meta: (name) => document.querySelector<HTMLMetaElement>(`meta[name="shieldpod-${name}"]`)?.content ?? "",
});
const applyOptions = (options: ThemeOptions) => applyTheme(document.documentElement, options);
applyOptions(parseTheme(page.theme));

/** Resolves once the language has loaded, which happens during the launch. A failed load leaves English. */
const languageLoaded = setLanguage(page.language)
  .catch(() => {})
  .then(() => {
    document.documentElement.lang = languageTag;
    document.title = strings.title;
  });

const api = createApi((url, init) => fetch(url, init), systemClock);
const { tenant, host } = page;
const hostDeps = { window, tenant, api, clock: systemClock };

const open = (host: ControllerDeps["host"]) => {
  const controller = createController({
    api,
    clock: systemClock,
    random: Math.random,
    host,
    dial: (): Socket => new WebSocket(`${location.origin.replace(/^http/, "ws")}/api/v1/live`),
    createPolling: (deps) => lazy.value.createPolling?.(deps),
    loadLazy,
    newKey: () => [...crypto.getRandomValues(new Uint8Array(16))].map((n) => n.toString(16).padStart(2, "0")).join(""),
  });
  /** A failed load is not repeated by a change of the state: a state with a countdown changes each second. */
  const load = () => void (lazy.value.missing || loadLazy());
  controller.state.subscribe(() => {
    if (lazy.value.Pending) return;
    const { phase } = controller.state.value;
    if (phase === "stopped" || needsLazy(controller.state.value)) load();
    else if (phase === "open") systemClock.after(50, load); // after this state has been drawn
  });
  controller.start();
  void languageLoaded.then(() => {
    const draw = () => render(<App controller={controller} />, document.body);
    draw();
    guardDom(document.body, () => {
      render(null, document.body);
      draw();
    });
  });
  window.addEventListener("online", controller.wake);
  document.addEventListener("visibilitychange", controller.wake);
};

switch (host?.kind) {
  case "loader": {
    const nonces = createNonces(page.nonce, api);
    open((events) => createLoader({ ...hostDeps, ...host, nonces, applyTheme: applyOptions }, events));
    break;
  }
  case "connectwise":
    open((events) => createConnectWise({ ...hostDeps, ...host }, events));
    break;
  case "form":
    open(() => createForm({ ...hostDeps, ...host }));
    break;
  default: {
    const show = () => {
      const { NoHost, createSignIn, missing } = lazy.value;
      if (host?.kind === "signin" && createSignIn) {
        open(() => createSignIn({ ...hostDeps, ...host, origin: location.origin }));
      } else if (NoHost) render(<NoHost code={host ? "origin_mismatch" : "no_parent"} />, document.body);
      else if (missing) render(<p class="hint alone">{strings.missing}</p>, document.body);
    };
    void loadLazy();
    void languageLoaded.then(() => {
      show();
      lazy.subscribe(show);
    });
  }
}
