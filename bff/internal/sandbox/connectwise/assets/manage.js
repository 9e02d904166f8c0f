// The ticket screen: shows the pod beside the ticket, changes the ticket without loading a page, asks
// the pod before it saves, and shows new notes.

import { createHost, shapes, spellings } from "./hosted.js";

const $ = (selector) => document.querySelector(selector);
const { podUrl, podOrigin, podHeight } = $("#pod").dataset;
const query = new URLSearchParams(location.search);
const choice = (name, among, otherwise) => (Object.hasOwn(among, query.get(name)) ? query.get(name) : otherwise);
const spell = spellings[choice("keys", spellings, "documented")];

const onScreen = () => {
  const { ticket, screen } = $("#ticket").dataset;
  return { screen, id: Number(ticket), hostedAs: "pod" };
};

// Tests may have set window.sandbox before: `member` changes the member that the pod receives, or
// gives undefined for no answer.
const sandbox = { member: (data) => data, messages: [], ...window.sandbox };
window.sandbox = sandbox;

const log = (way, text) => {
  const told = String(text).replace(/("memberhash":")[^"]*/i, "$1•••");
  sandbox.messages.push({ way, text: told });
  const line = document.createElement("li");
  line.className = way;
  line.textContent = told;
  $("#traffic ol").append(line);
  $("#traffic b").textContent = sandbox.messages.length;
};

const getMemberAuthentication = async () => {
  const answer = await fetch("/session");
  const data = await sandbox.member(await answer.json());
  return data && Object.fromEntries(Object.entries(data).map(([key, value]) => [spell(key), value]));
};

const host = createHost({
  origin: podOrigin,
  shape: choice("shape", shapes, "data"),
  screen: onScreen,
  log,
  answers: {
    getMemberAuthentication,
    refreshScreen: () => void turnTo(location.href),
    setDirty: (args) => void setDirty(args?.dirty === true),
    openScreen: (args) => {
      const address = `/tickets/${Number(args?.id)}${location.search}`;
      if (args?.newTab) window.open(address, "_blank", "noopener");
      else turn(address, () => history.pushState(null, "", address));
    },
  },
});

// As in ConnectWise: a separate frame of fixed height, without the loader.
const addFrame = (address) => {
  const frame = document.createElement("iframe");
  frame.title = "Shieldpod";
  frame.height = podHeight;
  frame.src = address;
  $("#pod").append(frame);
  host.adopt(frame.contentWindow);
  return frame;
};

// Saving.

let dirty = false;
const setDirty = (is) => {
  dirty = is;
  document.body.classList.toggle("dirty", is);
  if (is) say("Not saved yet");
};
const say = (words) => {
  $("#state").textContent = words;
};
const refuse = (errors) => {
  $("#refusal").hidden = errors.length === 0;
  $("#refusal ul").replaceChildren(
    ...errors.map((text) => Object.assign(document.createElement("li"), { textContent: text })),
  );
};

async function save() {
  const { ticket } = $("#ticket").dataset;
  const status = Number($("#status").value);
  refuse([]);
  say("Waiting for Shieldpod…");
  $("#save").disabled = true;
  try {
    await host.settled();
    const told = await host.fire("beforeSave");
    if (ticket !== $("#ticket").dataset.ticket) return; // the ticket has changed meanwhile
    const errors = told.filter((a) => a.result !== "success").flatMap((a) => a.errors ?? ["Shieldpod gave no reason."]);
    if (errors.length > 0) {
      say("Not saved");
      return refuse(errors);
    }
    const answer = await fetch(`/tickets/${ticket}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ status }),
    });
    if (!answer.ok) return say("Not saved");
    setDirty(false);
    say(`Saved ${new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" })}`);
  } finally {
    $("#save").disabled = false;
  }
}

document.addEventListener("click", (click) => {
  if (click.target.closest("#save")) save();
});
document.addEventListener("change", (change) => {
  if (change.target.id === "status") setDirty(true);
});

// Changing the ticket without loading a page: the frame stays, and onLoad notifies it.

let turning = new AbortController();

async function turnTo(address) {
  turning.abort();
  turning = new AbortController();
  const answer = await fetch(address, { signal: turning.signal });
  const next = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!next.getElementById("ticket")) throw new Error(`no ticket: ${answer.status}`);
  for (const id of ["ticket", "people"]) document.getElementById(id).replaceWith(next.getElementById(id));
  document.title = next.title;
  setDirty(false);
  for (const link of document.querySelectorAll(".queue a")) {
    if (link.dataset.ticket === $("#ticket").dataset.ticket) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  host.fire("onLoad");
}

/** What can't be turned to in place is loaded as a page. */
const turn = (address, arrived) =>
  turnTo(address)
    .then(arrived)
    .catch((e) => {
      if (e.name !== "AbortError") location.assign(address);
    });

$(".queue").addEventListener("click", (click) => {
  const link = click.target.closest("a");
  if (!link || click.metaKey || click.ctrlKey || click.shiftKey || click.button !== 0) return;
  click.preventDefault();
  turn(link.href, () => history.pushState(null, "", link.href));
});
window.addEventListener("popstate", () => turn(location.href));

// New notes.

async function readNotes() {
  const { ticket } = $("#ticket").dataset;
  const answer = await fetch(location.href);
  const next = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (ticket !== $("#ticket").dataset.ticket || next.getElementById("ticket")?.dataset.ticket !== ticket) return;
  const known = new Set([...document.querySelectorAll("#notes [data-note]")].map((note) => note.dataset.note));
  for (const note of next.querySelectorAll("#notes [data-note]")) note.classList.toggle("new", !known.has(note.dataset.note));
  $("#notes")?.replaceWith(next.getElementById("notes"));
}

let first = true; // the stream sends one event when it opens
new EventSource("/stream").addEventListener("message", () => {
  if (!first) readNotes();
  first = false;
});

/** For tests: what a host that is broken, hostile or hurried does to a pod. */
Object.assign(sandbox, {
  /** Says this to the pod, word for word if it is text. */
  send: host.say,
  /** Fires an event, about another screen if told so, and gives the acknowledgements. */
  fire: (event, about) => host.fire(event, about && { ...onScreen(), ...about }),
  flood: (count, message = { event: "noise" }) => {
    for (let i = 0; i < count; i++) host.say(message);
  },
  unacknowledged: host.unacknowledged,
  addFrame: () => addFrame(podUrl),
  /** Has a frame of a foreign origin say this to the pod. */
  intrude: async (message) => {
    let frame = $("#intruder");
    if (!frame) {
      frame = Object.assign(document.createElement("iframe"), { id: "intruder", src: `${$("#pod").dataset.elsewhere}/intruder` });
      $("#traffic").append(frame);
      await new Promise((resolve) => frame.addEventListener("load", resolve, { once: true }));
    }
    frame.contentWindow.postMessage({ frame: 0, say: message }, "*");
  },
});

addFrame(podUrl);
