// Where the pod starts: it reads the fragment, wires the desk to the page, and draws.

import { render } from "preact";
import type { Look } from "../../embed/src/protocol";
import { createApi } from "./api";
import { systemClock } from "./clock";
import { createDesk } from "./desk";
import { createHost, parentOrigin, parseLook } from "./host";
import { fetchLater, later } from "./later";
import type { Socket } from "./live";
import { underWay } from "./state";
import { dress } from "./theme";
import { App } from "./views/app";

const fragment = new URLSearchParams(location.hash.slice(1));
const origin = parentOrigin(fragment);
const wear = (look: Look) => dress(document.documentElement, look);
wear(parseLook(Object.fromEntries(fragment)));

if (origin === null || window.parent === window) {
  void fetchLater().then(() => {
    const { Alone } = later.value;
    if (Alone) render(<Alone />, document.body);
  });
} else {
  const desk = createDesk({
    api: createApi((url, init) => fetch(url, init), systemClock),
    clock: systemClock,
    chance: Math.random,
    host: (onRefresh) => createHost(window, origin, systemClock, onRefresh, wear),
    dial: (): Socket => new WebSocket(`${location.origin.replace(/^http/, "ws")}/api/v1/live`),
    newKey: () => [...crypto.getRandomValues(new Uint8Array(16))].map((n) => n.toString(16).padStart(2, "0")).join(""),
  });
  desk.state.watch(() => {
    if (later.value.Pending) return;
    const { phase, pod } = desk.state.value;
    const needed = phase === "stopped" || (pod && underWay(pod, desk.state.value.now));
    if (needed) void fetchLater();
    else if (phase === "open") systemClock.after(50, () => void fetchLater()); // once this is drawn
  });
  desk.start();
  render(<App desk={desk} />, document.body);
  window.addEventListener("online", desk.wake);
  document.addEventListener("visibilitychange", desk.wake);
}
