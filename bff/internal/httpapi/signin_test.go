package httpapi_test

import (
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/egress"
	"github.com/shieldpod/shieldpod/bff/internal/sandbox/idp"
)

// useProvider configures a real identity provider for acme.
func (h *harness) useProvider() {
	h.t.Helper()
	var handler http.Handler
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	h.t.Cleanup(provider.Close)
	var err error
	handler, err = idp.New(idp.Config{
		URL: provider.URL, ClientID: "pod", ClientSecret: "hush", RedirectURI: publicURL + "/signin/callback",
		People: []idp.Person{{ID: "ana", Name: "Ana Ortiz", Email: "ana@acme.example"}},
		Now:    func() time.Time { return h.now }, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.launchService.Client = egress.Client(egress.Config{AllowLoopback: true, Timeout: time.Minute})
	h.editTenant("acme", func(tenant *admin.Tenant) {
		tenant.SignIn = admin.SignIn{Issuer: provider.URL, ClientID: "pod", Secret: []byte("hush"), System: "connectwise", Claim: "sub"}
	})
}

// browse sends a browser's request and does not follow redirects.
func (h *harness) browse(method, address, body string, cookies ...*http.Cookie) (*http.Response, string) {
	h.t.Helper()
	request, err := http.NewRequestWithContext(h.t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	for _, cookie := range cookies {
		request.AddCookie(cookie)
	}
	if body != "" {
		request.Header.Set("Content-Type", form)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	raw, err := client.Do(request)
	if err != nil {
		h.t.Fatal(err)
	}
	content, err := io.ReadAll(raw.Body)
	_ = raw.Body.Close()
	if err != nil {
		h.t.Fatal(err)
	}
	return raw, string(content)
}

// signIn signs in as the person and returns the final page.
func (h *harness) signIn(person string) (*http.Response, string) {
	h.t.Helper()
	start, _ := h.browse(http.MethodGet, h.server.URL+"/signin/acme", "")
	cookies := start.Cookies()
	if start.StatusCode != http.StatusSeeOther || len(cookies) != 1 {
		h.t.Fatalf("%d, %v", start.StatusCode, cookies)
	}
	cookie := cookies[0]
	if !strings.HasPrefix(cookie.Name, "__Host-") || !cookie.Secure || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" || cookie.Domain != "" || cookie.MaxAge != 600 {
		h.t.Errorf("the cookie is %+v", cookie)
	}
	chosen, _ := h.browse(http.MethodPost, start.Header.Get("Location"), url.Values{"person": {person}}.Encode())
	back, err := chosen.Location()
	if err != nil {
		h.t.Fatal(err)
	}
	return h.browse(http.MethodGet, h.server.URL+back.RequestURI(), "", cookie)
}

func TestTheSignInWindowPassesACodeToThePod(t *testing.T) {
	h := newHarness(t)
	h.useProvider()
	response, page := h.signIn("ana")
	_, rest, found := strings.Cut(page, `<meta name="shieldpod-code" content="`)
	code, _, _ := strings.Cut(rest, `"`)
	src := regexp.MustCompile(`<script src="(/page-assets/signed-in\.[0-9a-f]{8}\.js)"`).FindStringSubmatch(page)
	if response.StatusCode != http.StatusOK || !found || src == nil {
		t.Fatalf("%d: %s", response.StatusCode, page)
	}
	if gone := response.Cookies(); len(gone) != 1 || gone[0].MaxAge >= 0 {
		t.Errorf("the cookie stays: %v", gone)
	}
	if response.Header.Get("Cache-Control") != "no-store" || response.Header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("the page with the code may be cached or leak a referrer: %v", response.Header)
	}
	// No ticket system is connected, so the launch is refused because of the ticket, not the technician.
	a := h.call(http.MethodPost, "/api/v1/launch/signin", "", `{"tenant":"acme","code":"`+html.UnescapeString(code)+`","ticket":"1174"}`)
	if p := a.problem(t); p.Field != "ctx.contacts" {
		t.Errorf("%d: %s", a.status, a.body)
	}
	script := h.call(http.MethodGet, src[1], "", "")
	if script.status != http.StatusOK || !strings.Contains(string(script.body), "location.origin") || strings.Contains(string(script.body), "'*'") {
		t.Errorf("the script: %d: %s", script.status, script.body)
	}
}

func TestTheSignInWindowShowsWhyTheSignInFailed(t *testing.T) {
	h := newHarness(t)
	h.useProvider()
	h.tenant("bolt")
	if response, page := h.signIn("nobody"); response.StatusCode != http.StatusUnauthorized || !strings.Contains(page, "did not let you in, or you cancelled") || strings.Contains(page, "<script") {
		t.Errorf("a refusal at the provider: %d: %s", response.StatusCode, page)
	}
	for _, c := range []struct {
		path   string
		status int
		says   string
	}{
		{"/signin/bolt", 404, "Nobody can sign in here"},
		{"/signin/callback?state=x&code=y", 401, "not begun in this browser"},
		{"/signin/callback", 401, "not begun in this browser"},
		{"/signin/callback?error=%3Cscript%3E", 401, "not begun in this browser"},
	} {
		a := h.call(http.MethodGet, c.path, "", "")
		if a.status != c.status || !strings.Contains(string(a.body), c.says) || strings.Contains(string(a.body), "<script") {
			t.Errorf("%s: %d: %s", c.path, a.status, a.body)
		}
	}
}

func TestThreat_23_TheSignInWindowCannotBeFramed(t *testing.T) {
	h := newHarness(t)
	h.useProvider()
	for path, status := range map[string]int{"/signin/acme": 303, "/signin/callback": 401, "/signin/nobody": 404} {
		response, body := h.browse(http.MethodGet, h.server.URL+path, "")
		policy := response.Header.Get("Content-Security-Policy")
		if response.StatusCode != status || !strings.HasSuffix(policy, "frame-ancestors 'none'") || strings.Contains(policy, "unsafe") || response.Header.Get("Permissions-Policy") == "" {
			t.Errorf("%s: %d, %v", path, response.StatusCode, response.Header)
		}
		if status == 404 && body != "<!doctype html><title>Shieldpod</title>" {
			t.Errorf("%s is not blank: %s", path, body)
		}
	}
	post, _ := h.browse(http.MethodPost, h.server.URL+"/signin/acme", "")
	if post.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("a post to it: %d", post.StatusCode)
	}
}

func TestAnInvalidLaunchBySignInIsRefused(t *testing.T) {
	h := newHarness(t)
	for _, c := range []struct {
		body   string
		status int
		code   string
		field  string
	}{
		{`{"tenant":"acme","code":"x","ticket":"1174"}`, 401, "context_invalid", ""},
		{`{"tenant":"acme","code":"","ticket":"1174"}`, 422, "invalid", "code"},
		{`{"tenant":"acme","code":"x","ticket":""}`, 422, "invalid", "ticket"},
		{`{"tenant":"","code":"x","ticket":"1174"}`, 422, "invalid", "tenant"},
		{`{"tenant":"acme","code":"x","ticket":"1174","member":"ana"}`, 400, "malformed", "member"},
	} {
		a := h.call(http.MethodPost, "/api/v1/launch/signin", "", c.body)
		if p := a.problem(t); a.status != c.status || p.Code != c.code || p.Field != c.field {
			t.Errorf("%s: %d %+v", c.body, a.status, p)
		}
	}
}
