// The host's side of the embedding: mount the pod once, request a signed launch context for the ticket
// on screen when the pod asks, notify the pod of another ticket, and record its reports.

const place = document.getElementById("pod");
const tag = document.querySelector("shield-pod"); // the alternative to mount(), which needs no script
const onScreen = () => document.getElementById("ticket").dataset.ticket;

/** The desk's server signs: this technician has this ticket open. */
const getContextToken = async ({ nonce }) => {
  const ticket = onScreen();
  const answer = await fetch("/context", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ticket, nonce }),
  });
  if (!answer.ok) throw new Error(`no context: ${answer.status}`);
  const { context } = await answer.json();
  if (ticket !== onScreen()) throw new Error("another ticket is on screen by now");
  return context;
};

// The pod's reports are added to the ticket's conversation. They are for display only; Shieldpod has
// the proof.

const headlines = {
  "verification:sent": "Verification sent",
  "verification:verified": "Caller verified",
  "verification:denied": "Not the caller! “I did not ask for this”",
  "verification:expired": "Verification expired",
  "verification:failed": "Verification failed",
};
const methods = { sms_code: "by SMS code", sms_link: "by SMS link", email_link: "by e-mail link" };
const reports = new Map(); // ticket → its reports, oldest first

function happened(event, headline, { contact_id, channel_id, method }) {
  const person = document.querySelector(`[data-contact="${CSS.escape(contact_id)}"]`);
  if (!person) return; // the ticket has changed meanwhile
  const channel = person.querySelector(`[data-channel="${CSS.escape(channel_id)}"]`);
  const text = [person.dataset.name, channel?.dataset.label, methods[method]].filter(Boolean).join(", ");
  const tone = event.split(":")[1];
  const time = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const report = { tone, headline, text, time };
  reports.set(onScreen(), [...(reports.get(onScreen()) ?? []), report]);
  write(report);
  if (tone !== "sent") toast(report);
}

function write({ tone, headline, text, time }) {
  const item = document.getElementById("report").content.firstElementChild.cloneNode(true);
  item.classList.add(tone);
  item.querySelector("b").textContent = headline;
  item.querySelector("time").textContent = time;
  item.querySelector("p:last-child").textContent = text;
  document.querySelector(".thread").append(item);
}

function toast({ tone, headline, text }) {
  const note = document.createElement("p");
  note.className = `toast ${tone}`;
  const title = document.createElement("b");
  title.textContent = headline;
  note.append(title, text);
  document.querySelector(".toasts").append(note);
  setTimeout(() => note.remove(), 6000);
}

// Changing the ticket without loading a page: the pod stays mounted and is notified together with the
// change of the screen.

let pod;
let turning = new AbortController();

async function turnTo(address) {
  turning.abort();
  turning = new AbortController();
  const answer = await fetch(address, { signal: turning.signal });
  if (!answer.ok) throw new Error(`no ticket: ${answer.status}`);
  const next = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of ["ticket", "people"]) document.getElementById(part).replaceWith(next.getElementById(part));
  pod?.refresh();
  tag?.setAttribute("ticket", onScreen());
  document.querySelector(".toasts").replaceChildren(); // they concern the previous ticket's caller
  document.title = next.title;
  for (const link of document.querySelectorAll(".queue a")) {
    if (link.dataset.ticket === onScreen()) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  for (const report of reports.get(onScreen()) ?? []) write(report);
}

/** What can't be turned to in place is loaded as a page. */
const turn = (address, arrived) =>
  turnTo(address)
    .then(arrived)
    .catch((e) => {
      if (e.name !== "AbortError") location.assign(address);
    });

document.querySelector(".queue").addEventListener("click", (click) => {
  const link = click.target.closest("a");
  if (!link || click.metaKey || click.ctrlKey || click.shiftKey || click.button !== 0) return;
  click.preventDefault();
  turn(link.href, () => history.pushState(null, "", link.href));
});
window.addEventListener("popstate", () => turn(location.href));

for (const [event, words] of Object.entries(headlines)) {
  tag?.addEventListener(`shieldpod:${event}`, ({ detail }) => happened(event, words, detail));
}

// Last, because this mounts at once if the pod's script is loaded already.
window.Shieldpod = window.Shieldpod || [];
window.Shieldpod.push((shieldpod) => {
  if (!place) return;
  const { tenant, theme } = place.dataset;
  pod = shieldpod.mount(place, { tenant, theme, getContextToken });
  for (const [event, words] of Object.entries(headlines)) pod.on(event, (detail) => happened(event, words, detail));
});
