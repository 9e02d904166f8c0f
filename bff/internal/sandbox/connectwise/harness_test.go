package connectwise_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/sandbox/connectwise"
)

const (
	origin = "http://manage.localhost:8083"
	base   = "/v2025_1/apis/3.0"
	accept = "application/vnd.connectwise.com+json; version=2025.16"
)

var noon = time.Date(2026, time.March, 4, 12, 0, 0, 0, time.UTC)

type harness struct {
	*connectwise.Manage
	t *testing.T
}

func newHarness(t *testing.T) harness {
	t.Helper()
	m, err := connectwise.New(connectwise.Config{
		Origin: origin, Company: "acme", ClientID: "client", PublicKey: "public", PrivateKey: "private",
		Pod:      "http://localhost:8080/pod/acme?id=[cw_id]&screen=[cw_screen]",
		PhoneURL: "http://127.0.0.1:8082", Now: func() time.Time { return noon },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return harness{m, t}
}

// requestEdit changes a request before it is sent.
type requestEdit func(*http.Request)

func header(name, value string) requestEdit {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func without(name string) requestEdit { return func(r *http.Request) { r.Header.Del(name) } }

func key(user, secret string) requestEdit {
	return func(r *http.Request) { r.SetBasicAuth(user, secret) }
}

// cookies are name, value, name, value …
func cookies(pairs ...string) requestEdit {
	return func(r *http.Request) {
		r.Header.Del("Authorization")
		for i := 0; i < len(pairs); i += 2 {
			r.AddCookie(&http.Cookie{Name: pairs[i], Value: pairs[i+1]})
		}
	}
}

// member sets the cookies of a member's live session.
func (b harness) member(identifier string) requestEdit {
	return cookies("companyName", "acme", "memberId", identifier, "memberHash", b.signIn(identifier), "memberContext", "web")
}

func (b harness) send(method, path, body string, changes ...requestEdit) *httptest.ResponseRecorder {
	b.t.Helper()
	r := httptest.NewRequestWithContext(b.t.Context(), method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, change := range changes {
		change(r)
	}
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	return w
}

// rest calls the REST API as the integration, unless changed.
func (b harness) rest(method, path, body string, changes ...requestEdit) *httptest.ResponseRecorder {
	b.t.Helper()
	usual := []requestEdit{key("acme+public", "private"), header("clientId", "client"), header("Accept", accept)}
	return b.send(method, base+path, body, append(usual, changes...)...)
}

// browse requests a screen.
func (b harness) browse(method, path string, changes ...requestEdit) *httptest.ResponseRecorder {
	b.t.Helper()
	return b.send(method, path, "", append([]requestEdit{func(r *http.Request) { r.Host = "manage.localhost:8083" }}, changes...)...)
}

// signIn begins a session at the screen, and gives its hash.
func (b harness) signIn(identifier string) string {
	b.t.Helper()
	r := httptest.NewRequestWithContext(b.t.Context(), http.MethodPost, "/signin", strings.NewReader("to=/&member="+identifier))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if c.Name == "memberHash" {
			return c.Value
		}
	}
	b.t.Fatalf("%s is not signed in: %d %s", identifier, w.Code, w.Body)
	return ""
}

func decode[T any](t *testing.T, w *httptest.ResponseRecorder) (got T) {
	t.Helper()
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	return got
}

// refusal is the API's error format.
type refusal struct {
	Code, Message string
	Errors        []struct{ Code, Message, Resource, Field string }
}
