// A foreign frame beside the pod: says to it, word for word, what the page around tells it to.
window.addEventListener("message", (e) => {
  if (e.source === window.parent) window.parent.frames[e.data.frame].postMessage(e.data.say, "*");
});
