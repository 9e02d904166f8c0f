// The page works without this script. The script reports once that a browser shows the page, shows times in the reader's
// own zone where the tenant has set none, and marks a form that no person has pressed.
const seen = () => {
  if (document.visibilityState !== "visible") return;
  document.removeEventListener("visibilitychange", seen);
  const body = new URLSearchParams({ action: "opened" });
  fetch(location.pathname, { method: "POST", body, credentials: "omit", keepalive: true }).catch(() => {});
};
if (document.body.classList.contains("open")) {
  document.addEventListener("visibilitychange", seen);
  seen();
}

// The server takes no answer marked "script". A trusted event, or a second on screen, makes it "person": events that
// other scripts make are not trusted, and assistive programs that press without an event come later than that.
const form = document.querySelector("form");
if (form) {
  const press = document.createElement("input");
  Object.assign(press, { type: "hidden", name: "press", value: "script" });
  form.append(press);
  let second;
  const events = ["pointerdown", "touchstart", "keydown", "click"];
  const person = () => {
    press.value = "person";
    clearTimeout(second);
    document.removeEventListener("visibilitychange", wait);
    for (const name of events) document.removeEventListener(name, touched, true);
  };
  const touched = (event) => event.isTrusted && person();
  const wait = () => {
    clearTimeout(second);
    if (document.visibilityState === "visible") second = setTimeout(person, 1000);
  };
  for (const name of events) document.addEventListener(name, touched, { capture: true, passive: true });
  document.addEventListener("visibilitychange", wait);
  wait();
}

for (const time of document.querySelectorAll("time:not([data-zone])")) {
  const clock = { hour: "2-digit", minute: "2-digit", timeZoneName: "short" };
  const day = document.body.classList.contains("open") ? {} : { day: "numeric", month: "short", year: "numeric" };
  time.textContent = new Date(time.dateTime).toLocaleString(document.documentElement.lang, { ...day, ...clock });
}
