package embedcheck

import (
	"context"
	"mime"
	"net/http"
	"slices"
	"strings"
)

// page asks for the pod's page; false if what came is not one.
func (k *check) page(ctx context.Context) (page, bool) {
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
		k.fail("shieldpod tenant list shows those that there are; shieldpod tenant put "+k.tenant+" --name NAME --origin https://psa.example creates this one."+follow, "there is no tenant %q", k.tenant)
	case p.status == http.StatusNotFound:
		k.fail("Check the address, and that the balancer passes /pod/ on to Shieldpod.", "the address is of something else: it answers 404, and not as Shieldpod does")
	case p.status >= 500:
		k.fail(server, "the server answers %d", p.status)
	case p.status != http.StatusOK:
		k.fail("Let nothing before Shieldpod ask for a sign-in, or block: the page holds nobody's data.", "it answers %d", p.status)
	case kindOf(p) != "text/html":
		k.fail("Check the address, and the balancer.", "it answers with %q instead of a page", kindOf(p))
	default:
		if _, ours := metaOf(p.body, "shieldpod-origins"); !ours {
			k.fail("Check the address, and that the balancer passes /pod/ on to Shieldpod.", "another page than the pod's answers there")
			return p, false
		}
		k.fine("the pod's page is there")
		return p, true
	}
	return p, false
}

// framing looks at who may frame the page, and whether somebody on the way has changed that.
// follow is added to what changes a tenant, for whoever has just done so.
const follow = " (running servers follow within five seconds: if you have just done so, try again then)"

func (k *check) framing(p page) {
	const proxy = "Have the proxy or balancer before Shieldpod leave this header alone."
	if value := p.header.Get("X-Frame-Options"); value != "" {
		k.fail(proxy, "something before Shieldpod adds X-Frame-Options: %s", value)
	}
	policies := policiesOf(p.header.Values("Content-Security-Policy"))
	origins, _ := metaOf(p.body, "shieldpod-origins")
	told := strings.Fields(origins)
	switch {
	case len(policies) == 0:
		k.fail(proxy, "the page's Content-Security-Policy is gone")
		return
	case len(policies) > 1:
		k.fail(proxy, "something before Shieldpod adds a second Content-Security-Policy, and browsers hold a page to both")
	case !slices.Equal(policies[0]["frame-ancestors"], told) && len(told) > 0, policies[0]["script-src"] == nil:
		k.fail(proxy, "the page's Content-Security-Policy was rewritten on the way")
	}
	if len(told) == 0 {
		k.fail("shieldpod tenant put "+k.tenant+" --add-origin https://psa.example"+follow, "no origin may frame the pod of %q", k.tenant)
		return
	}
	if k.Host == "" {
		k.fine("it may be framed by %s", strings.Join(told, ", "))
		return
	}
	origin := originOfText(k.Host)
	for _, policy := range policies {
		ancestors, limited := policy["frame-ancestors"]
		if limited && !allows(ancestors, origin, k.origin) {
			k.fail("shieldpod tenant put "+k.tenant+" --add-origin "+origin+follow, "%s may not frame the pod: only %s may", origin, strings.Join(ancestors, ", "))
			return
		}
	}
	k.fine("%s may frame it", origin)
}

// scripts looks at what the page and the host load.
func (k *check) scripts(ctx context.Context, p page) {
	address := scriptOf(p.body)
	if address == "" {
		k.fail("Build the pod before the server: make build.", "the page loads no script")
	} else {
		k.script(ctx, "the pod's script", k.origin+address)
	}
	k.script(ctx, "the loader", k.origin+"/embed/v1.js")
}

func (k *check) script(ctx context.Context, what, address string) {
	p, err := k.get(ctx, address)
	const pass = "Have the balancer pass /pod-assets/ and /embed/ on to Shieldpod, unchanged."
	switch {
	case err != nil:
		why, next := unreachable(err)
		k.fail(next, "%s can't be reached: %s", what, why)
	case p.status != http.StatusOK:
		k.fail(pass, "%s answers %d: %s", what, p.status, address)
	case kindOf(p) != "text/javascript" && kindOf(p) != "application/javascript":
		k.fail(pass, "%s is served as %q, which browsers don't run", what, kindOf(p))
	default:
		k.fine("%s is there", what)
	}
}

func kindOf(p page) string {
	kind, _, _ := mime.ParseMediaType(p.header.Get("Content-Type"))
	return kind
}
