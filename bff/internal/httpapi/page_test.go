package httpapi_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
)

const form = "application/x-www-form-urlencoded"

// meta returns the content of the page's meta element with that name.
func (a response) meta(name string) (content string, found bool) {
	_, rest, found := strings.Cut(string(a.body), `<meta name="shieldpod-`+name+`" content="`)
	content, _, _ = strings.Cut(rest, `">`)
	return content, found
}

func (h *harness) editTenant(tenant string, edit func(*admin.Tenant)) {
	h.t.Helper()
	changed, err := h.db.TenantSettings(h.t.Context(), tenant)
	if err != nil {
		h.t.Fatal(err)
	}
	edit(&changed)
	if err := storetest.PutTenantSettings(h.t.Context(), h.db, changed); err != nil {
		h.t.Fatal(err)
	}
}

func TestThePageHoldsTheSettingsOfThePod(t *testing.T) {
	h := newHarness(t)
	a := h.call(http.MethodGet, "/pod/acme", "", "")
	if origins, _ := a.meta("origins"); origins != psaOrigin {
		t.Errorf("the origins are %q", origins)
	}
	if language, _ := a.meta("language"); language != "en" {
		t.Errorf("the language is %q", language)
	}
	for _, name := range []string{"context", "signin"} {
		if content, found := a.meta(name); found {
			t.Errorf("it has %s: %q", name, content)
		}
	}
	if a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("a page with a nonce may be cached: %s", a.header.Get("Cache-Control"))
	}
	if len(a.body) > 1000 {
		t.Errorf("the page has %d bytes", len(a.body))
	}
	h.editTenant("acme", func(tenant *admin.Tenant) {
		tenant.Origins = append(tenant.Origins, "https://two.example")
		tenant.SignIn = admin.SignIn{Issuer: "https://id.example", ClientID: "pod"}
	})
	a = h.call(http.MethodGet, "/pod/acme", "", "")
	if origins, _ := a.meta("origins"); origins != psaOrigin+" https://two.example" {
		t.Errorf("the origins are %q", origins)
	}
	if signIn, _ := a.meta("signin"); signIn != "1" {
		t.Errorf("sign-in is %q", signIn)
	}
}

func TestThePagesNonceIsAChallenge(t *testing.T) {
	h := newHarness(t)
	nonce, _ := h.call(http.MethodGet, "/pod/acme", "", "").meta("nonce")
	context := h.contextWith("acme", "4711", nonce)
	a := h.call(http.MethodPost, "/api/v1/launch", "", `{"context":"`+context+`","nonce":"`+nonce+`","tenant":"acme"}`)
	if a.status != http.StatusOK {
		t.Errorf("%d: %s", a.status, a.body)
	}
}

func TestAPostedContextIsInThePageAndIsNotUsed(t *testing.T) {
	h := newHarness(t)
	context := h.context("acme", "4711")
	for _, field := range []string{"context", "token"} {
		a := h.call(http.MethodPost, "/pod/acme?context=x.y.z", "", url.Values{field: {context}, "other": {"field"}}.Encode(), "Content-Type", form, "Origin", psaOrigin)
		if got, _ := a.meta("context"); a.status != http.StatusOK || got != context {
			t.Errorf("%s: %d, context %q", field, a.status, got)
		}
	}
	if a := h.call(http.MethodPost, "/api/v1/launch", "", `{"context":"`+context+`","tenant":"acme"}`); a.status != http.StatusOK {
		t.Errorf("the launch: %d: %s", a.status, a.body)
	}
}

func TestAPostWithoutATokenIsRefusedWithAReason(t *testing.T) {
	h := newHarness(t)
	cases := []struct {
		name, body, kind, origin string
		status                   int
		says                     string
	}{
		{"a form without a token", "ticket=4711", form, psaOrigin, 422, "exactly one"},
		{"a form with nothing in it", " ", form, psaOrigin, 422, "exactly one"},
		{"a token that comes twice", "context=a.b.c&context=a.b.c", form, psaOrigin, 422, "exactly one"},
		{"a context and a token", "context=a.b.c&token=a.b.c", form, psaOrigin, 422, "exactly one"},
		{"a token of two parts", "context=a.b", form, psaOrigin, 422, "not a signed token"},
		{"a token with an empty part", "context=a..c", form, psaOrigin, 422, "not a signed token"},
		{"a token with padding", "context=a.b.c%3D", form, psaOrigin, 422, "not a signed token"},
		{"markup for a token", "context=a.b.%22%3E%3Cscript%3E", form, psaOrigin, 422, "not a signed token"},
		{"a token of more than 8 KiB", "context=a.b." + strings.Repeat("c", 8<<10), form, psaOrigin, 413, "longer than 8 KiB"},
		{"a form without an end", "context=a.b." + strings.Repeat("c", 17<<10), form, psaOrigin, 413, "too much"},
		{"a malformed form", "context=%zz", form, psaOrigin, 400, "can&#39;t be read"},
		{"JSON", `{"context":"a.b.c"}`, "application/json", psaOrigin, 415, "did not post a form"},
		{"a form of another kind", "context=a.b.c", "multipart/form-data; boundary=x", psaOrigin, 415, "did not post a form"},
		{"a malformed content type", "context=a.b.c", "text/plain;;", psaOrigin, 415, "did not post a form"},
		{"a foreign page", "context=a.b.c", form, "https://evil.example", 403, "none of those that may"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a := h.call(http.MethodPost, "/pod/acme", "", c.body, "Content-Type", c.kind, "Origin", c.origin)
			if a.status != c.status || !strings.Contains(string(a.body), c.says) || strings.Contains(string(a.body), "<script") {
				t.Errorf("%d: %s", a.status, a.body)
			}
			if kind := a.header.Get("Content-Type"); kind != "text/html; charset=UTF-8" {
				t.Errorf("it is %s", kind)
			}
		})
	}
	if h.log.Len() > 0 {
		t.Errorf("refusals are logged as errors: %s", h.log)
	}
}

func TestThreat_23_EveryPageOfThePodIsFramedByItsTenantsOriginsOnly(t *testing.T) {
	h := newHarness(t)
	h.editTenant("acme", func(tenant *admin.Tenant) { tenant.Origins = []string{psaOrigin, "https://two.example"} })
	h.tenant("bolt")
	h.editTenant("bolt", func(tenant *admin.Tenant) { tenant.Origins = nil })
	const mine, none = "frame-ancestors " + psaOrigin + " https://two.example", "frame-ancestors 'none'"
	for _, c := range []struct {
		name, method, path, body, kind string
		status                         int
		ancestors                      string
		blank                          bool
	}{
		{"the page", http.MethodGet, "/pod/acme", "", "", 200, mine, false},
		{"the page's head", http.MethodHead, "/pod/acme", "", "", 200, mine, false},
		{"the page by a form post", http.MethodPost, "/pod/acme", "context=a.b.c", form, 200, mine, false},
		{"a refused form post", http.MethodPost, "/pod/acme", "context=a", form, 422, mine, false},
		{"a post that is no form", http.MethodPost, "/pod/acme", "{}", "application/json", 415, mine, false},
		{"a tenant without origins", http.MethodGet, "/pod/bolt", "", "", 200, none, false},
		{"an unknown tenant", http.MethodGet, "/pod/nobody", "", "", 404, none, true},
		{"a form post to an unknown tenant", http.MethodPost, "/pod/nobody", "context=a.b.c", form, 404, none, true},
		{"a tenant's name in another case", http.MethodGet, "/pod/ACME", "", "", 404, none, true},
		{"a path below the page", http.MethodGet, "/pod/acme/more", "", "", 404, none, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := h.call(c.method, c.path, "", c.body, "Content-Type", c.kind)
			policy := a.header.Get("Content-Security-Policy")
			if a.status != c.status || !strings.HasSuffix(policy, c.ancestors) {
				t.Errorf("%d, %s", a.status, policy)
			}
			for _, unsafe := range []string{"unsafe-inline", "unsafe-eval", "*"} {
				if strings.Contains(policy, unsafe) {
					t.Errorf("the policy has %s: %s", unsafe, policy)
				}
			}
			if c.blank && string(a.body) != "<!doctype html><title>Shieldpod</title>" {
				t.Errorf("it is not blank: %s", a.body)
			}
			if strings.HasPrefix(a.header.Get("Content-Type"), "text/html") && a.header.Get("Permissions-Policy") == "" {
				t.Error("it has no Permissions-Policy")
			}
			if got, want := a.header.Get("X-Frame-Options"), map[string]string{mine: "", none: "DENY"}[c.ancestors]; got != want {
				t.Errorf("X-Frame-Options %q, want %q: it forbids the tenant's origins", got, want)
			}
		})
	}
}

func TestOptionsReturnsTheAllowedMethods(t *testing.T) {
	h := newHarness(t)
	a := h.call(http.MethodOptions, "/pod/acme", "", "")
	if a.status != http.StatusNoContent || a.header.Get("Allow") != "OPTIONS, GET, HEAD, POST" || a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("%d, %v", a.status, a.header)
	}
}
