// Hands the code to the pod that opened this window, and to nobody else: the pod is of this very origin.
const code = document.querySelector('meta[name="shieldpod-code"]').content
if (window.opener) {
  window.opener.postMessage({ type: 'shieldpod:signed-in', code }, location.origin)
  window.close()
}
