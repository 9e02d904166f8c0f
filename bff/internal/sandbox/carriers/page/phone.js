// The phone and the mailbox: reads the messages and draws them. The content of
// messages is inserted as text, never as markup; a mail's own HTML is shown in a sandboxed frame.

const shown = 200;
const modeLabels = {
  ok: "behaves well",
  slow: "takes 3 seconds to answer",
  cut: "takes the message, then hangs up",
  429: "too many requests, come back later",
  "5xx": "an error of its own",
  throttled: "throttled, in its own words",
  lost_receipt: "never says it was delivered",
  duplicate_receipt: "says everything twice",
  forged_receipt: "somebody forges the receipt",
  out_of_order: "says “delivered” before “sent”",
  refuse: "refuses the recipient",
  stop: "says the number texted STOP",
  landline: "says the number is a landline",
  mailbox_full: "says the mailbox is full",
  down: "is down",
};

const $ = (selector) => document.querySelector(selector);
const state = { messages: [], names: {}, phone: "", mailbox: "", letter: "", newest: 0, ahead: 0 };

const make = (tag, className, text) => {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
};
const hours = (at) => new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
const of = (kind) => state.messages.filter((m) => m.kind === kind);
const who = (address) => (state.names[address] ? `${state.names[address]} · ${address}` : address);

// owners lists the phones or mailboxes: those with names, and the latest recipients.
const owners = (kind) => {
  const named = Object.keys(state.names).filter((a) => a.startsWith("+") === (kind === "sms"));
  return [...new Set([...of(kind).slice(0, 40).map((m) => m.to), ...named])].sort((a, b) => who(a).localeCompare(who(b)));
};

const fill = (select, addresses, chosen) => {
  const labels = addresses.map(who).join("\n");
  if (select.dataset.labels !== labels) {
    select.replaceChildren(...addresses.map((a) => new Option(who(a), a)));
    select.dataset.labels = labels;
  }
  select.closest("label").hidden = addresses.length === 0;
  select.value = chosen;
};

const bubble = (m) => {
  const item = make("li", "bubble");
  let text = m.text;
  if (m.code) {
    const code = text.match(/\b\d{3,4} \d{3,4}\b/)[0];
    const start = text.indexOf(code);
    item.append(text.slice(0, start), make("strong", "code", code));
    text = text.slice(start + code.length);
  }
  if (!m.link) {
    item.append(text);
    return item;
  }
  const [before, after] = [text.slice(0, text.indexOf(m.link)), text.slice(text.indexOf(m.link) + m.link.length)];
  const link = (className, label) => {
    const a = make("a", className, label);
    Object.assign(a, { href: m.link, target: "_blank", rel: "noopener noreferrer" });
    return a;
  };
  item.append(before, link("", m.link), after, link("open", "Open the link"));
  return item;
};

const drawPhone = (fresh) => {
  const phones = owners("sms");
  if (!phones.includes(state.phone)) state.phone = phones[0] ?? "";
  fill($("#phones"), phones, state.phone);
  const thread = $("#thread");
  const list = of("sms").filter((m) => m.to === state.phone).reverse();
  const sender = list.at(-1)?.from ?? "Messages";
  $(".talk strong").textContent = sender;
  $(".face").textContent = /[a-z]/i.test(sender) ? sender.match(/[a-z]/i)[0].toUpperCase() : "#";
  if (list.length === 0) {
    const empty = make("li", "empty");
    empty.append("No texts yet.", make("br"), "Send a code from the pod; it arrives here.");
    thread.replaceChildren(empty);
    return;
  }
  let last = "";
  thread.replaceChildren(...list.flatMap((m) => {
    const when = hours(m.at);
    const item = bubble(m);
    item.dataset.id = m.id;
    if (Number(m.id) > fresh) item.classList.add("fresh");
    const mark = when === last ? [] : [make("li", "when", when)];
    last = when;
    return [...mark, item];
  }));
  thread.scrollTop = thread.scrollHeight;
};

const letterButton = (m) => {
  const button = make("button");
  button.type = "button";
  button.dataset.id = m.id;
  button.setAttribute("aria-current", String(m.id === state.letter));
  const top = make("span", "top");
  top.append(make("span", "", m.from.replace(/ <.*>$/, "")), make("time", "", hours(m.at)));
  button.append(top, make("span", "subject", m.subject), make("span", "peek", m.text.replace(/^[^\n]*[,:]\n+/, "")));
  button.addEventListener("click", () => {
    state.letter = m.id;
    drawMail();
  });
  const item = make("li");
  item.append(button);
  return item;
};

const drawMail = () => {
  const boxes = owners("email");
  if (!boxes.includes(state.mailbox)) state.mailbox = boxes[0] ?? "";
  fill($("#mailboxes"), boxes, state.mailbox);
  const list = of("email").filter((m) => m.to === state.mailbox);
  const open = list.find((m) => m.id === state.letter) ?? list[0];
  state.letter = open?.id ?? "";
  const focused = document.activeElement?.closest?.("#letters") ? document.activeElement.dataset.id : undefined;
  $("#letters").replaceChildren(...list.map(letterButton));
  if (focused) $(`#letters [data-id="${CSS.escape(focused)}"]`)?.focus();
  $("#letter header").hidden = $("iframe").hidden = !open;
  $("#letter .empty").hidden = Boolean(open);
  if (!open) return;
  $("h2").textContent = open.subject;
  $(".fromto").textContent = `From ${open.from} to ${open.to}, ${hours(open.at)}`;
  const source = `/api/messages/${open.id}/html`;
  if ($("iframe").getAttribute("src") !== source) $("iframe").setAttribute("src", source);
};

// load reads the messages. The recipient of a new message is shown.
const load = async () => {
  const [messages, now] = await Promise.all([
    fetch(`/api/messages?brief=1&limit=${shown}`).then((r) => r.json()),
    fetch("/api/state").then((r) => r.json()),
  ]);
  const before = state.newest;
  Object.assign(state, { messages, names: now.names ?? {}, newest: Number(messages[0]?.id ?? 0) });
  state.ahead = new Date(now.now) - Date.now();
  const [sms, mail] = ["sms", "email"].map((kind) => of(kind).find((m) => Number(m.id) > before));
  if (sms) state.phone = sms.to;
  if (mail) Object.assign(state, { mailbox: mail.to, letter: mail.id });
  drawTools(now);
  drawPhone(before || Number.MAX_SAFE_INTEGER);
  drawMail();
  if (before && (sms || mail)) $("#said").textContent = `New ${sms ? "text message" : "e-mail"} for ${who((sms ?? mail).to)}`;
};

const drawTools = (now) => {
  $("#forward").hidden = $("#clock").hidden = !now.clock;
  for (const field of document.querySelectorAll("fieldset")) {
    const [mode, times] = field.querySelectorAll("select");
    if (!mode.length) mode.append(...now.modes[field.dataset.carrier].map((m) => new Option(modeLabels[m] ?? m, m)));
    const fault = now.carriers[field.dataset.carrier];
    if (document.activeElement !== mode) mode.value = fault.mode;
    if (fault.mode !== "ok" && document.activeElement !== times) times.value = [0, 1, 3].includes(fault.left ?? 0) ? String(fault.left ?? 0) : "3";
  }
  const faulty = Object.values(now.carriers).some((c) => c.mode !== "ok");
  $("#faults").classList.toggle("on", faulty);
  $("#faults .label").textContent = faulty ? "The carrier fails" : "Make the carrier fail";
  tick();
};

const tick = () => {
  const now = new Date(Date.now() + state.ahead);
  $("#clock time").textContent = now.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  $(".status time").textContent = hours(now);
  const minutes = Math.round(state.ahead / 60000);
  $(".ahead").hidden = minutes < 1;
  $(".ahead").textContent = `${minutes} min ahead`;
};

const post = async (path, body) => {
  const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  if (!answer.ok) $("#said").textContent = await answer.text();
  await load();
};

$("#phones").addEventListener("change", (e) => {
  state.phone = e.target.value;
  drawPhone(Number.MAX_SAFE_INTEGER);
});
$("#mailboxes").addEventListener("change", (e) => {
  Object.assign(state, { mailbox: e.target.value, letter: "" });
  drawMail();
});
$("#forward").addEventListener("click", () => post("/api/clock", { advance: "5m" }));
for (const field of document.querySelectorAll("fieldset")) {
  field.addEventListener("change", () => {
    const [mode, times] = field.querySelectorAll("select");
    post("/api/faults", { target: field.dataset.carrier, mode: mode.value, times: mode.value === "ok" ? 0 : Number(times.value) });
  });
}
document.addEventListener("click", (e) => {
  if (!$("#faults").contains(e.target)) $("#faults").open = false;
});
document.addEventListener("keydown", (e) => {
  if (e.key === "Escape" && $("#faults").open) {
    $("#faults").open = false;
    $("#faults summary").focus();
  }
});

setInterval(tick, 1000);
const news = new EventSource("/api/stream");
news.onmessage = () => load().catch(() => {});
news.onopen = () => {
  $("#offline").hidden = true;
};
news.onerror = () => {
  $("#offline").hidden = false;
};
