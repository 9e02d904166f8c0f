// A foreign frame beside the pod: it forwards the messages of the surrounding page to the pod.
window.addEventListener("message", (e) => {
  if (e.source === window.parent) window.parent.frames[e.data.frame].postMessage(e.data.say, "*");
});
