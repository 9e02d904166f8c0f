// The page is whole without this script. It tells, once, that a person's browser shows the
// page, and says the time in that person's own zone. It never answers for anybody.
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
for (const time of document.querySelectorAll("time")) {
  time.textContent = new Date(time.dateTime).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
}
