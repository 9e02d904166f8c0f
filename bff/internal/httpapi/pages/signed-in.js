// Passes the code to the pod that opened this window. The target origin restricts it to the pod, which has the same origin.
const code = document.querySelector('meta[name="shieldpod-code"]').content
if (window.opener) {
  window.opener.postMessage({ type: 'shieldpod:signed-in', code }, location.origin)
  window.close()
}
