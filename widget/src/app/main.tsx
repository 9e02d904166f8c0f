// Where the pod starts: it reads its page, wires the desk to its host, and draws.

import { render } from "preact";
import type { Look } from "../../../embed/src/protocol";
import { createApi } from "../api";
import { systemClock } from "../clock";
import { createConnectWise } from "../hosts/connectwise";
import { createForm } from "../hosts/form";
import { createLoader, parseLook } from "../hosts/loader";
import { createNonces } from "../hosts/nonces";
import { speak, tag, words } from "../i18n/strings";
import { fetchLater, later } from "../lazy/registry";
import type { Socket } from "../live/connection";
import { App } from "../views/app";
import { createDesk, type DeskDeps } from "./controller";
import { guard } from "./guard";
import { readPage } from "./page";
import { underWay } from "./state";
import { dress } from "./theme";

const page = readPage({
  location,
  referrer: document.referrer,
  framed: window.parent !== window,
  meta: (name) => document.querySelector<HTMLMetaElement>(`meta[name="shieldpod-${name}"]`)?.content ?? "",
});
const wear = (look: Look) => dress(document.documentElement, look);
wear(parseLook(page.look));

/** The words come while the ticket is asked for. Without them it is English. */
const spoken = speak(page.language)
  .catch(() => {})
  .then(() => {
    document.documentElement.lang = tag;
    document.title = words.title;
  });

const api = createApi((url, init) => fetch(url, init), systemClock);
const { tenant, host } = page;
const around = { window, tenant, api, clock: systemClock };

const open = (host: DeskDeps["host"]) => {
  const desk = createDesk({
    api,
    clock: systemClock,
    chance: Math.random,
    host,
    dial: (): Socket => new WebSocket(`${location.origin.replace(/^http/, "ws")}/api/v1/live`),
    feed: (deps) => later.value.createFeed?.(deps),
    newKey: () => [...crypto.getRandomValues(new Uint8Array(16))].map((n) => n.toString(16).padStart(2, "0")).join(""),
  });
  desk.state.watch(() => {
    if (later.value.Pending) return;
    const { phase, pod, now } = desk.state.value;
    const needed = phase === "stopped" || (pod && underWay(pod, now));
    if (needed) void fetchLater();
    else if (phase === "open") systemClock.after(50, () => void fetchLater()); // once this is drawn
  });
  desk.start();
  void spoken.then(() => {
    render(<App desk={desk} />, document.body);
    guard(document.body);
  });
  window.addEventListener("online", desk.wake);
  document.addEventListener("visibilitychange", desk.wake);
};

switch (host?.kind) {
  case "loader": {
    const nonces = createNonces(page.nonce, api);
    open((ears) => createLoader({ ...around, ...host, nonces, wear }, ears));
    break;
  }
  case "connectwise":
    open((ears) => createConnectWise({ ...around, ...host }, ears));
    break;
  case "form":
    open(() => createForm({ ...around, ...host }));
    break;
  default:
    void Promise.all([fetchLater(), spoken]).then(() => {
      const { Alone, createSignIn } = later.value;
      if (host?.kind === "signin" && createSignIn) {
        open(() => createSignIn({ ...around, ...host, origin: location.origin }));
      } else if (Alone) render(<Alone code={host ? "origin_mismatch" : "no_parent"} />, document.body);
    });
}
