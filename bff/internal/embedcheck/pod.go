package embedcheck

import (
	"context"
	"mime"
	"net/http"
	"slices"
	"strings"
)

// checkPage requests the pod's page; false if the answer is not the page.
func (k *check) checkPage(ctx context.Context) (response, bool) {
	p, err := k.get(ctx, k.Pod)
	if err != nil {
		why, next := unreachable(err)
		k.fail(next, "the pod can't be reached: %s", why)
		return p, false
	}
	server := "See the server's log, and /readyz."
	switch {
	case p.status >= 300 && p.status < 400:
		k.fail("Have the host use the final address: a frame's origin is the one that it ends at.", "the pod's address redirects to %s", p.header.Get("Location"))
	case p.status == http.StatusNotFound && strings.Contains(p.body, "<title>Shieldpod</title>"):
		k.fail("shieldpod tenant list shows those that there are; shieldpod tenant put "+k.tenant+" --name NAME --origin https://psa.example creates this one."+propagationNote, "there is no tenant %q", k.tenant)
	case p.status == http.StatusNotFound:
		k.fail("Check the address, and that the balancer passes /pod/ on to Shieldpod.", "the address is of something else: it answers 404, and not as Shieldpod does")
	case p.status >= 500:
		k.fail(server, "the server answers %d", p.status)
	case p.status != http.StatusOK:
		k.fail("Let nothing before Shieldpod ask for a sign-in, or block: the page holds nobody's data.", "it answers %d", p.status)
	case mediaType(p) != "text/html":
		k.fail("Check the address, and the balancer.", "it answers with %q instead of a page", mediaType(p))
	default:
		if _, ours := metaOf(p.body, "shieldpod-origins"); !ours {
			k.fail("Check the address, and that the balancer passes /pod/ on to Shieldpod.", "another page than the pod's answers there")
			return p, false
		}
		k.pass("the pod's page is there")
		return p, true
	}
	return p, false
}

// propagationNote is added to commands that change a tenant.
const propagationNote = " (running servers follow within five seconds: if you have just done so, try again then)"

// checkFraming checks which origins may frame the page, and whether a proxy has changed that.
func (k *check) checkFraming(p response) {
	const proxy = "Have the proxy or balancer before Shieldpod leave this header alone."
	if value := p.header.Get("X-Frame-Options"); value != "" {
		k.fail(proxy, "something before Shieldpod adds X-Frame-Options: %s", value)
	}
	policies := policiesOf(p.header.Values("Content-Security-Policy"))
	origins, _ := metaOf(p.body, "shieldpod-origins")
	registered := strings.Fields(origins)
	switch {
	case len(policies) == 0:
		k.fail(proxy, "the page's Content-Security-Policy is gone")
		return
	case len(policies) > 1:
		k.fail(proxy, "something before Shieldpod adds a second Content-Security-Policy, and browsers hold a page to both")
	case !slices.Equal(policies[0]["frame-ancestors"], registered) && len(registered) > 0, policies[0]["script-src"] == nil:
		k.fail(proxy, "the page's Content-Security-Policy was rewritten on the way")
	}
	if len(registered) == 0 {
		k.fail("shieldpod tenant put "+k.tenant+" --add-origin https://psa.example"+propagationNote, "no origin may frame the pod of %q", k.tenant)
		return
	}
	if k.Host == "" {
		k.pass("it may be framed by %s", strings.Join(registered, ", "))
		return
	}
	origin := originOfText(k.Host)
	for _, policy := range policies {
		ancestors, limited := policy["frame-ancestors"]
		if limited && !allows(ancestors, origin, k.origin) {
			k.fail("shieldpod tenant put "+k.tenant+" --add-origin "+origin+propagationNote, "%s may not frame the pod: only %s may", origin, strings.Join(ancestors, ", "))
			return
		}
	}
	k.pass("%s may frame it", origin)
}

// checkScripts checks the scripts of the page and the host.
func (k *check) checkScripts(ctx context.Context, p response) {
	address := scriptOf(p.body)
	if address == "" {
		k.fail("Build the pod before the server: make build.", "the page loads no script")
	} else {
		k.checkScript(ctx, "the pod's script", k.origin+address)
	}
	k.checkScript(ctx, "the loader", k.origin+"/embed/v1.js")
}

func (k *check) checkScript(ctx context.Context, what, address string) {
	p, err := k.get(ctx, address)
	const pass = "Have the balancer pass /pod-assets/ and /embed/ on to Shieldpod, unchanged."
	switch {
	case err != nil:
		why, next := unreachable(err)
		k.fail(next, "%s can't be reached: %s", what, why)
	case p.status != http.StatusOK:
		k.fail(pass, "%s answers %d: %s", what, p.status, address)
	case mediaType(p) != "text/javascript" && mediaType(p) != "application/javascript":
		k.fail(pass, "%s is served as %q, which browsers don't run", what, mediaType(p))
	default:
		k.pass("%s is there", what)
	}
}

func mediaType(p response) string {
	kind, _, _ := mime.ParseMediaType(p.header.Get("Content-Type"))
	return kind
}
