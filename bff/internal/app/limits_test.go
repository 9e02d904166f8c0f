package app_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/app"
	"github.com/shieldpod/shieldpod/bff/internal/app/apptest"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// limited is the whole server behind its default limits, with its log.
type limited struct {
	*app.Server
	t   *testing.T
	log *bytes.Buffer
}

func newLimited(t *testing.T, args ...string) limited {
	t.Helper()
	limits, err := parseLimits(args...)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	held := time.Now()
	c := apptest.Config(t, "https://pod.example")
	c.Limits, c.Log = limits, slog.New(slog.NewTextHandler(&log, nil))
	c.LimitClock = func() time.Time { return held } // no quota is refilled while a slow machine asks
	srv := apptest.New(t, c)
	if err := storetest.PutTenant(t.Context(), srv.Store, verify.Tenant{ID: "acme", Name: "Acme IT", Origins: []string{"https://psa.example"}}); err != nil {
		t.Fatal(err)
	}
	return limited{srv, t, &log}
}

// parseLimits reads limits as the command line does, with its defaults.
func parseLimits(args ...string) (app.Limits, error) {
	var flags struct{ app.Limits }
	parser, err := kong.New(&flags)
	if err != nil {
		return app.Limits{}, err
	}
	if _, err := parser.Parse(args); err != nil {
		return app.Limits{}, err
	}
	return flags.Limits, flags.Check()
}

type sending struct{ method, path, body, from, bearer, forwarded string }

func (l limited) send(s sending) *httptest.ResponseRecorder {
	l.t.Helper()
	r := httptest.NewRequestWithContext(l.t.Context(), s.method, s.path, strings.NewReader(s.body))
	r.RemoteAddr = net.JoinHostPort(s.from, "4711")
	if s.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if s.bearer != "" {
		r.Header.Set("Authorization", "Bearer "+s.bearer)
	}
	if s.forwarded != "" {
		r.Header.Set("X-Forwarded-For", s.forwarded)
	}
	w := httptest.NewRecorder()
	l.Handler.ServeHTTP(w, r)
	return w
}

// security is the log's lines of this kind.
func (l limited) security(code string) (lines []string) {
	l.FlushSecurity()
	for line := range strings.Lines(l.log.String()) {
		if strings.Contains(line, "msg=security code="+code+" ") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

func TestThreat_30_OneAddressCannotAskForEver(t *testing.T) {
	const attacker, office = "198.51.100.9", "203.0.113.7"
	for _, row := range []struct {
		name string
		ask  sending
		most int // answers that are no 429
		kind string
	}{
		{"the pod's page", sending{method: "GET", path: "/pod/acme"}, 2000, "text/html; charset=utf-8"},
		{"an asset", sending{method: "GET", path: "/pod-assets/x.js"}, 2000, "application/problem+json"},
		{"the loader", sending{method: "GET", path: "/embed/v1.js"}, 2000, "application/problem+json"},
		{"a challenge", sending{method: "POST", path: "/api/v1/launch/challenge"}, 2000, "application/problem+json"},
		{"a made-up context", sending{method: "POST", path: "/api/v1/launch", body: `{"context":"a.b.c"}`}, 2000, "application/problem+json"},
		{"a made-up context with a made-up bearer", sending{method: "POST", path: "/api/v1/launch", body: `{"context":"a.b.c"}`, bearer: "x"}, 2000, "application/problem+json"},
		{"a sign-in", sending{method: "GET", path: "/signin/acme"}, 2000, "text/html; charset=utf-8"},
		{"a route that does not exist", sending{method: "GET", path: "/wp-login.php"}, 2000, "application/problem+json"},
		{"a made-up bearer", sending{method: "GET", path: "/api/v1/pod", bearer: "x"}, 300, "application/problem+json"},
		{"a made-up API key", sending{method: "GET", path: "/api/v1/policies", bearer: "spk_x"}, 300, "application/problem+json"},
		{"an API route that does not exist", sending{method: "GET", path: "/api/v1/x", bearer: "x"}, 300, "application/problem+json"},
		{"a link", sending{method: "GET", path: "/v/" + strings.Repeat("x", 43)}, 300, "text/html; charset=utf-8"},
		{"a link's answer", sending{method: "POST", path: "/v/" + strings.Repeat("x", 43)}, 2000, "text/html; charset=utf-8"}, // no form: refused unread
		{"a delivery report", sending{method: "POST", path: "/hooks/sendgrid/acme", body: "[]"}, 300, "application/problem+json"},
		{"a sign-in's return", sending{method: "GET", path: "/signin/callback?state=x&code=y"}, 300, "text/html; charset=utf-8"},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := newLimited(t)
			row.ask.from = attacker
			var refused *httptest.ResponseRecorder
			passed := 0
			for range row.most + 100 {
				if w := l.send(row.ask); w.Code == http.StatusTooManyRequests {
					refused = w
				} else {
					passed++
				}
			}
			if refused == nil || passed != row.most {
				t.Fatalf("%d of %d are answered, want %d", passed, row.most+100, row.most)
			}
			retry, err := strconv.Atoi(refused.Header().Get("Retry-After"))
			if err != nil || retry < 1 || retry > 5 || refused.Header().Get("Content-Type") != row.kind ||
				!strings.Contains(refused.Body.String(), "Too many requests come from your network. Try again in ") {
				t.Errorf("%v, %v: %s", err, refused.Header(), refused.Body)
			}
			if row.kind == "application/problem+json" && !strings.Contains(refused.Body.String(), `"code":"too_many_requests"`) {
				t.Errorf("%s", refused.Body)
			}
			if lines := l.security("too_many_requests"); len(lines) != 1 || !strings.Contains(lines[0], "address="+attacker+" ") {
				t.Errorf("the security log has %q", lines)
			}
			row.ask.from = office
			if w := l.send(row.ask); w.Code == http.StatusTooManyRequests {
				t.Error("another address has to wait, too")
			}
			if w := l.send(sending{method: "GET", path: "/healthz", from: attacker}); w.Code != http.StatusOK {
				t.Errorf("/healthz: %d", w.Code)
			}
		})
	}
}

func TestThreat_30_AGoodBearerIsGoodHoweverMuchIsGuessedBesideIt(t *testing.T) {
	d := newDeployment(t)
	d.trust(t)
	n := d.node(t, []string{"127.0.0.1:" + apptest.FreePort(t)}, 0)
	token, err := n.launch(t.Context(), "dana", "+14155554821")
	if err != nil {
		t.Fatal(err)
	}
	limited := 0
	for range 500 {
		if status := n.ask(t, "made up"); status == http.StatusTooManyRequests {
			limited++
		}
	}
	if limited == 0 {
		t.Error("500 made-up bearers are answered")
	}
	if status := n.ask(t, token); status != http.StatusOK {
		t.Errorf("the good one: %d", status)
	}
	pod := n.pod(t, token)
	if f := pod.next(t); f.Type != "snapshot" {
		t.Errorf("its socket: %+v", f)
	}
}

// ask gives the status of the pod's bootstrap.
func (d *deployment) ask(t *testing.T, bearer string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1:"+d.port+"/api/v1/pod", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+bearer)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	return res.StatusCode
}

func TestThreat_30_ProxiesAreBelievedOnlyWhereTheyAreConfigured(t *testing.T) {
	ask := func(l limited, from, forwarded string) (limited int) {
		for i := range 2500 {
			if l.send(sending{method: "GET", path: "/x", from: from, forwarded: fmt.Sprintf(forwarded, i/250, i%250)}).Code == http.StatusTooManyRequests {
				limited++
			}
		}
		return limited
	}
	l := newLimited(t)
	if n := ask(l, "198.51.100.9", "192.0.%d.%d"); n == 0 {
		t.Error("a client gets round the limits by a header")
	}
	if lines := l.security("proxy_not_trusted"); len(lines) != 1 || !strings.Contains(lines[0], "address=198.51.100.9 ") {
		t.Errorf("the log has %q", lines)
	}
	l = newLimited(t, "--trusted-proxies=10.0.0.0/8")
	if n := ask(l, "10.0.0.1", "192.0.%d.%d"); n != 0 {
		t.Errorf("clients behind a balancer count as one: %d are refused", n)
	}
	if n := ask(l, "10.0.0.1", "192.0.%d.%d, 198.51.100.9"); n == 0 {
		t.Error("a client behind a balancer gets round the limits by a header")
	}
	if lines := l.security("proxy_not_trusted"); len(lines) != 0 {
		t.Errorf("the log has %q", lines)
	}
}

func TestThreat_31_RefusalsLeaveATrace(t *testing.T) {
	const attacker = "198.51.100.9"
	l := newLimited(t)
	secret := "eyJhbGciOiJub25lIn0"
	long := app.SystemClock().Add(-time.Hour)
	apiKey := func(k admin.APIKey) string {
		k.Tenant, k.Name, k.CreatedAt = "acme", "Ana Ortiz", long
		k, text, err := k.Draw(rand.Reader)
		if err == nil {
			err = storetest.PutAPIKey(t.Context(), l.Store, k)
		}
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	expired := apiKey(admin.APIKey{Scopes: admin.Scopes, ExpiresAt: long.Add(time.Minute)})
	narrow := apiKey(admin.APIKey{Scopes: []admin.Scope{admin.ScopeDirectoryRead}})
	for _, row := range []struct {
		threat string
		send   sending
		want   string
	}{
		{"1, a forged context", sending{method: "POST", path: "/api/v1/launch", body: `{"context":"` + secret + `.e30.","tenant":"acme"}`}, "context_invalid tenant=acme"},
		{"1, a made-up member", sending{method: "POST", path: "/api/v1/launch/connectwise", body: `{"tenant":"nobody","ticket":{"id":"1"},"member":{"id":"` + secret + `","hash":"` + secret + `"}}`}, "member_refused tenant=nobody"},
		{"3, a token of another purpose", sending{method: "GET", path: "/api/v1/pod", bearer: secret}, `session_invalid tenant=""`},
		{"a made-up key", sending{method: "GET", path: "/api/v1/policies", bearer: "spk_" + secret}, `api_key_invalid tenant=""`},
		{"32, an expired key", sending{method: "GET", path: "/api/v1/policies", bearer: expired}, "api_key_expired tenant=acme"},
		{"32, a key for another purpose", sending{method: "GET", path: "/api/v1/policies", bearer: narrow}, "scope_missing tenant=acme"},
		{"20, a forged delivery report of SendGrid", sending{method: "POST", path: "/hooks/sendgrid/acme", body: "[]"}, "hook_refused tenant=acme"},
		{"20, a forged delivery report of all tenants", sending{method: "POST", path: "/hooks/sendgrid", body: "[]"}, `hook_refused tenant=""`},
		{"20, of Vonage", sending{method: "GET", path: "/hooks/vonage/north?sig=" + secret}, "hook_refused tenant=north"},
		{"20, of Twilio", sending{method: "POST", path: "/hooks/twilio/south", body: "x"}, "hook_refused tenant=south"},
		{"a made-up link", sending{method: "GET", path: "/v/" + strings.Repeat(secret, 3)[:43]}, `unknown_link tenant=""`},
		{"a made-up sign-in", sending{method: "GET", path: "/signin/callback?state=" + secret + "&code=" + secret}, `sign_in_refused tenant=""`},
	} {
		for range 50 {
			row.send.from = attacker
			l.send(row.send)
		}
		code, tenant, _ := strings.Cut(row.want, " ")
		found := 0
		for _, line := range l.security(code) {
			if strings.HasSuffix(line, tenant+" address="+attacker+" count=1") {
				found++
			}
		}
		if found != 1 {
			t.Errorf("%s leaves %d lines in\n%s", row.threat, found, l.log)
		}
	}
	if strings.Contains(l.log.String(), secret) {
		t.Errorf("what the client has sent is in the log:\n%s", l.log)
	}
	w := httptest.NewRecorder()
	l.Metrics.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	for _, want := range []string{
		`shieldpod_security_events_total{code="context_invalid"} 50`, `shieldpod_security_events_total{code="hook_refused"} 200`,
		`shieldpod_security_events_total{code="unknown_link"} 50`, `shieldpod_security_events_total{code="api_key_invalid"} 50`,
	} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("the metrics have no %s", want)
		}
	}
}

func TestMetricsHaveAnAddressOfTheirOwn(t *testing.T) {
	d := newDeployment(t)
	d.trust(t)
	d.metrics = "127.0.0.1:" + apptest.FreePort(t)
	n := d.node(t, []string{"127.0.0.1:" + apptest.FreePort(t)}, 0)
	for url, want := range map[string]int{
		"http://127.0.0.1:" + n.port + "/metrics": http.StatusNotFound, "http://" + d.metrics + "/metrics": http.StatusOK,
		"http://" + d.metrics + "/": http.StatusNotFound, "http://" + d.metrics + "/api/v1/pod": http.StatusNotFound,
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != want || want == http.StatusOK && !bytes.Contains(body, []byte("shieldpod_pods ")) {
			t.Errorf("%s: %d", url, res.StatusCode)
		}
	}
}

func TestLimitsThatAreNoneAreRefused(t *testing.T) {
	for args, want := range map[string]string{
		"--limit-requests=lots":        `"lots" is no limit`,
		"--proxy-header=x-real-ip":     `--proxy-header must be one of`,
		"--trusted-proxies=balancer":   `--trusted-proxies: "balancer" is neither an address nor a network`,
		"--limit-guesses=1":            `"1" is no limit`,
		"--trusted-proxies=10.0.0.0/8": "",
		"--limit-requests=off":         "",
	} {
		_, err := parseLimits(args)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", args, err, want)
		}
	}
}
