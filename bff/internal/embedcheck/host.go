package embedcheck

import (
	"context"
	"net/http"
	"slices"
	"strings"
)

// checkHost checks the page that frames the pod.
func (k *check) checkHost(ctx context.Context) {
	p, err := k.get(ctx, k.Host)
	switch {
	case err != nil:
		why, next := unreachable(err)
		k.warn(next, "the host page can't be looked at: %s", why)
		return
	case p.status != http.StatusOK:
		k.warn("Look at its headers in a browser that is signed in: Content-Security-Policy must have frame-src and script-src "+k.origin+".",
			"the host page can't be looked at: it answers %d, as pages do that ask for a sign-in", p.status)
		return
	}
	k.checkPolicy(p)
	value := p.header.Get("Cross-Origin-Embedder-Policy")
	if strings.HasPrefix(value, "require-corp") || strings.HasPrefix(value, "credentialless") {
		k.fail("Give the frame the attribute credentialless, or leave the header out on this page.", "the host page sends Cross-Origin-Embedder-Policy: %s, under which no pod loads", value)
	}
	if value := p.header.Get("Cross-Origin-Opener-Policy"); value == "same-origin" || strings.HasPrefix(value, "same-origin;") {
		k.warn("Send same-origin-allow-popups instead on this page, if technicians sign in from the pod.",
			"the host page sends Cross-Origin-Opener-Policy: %s, which cuts a sign-in's window off from the pod", value)
	}
	k.checkFrames(p)
}

// checkPolicy checks the pod against every policy of the host page, in its headers and its head.
func (k *check) checkPolicy(p response) {
	texts := slices.Concat(p.header.Values("Content-Security-Policy"), metaPolicies(p.body))
	blocked := false
	for _, policy := range policiesOf(texts) {
		frames, limited := policy.first("frame-src", "child-src", "default-src")
		if limited && !allows(frames, k.origin, originOfText(k.Host)) {
			blocked = true
			k.fail("Add to the host page's Content-Security-Policy: frame-src "+k.origin, "the host page's own policy does not let it frame the pod")
		}
		if _, sandboxed := policy["sandbox"]; sandboxed {
			k.warn("Allow scripts, same-origin, forms and popups in it.", "the host page's own policy puts it into a sandbox, and the pod with it")
		}
		blocked = k.blocksConnect(policy, p) || blocked
		sources, isLimited := policy.first("script-src-elem", "script-src", "default-src")
		if !isLimited || allows(sources, k.origin, originOfText(k.Host)) ||
			hasPrefixedSource(sources, "'nonce-") || hasPrefixedSource(sources, "'strict-dynamic'") {
			continue
		}
		const next = "Add to the host page's Content-Security-Policy: script-src "
		if strings.Contains(p.body, "/embed/v1.js") {
			blocked = true
			k.fail(next+k.origin, "the host page's own policy does not let it run the loader")
		} else {
			k.warn(next+k.origin, "the host page's own policy would not let it run the loader, if it uses it")
		}
	}
	if !blocked {
		k.pass("the host page's own policy lets it frame the pod")
	}
}

// blocksConnect reports whether the policy stops the loader from requesting a context from the page's own server.
func (k *check) blocksConnect(policy policy, p response) (blocked bool) {
	sources, limited := policy.first("connect-src", "default-src")
	own := originOfText(k.Host)
	if !limited || allows(sources, own, own) {
		return false
	}
	const next = "Add to the host page's Content-Security-Policy: connect-src 'self'"
	if strings.Contains(p.body, "context-url") {
		k.fail(next, "the host page's own policy does not let the loader ask context-url for a launch context")
		return true
	}
	k.warn(next, "the host page's own policy would not let it ask its own server for a launch context, by context-url or fetch")
	return false
}

// checkFrames checks the frames of this pod in the page's markup. The loader's own frames need no check.
func (k *check) checkFrames(p response) {
	for _, frame := range framesOf(p.body) {
		if !strings.HasPrefix(frame.src, k.origin+"/pod/") {
			continue
		}
		if !frame.sandboxed {
			k.pass("the page's frame is in no sandbox")
			continue
		}
		for _, need := range []string{"allow-scripts", "allow-same-origin"} {
			if !slices.Contains(frame.sandbox, need) {
				k.fail("Give the frame sandbox=\"allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox\".", "the page's frame has a sandbox without %s", need)
			}
		}
		for _, need := range []string{"allow-popups", "allow-popups-to-escape-sandbox"} {
			if !slices.Contains(frame.sandbox, need) {
				k.warn("Add it to the frame's sandbox.", "the page's frame has a sandbox without %s: nobody can sign in from it", need)
			}
		}
	}
}
