package app_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/shieldpod/shieldpod/bff/internal/app"
	"github.com/shieldpod/shieldpod/bff/internal/app/apptest"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

func TestThreat_25_EveryAnswerSaysThatNothingOfItLeaks(t *testing.T) {
	answers := []struct {
		method, path string
		status       int
	}{
		{http.MethodGet, "/", http.StatusNotFound},
		{http.MethodGet, "/healthz", http.StatusOK},
		{http.MethodGet, "/readyz", http.StatusOK},
		{http.MethodGet, "/metrics", http.StatusNotFound}, // has an address of its own
		{http.MethodGet, "/pod/nobody", http.StatusNotFound},
		{http.MethodGet, "/embed/v1.js", http.StatusOK},
		{http.MethodPost, "/embed/v1.js", http.StatusNotFound},
		{http.MethodGet, "/pod-assets/none.js", http.StatusNotFound},
		{http.MethodGet, "/v-assets/none.css", http.StatusNotFound},
		{http.MethodGet, "/v/" + strings.Repeat("x", 43), http.StatusNotFound},
		{http.MethodGet, "/v//" + strings.Repeat("x", 43), http.StatusTemporaryRedirect},
		{http.MethodGet, "/api/v1/../v1/pod", http.StatusTemporaryRedirect},
		{http.MethodPut, "/v/" + strings.Repeat("x", 43), http.StatusMethodNotAllowed},
		{http.MethodGet, "/api/v1/pod", http.StatusUnauthorized},
		{http.MethodGet, "/api/v1/live", http.StatusBadRequest},
		{http.MethodPost, "/hooks/sendgrid/acme", http.StatusForbidden},
		{http.MethodGet, "/hooks/sendgrid/acme", http.StatusNotFound},
		{http.MethodGet, "/hooks/vonage/acme", http.StatusForbidden},
		{http.MethodDelete, "/hooks/vonage/acme", http.StatusNotFound},
	}
	for publicURL, transport := range map[string]string{"https://pod.example": "max-age=31536000", "http://localhost:8080": ""} {
		srv := apptest.New(t, apptest.Config(t, publicURL))
		for _, a := range answers {
			w := httptest.NewRecorder()
			srv.Handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), a.method, a.path, nil))
			if w.Code != a.status {
				t.Errorf("%s %s: status %d, want %d", a.method, a.path, w.Code, a.status)
			}
			h := w.Header()
			if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" ||
				!strings.HasPrefix(h.Get("Content-Security-Policy"), "default-src 'none'") || h.Get("Cache-Control") == "" {
				t.Errorf("%s %s: headers %v", a.method, a.path, h)
			}
			if len(h["Cross-Origin-Opener-Policy"]) != 1 || len(h["Cross-Origin-Resource-Policy"]) != 1 {
				t.Errorf("%s %s: headers %v", a.method, a.path, h)
			}
			if got := h.Get("Strict-Transport-Security"); got != transport {
				t.Errorf("%s %s on %s: Strict-Transport-Security %q, want %q", a.method, a.path, publicURL, got, transport)
			}
		}
	}
}

func TestThreat_23_EveryPageSaysWhoMayFrameIt(t *testing.T) {
	srv := apptest.New(t, apptest.Config(t, "https://pod.example"))
	if err := storetest.PutTenant(t.Context(), srv.Store, verify.Tenant{ID: "acme", Origins: []string{"https://psa.example"}}); err != nil {
		t.Fatal(err)
	}
	const mine, none = "frame-ancestors https://psa.example", "frame-ancestors 'none'"
	link := "/v/" + strings.Repeat("x", 43)
	for _, c := range []struct {
		method, path, form string
		status             int
		ancestors          string
	}{
		{http.MethodGet, "/pod/acme", "", http.StatusOK, mine},
		{http.MethodPost, "/pod/acme", "context=a.b.c", http.StatusOK, mine},
		{http.MethodPost, "/pod/acme", "context=a", http.StatusUnprocessableEntity, mine},
		{http.MethodGet, "/pod/nobody", "", http.StatusNotFound, none},
		{http.MethodPost, "/pod/nobody", "context=a.b.c", http.StatusNotFound, none},
		{http.MethodGet, "/signin/acme", "", http.StatusNotFound, none},
		{http.MethodGet, "/signin/nobody", "", http.StatusNotFound, none},
		{http.MethodGet, "/signin/callback", "", http.StatusUnauthorized, none},
		{http.MethodGet, link, "", http.StatusNotFound, none},
		{http.MethodPost, link, "action=validate", http.StatusNotFound, none},
		{http.MethodGet, "/", "", http.StatusNotFound, none},
	} {
		r := httptest.NewRequestWithContext(t.Context(), c.method, c.path, strings.NewReader(c.form))
		if c.form != "" {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		w := httptest.NewRecorder()
		srv.Handler.ServeHTTP(w, r)
		policies := w.Header().Values("Content-Security-Policy")
		frames := map[string]string{mine: "", none: "DENY"}[c.ancestors]
		if got := w.Header()["X-Frame-Options"]; strings.Join(got, ",") != frames {
			t.Errorf("%s %s: X-Frame-Options %v, want %q", c.method, c.path, got, frames)
		}
		if w.Code != c.status || len(policies) != 1 || !strings.Contains(policies[0]+";", c.ancestors+";") {
			t.Errorf("%s %s: %d, %v", c.method, c.path, w.Code, policies)
		}
	}
}

func TestThreat_23_EveryPageSaysWhatOtherSitesMayDoWithIt(t *testing.T) {
	srv := apptest.New(t, apptest.Config(t, "https://pod.example"))
	if err := storetest.PutTenant(t.Context(), srv.Store, verify.Tenant{ID: "acme", Origins: []string{"https://psa.example"}}); err != nil {
		t.Fatal(err)
	}
	if err := storetest.PutTenant(t.Context(), srv.Store, verify.Tenant{ID: "bare"}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, path, opener, resource, frames string }{
		{"the pod is framed by another site, which may be isolated", "/pod/acme", "same-origin", "cross-origin", ""},
		{"a tenant without origins has no frames", "/pod/bare", "same-origin", "same-origin", "DENY"},
		{"an unknown tenant has none", "/pod/nobody", "same-origin", "same-origin", "DENY"},
		{"any page loads the loader", "/embed/v1.js", "same-origin", "cross-origin", "DENY"},
		{"a sign-in's window keeps the pod that has opened it", "/signin/acme", "unsafe-none", "same-origin", "DENY"},
		{"so does the page that it comes back to", "/signin/callback", "unsafe-none", "same-origin", "DENY"},
		{"the landing page", "/v/" + strings.Repeat("x", 43), "same-origin", "same-origin", "DENY"},
		{"a picture that is not there", "/brand/x.png", "same-origin", "same-origin", "DENY"},
		{"an asset of the pod's", "/pod-assets/x.js", "same-origin", "same-origin", "DENY"},
		{"the API", "/api/v1/pod", "same-origin", "same-origin", "DENY"},
		{"a route that does not exist", "/x", "same-origin", "same-origin", "DENY"},
	} {
		w := httptest.NewRecorder()
		srv.Handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, c.path, nil))
		h := w.Header()
		got := []string{strings.Join(h["Cross-Origin-Opener-Policy"], ","), strings.Join(h["Cross-Origin-Resource-Policy"], ","), strings.Join(h["X-Frame-Options"], ",")}
		if want := []string{c.opener, c.resource, c.frames}; !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", c.name, got, want)
		}
	}
}

func TestThreat_23_EveryAnswerInHTMLHasAllSecurityHeaders(t *testing.T) {
	srv := apptest.New(t, apptest.Config(t, "https://pod.example"))
	if err := storetest.PutTenant(t.Context(), srv.Store, verify.Tenant{ID: "acme", Origins: []string{"https://psa.example"}}); err != nil {
		t.Fatal(err)
	}
	link := "/v/" + strings.Repeat("x", 43)
	for _, c := range []struct {
		name, method, path, form string
		framed                   bool // by the tenant's origins: X-Frame-Options can't list them
	}{
		{"the pod", http.MethodGet, "/pod/acme", "", true},
		{"the pod by a form post", http.MethodPost, "/pod/acme", "context=a.b.c", true},
		{"a refused form post", http.MethodPost, "/pod/acme", "context=a", true},
		{"the pod of an unknown tenant", http.MethodGet, "/pod/nobody", "", false},
		{"a sign-in that can't begin", http.MethodGet, "/signin/acme", "", false},
		{"a sign-in of an unknown tenant", http.MethodGet, "/signin/nobody", "", false},
		{"a sign-in that was not begun", http.MethodGet, "/signin/callback", "", false},
		{"an unknown link", http.MethodGet, link, "", false},
		{"an unknown link in upper case", http.MethodGet, "/V/" + strings.Repeat("X", 43), "", false},
		{"an answer to an unknown link", http.MethodPost, link, "action=validate", false},
		{"an answer that can't be read", http.MethodPost, link, "action=x&action=y", false},
		{"a path that is cleaned", http.MethodGet, "/v//" + strings.Repeat("x", 43), "", false},
	} {
		r := httptest.NewRequestWithContext(t.Context(), c.method, c.path, strings.NewReader(c.form))
		if c.form != "" {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		w := httptest.NewRecorder()
		srv.Handler.ServeHTTP(w, r)
		if !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
			t.Errorf("%s: %d, %v: no HTML", c.name, w.Code, w.Header())
		}
		for name, want := range map[string]string{
			"Cache-Control": "no-store", "Content-Security-Policy": "default-src 'none';", "Cross-Origin-Opener-Policy": "", "Cross-Origin-Resource-Policy": "",
			"Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), clipboard-write=(self)", "Referrer-Policy": "no-referrer",
			"Strict-Transport-Security": "max-age=31536000", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
		} {
			values := w.Header().Values(name)
			if name == "X-Frame-Options" && c.framed {
				if len(values) != 0 {
					t.Errorf("%s: %s: %q", c.name, name, values)
				}
				continue
			}
			if len(values) != 1 || values[0] == "" || !strings.HasPrefix(values[0], want) {
				t.Errorf("%s: %s: %q, want one that begins with %q", c.name, name, values, want)
			}
		}
	}
}

func TestTheLoaderIsLoadedByAnyPageCompressedAndAges(t *testing.T) {
	srv := apptest.New(t, apptest.Config(t, "https://pod.example"))
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/embed/v1.js", nil)
	r.Header.Set("Accept-Encoding", "gzip, br")
	r.Header.Set("Origin", "https://psa.example")
	w := httptest.NewRecorder()
	srv.Handler.ServeHTTP(w, r)
	want := map[string]string{
		"Content-Type": "text/javascript; charset=utf-8", "Content-Encoding": "br", "Vary": "Accept-Encoding",
		"Cache-Control":                "public, max-age=300, stale-while-revalidate=86400",
		"Cross-Origin-Resource-Policy": "cross-origin", "Access-Control-Allow-Origin": "*",
	}
	for name, value := range want {
		if got := w.Header().Get(name); got != value {
			t.Errorf("%s: %q, want %q", name, got, value)
		}
	}
	if w.Code != http.StatusOK || w.Body.Len() == 0 || w.Body.Len() > 4096 {
		t.Errorf("status %d, %d bytes", w.Code, w.Body.Len())
	}
	r.Header.Set("If-None-Match", w.Header().Get("ETag"))
	again := httptest.NewRecorder()
	srv.Handler.ServeHTTP(again, r)
	if again.Code != http.StatusNotModified {
		t.Errorf("a copy that is still good: status %d, want 304", again.Code)
	}
}

func TestAServerIsNotReadyWhileAPartIsDown(t *testing.T) {
	parts := map[string]func(*app.Server) error{
		"the store": func(srv *app.Server) error { return srv.Store.Close() },
		"the bus":   func(srv *app.Server) error { srv.CloseBus(); return nil },
	}
	for name, end := range parts {
		srv := apptest.New(t, apptest.Config(t, "https://pod.example"))
		if err := end(srv); err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		srv.Handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", nil))
		if w.Code != http.StatusServiceUnavailable {
			t.Errorf("without %s: %d", name, w.Code)
		}
	}
}

func TestAServerThatIsToldToStopSendsItsPodsToComeBack(t *testing.T) {
	d := newDeployment(t)
	d.trust(t)
	process := d.start(t)
	token, err := d.launch(t.Context(), "dana", "+14155554821")
	if err != nil {
		t.Fatal(err)
	}
	pod := d.pod(t, token)
	if frame := pod.next(t); frame.Type != "snapshot" {
		t.Fatalf("the first frame is %q", frame.Type)
	}
	if err := process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_, _, err = pod.socket.ReadMessage()
	if closing := new(websocket.CloseError); !errors.As(err, &closing) || closing.Code != 4400 {
		t.Errorf("the pod was told %v", err)
	}
	if err := process.Wait(); err != nil {
		t.Errorf("the server ended with %v", err)
	}
}
