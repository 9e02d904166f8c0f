package landing_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/landing"
	"github.com/shieldpod/shieldpod/bff/internal/message"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/bff/internal/web"
)

var noon = time.Date(2026, time.March, 4, 12, 0, 0, 0, time.UTC)

// token has the form of a real token.
const token = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// fakeService returns a fixed answer and records its calls.
type fakeService struct {
	link  verify.Link
	err   error
	mu    sync.Mutex
	calls []string
}

func (f *fakeService) record(call, token string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, call+" "+token)
	return f.err
}

func (f *fakeService) Link(_ context.Context, t string) (verify.Link, error) {
	return f.link, f.record("link", t)
}

func (f *fakeService) Validate(_ context.Context, t, number string) (verify.Link, error) {
	if number != "" {
		t += " " + number
	}
	return f.link, f.record("validate", t)
}

func (f *fakeService) Deny(_ context.Context, t string) (verify.Link, error) {
	return f.link, f.record("deny", t)
}

func (f *fakeService) Opened(_ context.Context, t string) error { return f.record("opened", t) }

func refusalOf(code verify.Code) error { return &verify.Error{Code: code} }

func acmeLink(o verify.Outcome) verify.Link {
	return verify.Link{
		Tenant: verify.Tenant{ID: "acme", Name: "Acme IT"}, Technician: "Ana Ortiz", Ticket: "4711",
		ExpiresAt: noon.Add(5 * time.Minute), Outcome: o,
	}
}

// pageHarness is the handler under test with its log.
type pageHarness struct {
	t   *testing.T
	h   http.Handler
	log bytes.Buffer

	brand fakeBrands
}

// fakeBrands returns the same brand for every tenant, and one picture.
type fakeBrands struct {
	set     message.BrandSettings
	name    string // default Acme IT
	err     error
	picture []byte
}

func (b *fakeBrands) Brand(_ context.Context, tenant string) (*message.Brand, error) {
	name := b.name
	if name == "" {
		name = "Acme IT"
	}
	return b.set.Brand(verify.Tenant{ID: tenant, Name: name}, 1), b.err
}

func (b *fakeBrands) BrandImage(_ context.Context, hash string) ([]byte, error) {
	if b.picture == nil || hash != b.set.Logo.Hash {
		return nil, &verify.Error{Code: verify.CodeNotFound}
	}
	return b.picture, nil
}

func serve(t *testing.T, s landing.Service) *pageHarness {
	p := &pageHarness{t: t}
	pages := landing.New(landing.Config{
		Service: s, Brands: &p.brand, Images: &p.brand, Now: func() time.Time { return noon },
		Log: slog.New(slog.NewTextHandler(&p.log, nil)),
	})
	p.h = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { // as the server does
		web.SetHeaders(w.Header(), true)
		pages.ServeHTTP(w, r)
	})
	return p
}

type reply struct {
	status int
	header http.Header
	body   string
}

func (p *pageHarness) request(method, target, contentType, body string) reply {
	p.t.Helper()
	r := httptest.NewRequestWithContext(p.t.Context(), method, target, strings.NewReader(body))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	w := httptest.NewRecorder()
	p.h.ServeHTTP(w, r)
	return reply{w.Code, w.Header(), w.Body.String()}
}

const form = "application/x-www-form-urlencoded"

func (p *pageHarness) get(target string) reply { return p.request(http.MethodGet, target, "", "") }

func (p *pageHarness) post(target, action string) reply {
	return p.request(http.MethodPost, target, form, url.Values{"action": {action}}.Encode())
}

// contains fails unless the page has every one of the texts.
func (r reply) contains(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(r.body, text) {
			t.Errorf("page lacks %q:\n%s", text, r.body)
		}
	}
}

// isAnswerable reports whether the page can be answered.
func (r reply) isAnswerable() bool { return strings.Contains(r.body, "<form") }
