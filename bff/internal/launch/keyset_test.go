package launch_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/egress"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

const publisher = "https://keys.example"

// fakeKeyServer is an issuer's server of keys that counts the requests.
type fakeKeyServer struct {
	*httptest.Server
	mu     sync.Mutex
	answer http.HandlerFunc
	count  int
	hold   chan struct{} // requests wait while it is open
}

// newKeyServer also makes acme trust the issuer, with every algorithm.
func newKeyServer(t *testing.T, h *harness) *fakeKeyServer {
	t.Helper()
	p := &fakeKeyServer{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.count++
		answer, hold := p.answer, p.hold
		p.mu.Unlock()
		if hold != nil {
			<-hold
		}
		answer(w, r)
	}))
	t.Cleanup(p.Close)
	h.trust(t, admin.Issuer{Name: publisher, KeysURL: p.URL + "/jwks", Algorithms: []string{"EdDSA", "ES256", "RS256"}})
	h.Client = egress.Client(egress.Config{AllowLoopback: true, Timeout: 10 * time.Minute})
	return p
}

func (h *harness) trust(t *testing.T, issuers ...admin.Issuer) {
	t.Helper()
	acme := h.acme(t)
	acme.Issuers = issuers
	h.put(t, acme)
}

// publish sets the answer of the server.
func (p *fakeKeyServer) publish(t *testing.T, keys ...launchcontext.SigningKey) {
	t.Helper()
	list := make([]string, len(keys))
	for i, key := range keys {
		jwk, err := key.Public().JWK()
		if err != nil {
			t.Fatal(err)
		}
		list[i] = string(jwk)
	}
	p.respond(http.StatusOK, `{"keys":[`+strings.Join(list, ",")+`]}`)
}

func (p *fakeKeyServer) respond(status int, body string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

func (p *fakeKeyServer) requests() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count
}

func newKey(t *testing.T, id string, a launchcontext.Algorithm) launchcontext.SigningKey {
	t.Helper()
	key, err := launchcontext.GenerateKey(id, a)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// contextOf is a fresh context of the publisher.
func (h *harness) contextOf(t *testing.T, key launchcontext.SigningKey) string {
	t.Helper()
	c := validClaims(t)
	c.ID, c.IssuedAt, c.NotBefore, c.ExpiresAt, c.Issuer = "", time.Time{}, time.Time{}, time.Time{}, publisher
	token, err := launchcontext.Signer{Key: key, Now: h.Now}.Sign(c)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestKeysAreFetchedOnceForAllWhoAskAtOnce(t *testing.T) {
	h := newHarness(t)
	p := newKeyServer(t, h)
	key := newKey(t, "2026", launchcontext.EdDSA)
	p.publish(t, key)
	p.hold = make(chan struct{})
	contexts := make([]string, 50)
	for i := range contexts {
		contexts[i] = h.contextOf(t, key)
	}
	var all sync.WaitGroup
	errs := make([]error, len(contexts))
	for i, context := range contexts {
		all.Go(func() { _, errs[i] = h.Open(t.Context(), context, "") })
	}
	close(p.hold)
	all.Wait()
	if err := errors.Join(errs...); err != nil || p.requests() != 1 {
		t.Errorf("%d requests, %v", p.requests(), err)
	}
	h.now = h.now.Add(9 * time.Minute)
	h.open(t, h.contextOf(t, key), "")
	if p.requests() != 1 {
		t.Errorf("%d requests for keys that are fresh", p.requests())
	}
	h.now = h.now.Add(time.Minute)
	h.open(t, h.contextOf(t, key), "")
	if p.requests() != 2 {
		t.Errorf("%d requests when they are not", p.requests())
	}
}

func TestThreat_05_AFloodOfUnknownKidsCostsOneRequestAnInterval(t *testing.T) {
	h := newHarness(t)
	p := newKeyServer(t, h)
	key := newKey(t, "2026", launchcontext.EdDSA)
	p.publish(t, key)
	h.open(t, h.contextOf(t, key), "")
	h.now = h.now.Add(time.Minute)
	_, unknownKey, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	contexts := make([]string, 1000)
	for i := range contexts {
		unknown, err := launchcontext.NewSigningKey(rand.Text(), unknownKey)
		if err != nil {
			t.Fatal(err)
		}
		contexts[i] = h.contextOf(t, unknown)
	}
	for round := range 3 {
		var all sync.WaitGroup
		for callers := range slices.Chunk(contexts, len(contexts)/50) { // more at once would leave the request no processor time
			all.Go(func() {
				for _, context := range callers {
					if _, err := h.Open(t.Context(), context, ""); verify.CodeOf(err) != verify.CodeContextInvalid {
						t.Errorf("got %v", err)
					}
				}
			})
		}
		all.Wait()
		if got := p.requests(); got != 2+round {
			t.Fatalf("round %d: %d requests, want %d", round, got, 2+round)
		}
		h.open(t, h.contextOf(t, key), "") // the flood does not affect other contexts
		h.now = h.now.Add(30 * time.Second)
	}
}

func TestKeysAreChangedWithAnOverlap(t *testing.T) {
	h := newHarness(t)
	p := newKeyServer(t, h)
	old, next := newKey(t, "2025", launchcontext.ES256), newKey(t, "2026", launchcontext.EdDSA)
	p.publish(t, old)
	h.open(t, h.contextOf(t, old), "")

	p.publish(t, old, next)
	h.refused(t, h.contextOf(t, next), "", verify.CodeContextInvalid) // requested a moment ago
	h.now = h.now.Add(30 * time.Second)
	h.open(t, h.contextOf(t, next), "")
	h.open(t, h.contextOf(t, old), "")

	p.publish(t, next)
	h.now = h.now.Add(10 * time.Minute)
	h.open(t, h.contextOf(t, next), "")
	h.refused(t, h.contextOf(t, old), "", verify.CodeContextInvalid)
}

func TestThreat_05_AnOutageIsBridgedForAWhileAndThenFailsClosed(t *testing.T) {
	key, unknownKey := newKey(t, "2026", launchcontext.EdDSA), newKey(t, "other", launchcontext.EdDSA)
	secret, err := newKey(t, "s", launchcontext.HS256).JWK()
	if err != nil {
		t.Fatal(err)
	}
	for name, outage := range map[string]func(*fakeKeyServer){
		"an error":                func(p *fakeKeyServer) { p.respond(http.StatusServiceUnavailable, "") },
		"a page of HTML":          func(p *fakeKeyServer) { p.respond(http.StatusOK, "<!doctype html>") },
		"a set without an end":    func(p *fakeKeyServer) { p.respond(http.StatusOK, `{"keys":[`+strings.Repeat(" ", 64<<10)+`]}`) },
		"a published secret":      func(p *fakeKeyServer) { p.respond(http.StatusOK, `{"keys":[`+string(secret)+`]}`) },
		"no server at all":        func(p *fakeKeyServer) { p.CloseClientConnections(); _ = p.Listener.Close() },
		"a redirect to elsewhere": func(p *fakeKeyServer) { p.answer = http.RedirectHandler("/other", http.StatusFound).ServeHTTP },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			p := newKeyServer(t, h)
			p.publish(t, key)
			h.open(t, h.contextOf(t, key), "")
			outage(p)
			h.now = h.now.Add(3*time.Hour + 59*time.Minute)
			h.open(t, h.contextOf(t, key), "")
			h.refused(t, h.contextOf(t, unknownKey), "", verify.CodeContextInvalid)
			before := p.requests()
			h.now = h.now.Add(time.Minute)
			if refusal := h.refused(t, h.contextOf(t, key), "", verify.CodeUnavailable); !strings.Contains(refusal.Public, "signing keys") {
				t.Errorf("it says %q", refusal.Public)
			}
			for range 20 {
				h.refused(t, h.contextOf(t, key), "", verify.CodeUnavailable)
			}
			if got := p.requests(); got > before+1 {
				t.Errorf("a server that is down was asked %d times more", got-before)
			}
		})
	}
}

func TestACallerWithAnEarlierTimeFindsTheFetchedKeys(t *testing.T) {
	h := newHarness(t)
	p := newKeyServer(t, h)
	key := newKey(t, "2026", launchcontext.EdDSA)
	p.publish(t, key)
	h.open(t, h.contextOf(t, key), "")
	p.respond(http.StatusServiceUnavailable, "")
	h.now = h.now.Add(-time.Millisecond)
	h.open(t, h.contextOf(t, key), "")
	if p.requests() != 1 {
		t.Errorf("%d requests, want 1", p.requests())
	}
	h.now = h.now.Add(-time.Hour)
	h.refused(t, h.contextOf(t, key), "", verify.CodeUnavailable) // no fetched value is fresh after the clock was set back
}

func TestKeysComeBackAfterAnOutage(t *testing.T) {
	h := newHarness(t)
	p := newKeyServer(t, h)
	key := newKey(t, "2026", launchcontext.EdDSA)
	p.respond(http.StatusBadGateway, "")
	h.refused(t, h.contextOf(t, key), "", verify.CodeUnavailable)
	p.publish(t, key)
	h.refused(t, h.contextOf(t, key), "", verify.CodeUnavailable)
	h.now = h.now.Add(30 * time.Second)
	h.open(t, h.contextOf(t, key), "")
}

func TestThreat_01_AFetchedKeySignsOnlyWhatItsIssuerMay(t *testing.T) {
	h := newHarness(t)
	p := newKeyServer(t, h)
	ed, rs := newKey(t, "ed", launchcontext.EdDSA), h.keys["rs256"]
	p.publish(t, ed, rs)
	h.trust(t, admin.Issuer{Name: publisher, KeysURL: p.URL, Algorithms: []string{"EdDSA"}})
	h.open(t, h.contextOf(t, ed), "")
	h.refused(t, h.contextOf(t, rs), "", verify.CodeContextInvalid)

	// The registered issuer's keys are its own: a kid of one issuer is not accepted for the other.
	h.refused(t, h.sign(t, func(c *launchcontext.Claims) { c.Issuer = publisher }), "", verify.CodeContextInvalid)
	other := h.acme(t)
	other.ID, other.Keys = "zenith", nil
	h.put(t, other)
	c := validClaims(t)
	c.ID, c.IssuedAt, c.NotBefore, c.ExpiresAt, c.Issuer, c.Tenant = "", time.Time{}, time.Time{}, time.Time{}, publisher, "zenith"
	otherServer, err := launchcontext.Signer{Key: ed, Now: h.Now}.Sign(c)
	if err != nil {
		t.Fatal(err)
	}
	h.refused(t, otherServer, "", verify.CodeContextInvalid)
}

func TestARegisteredKeyHoldsBesideFetchedOnes(t *testing.T) {
	h := newHarness(t)
	p := newKeyServer(t, h)
	mine, theirs := newKey(t, "mine", launchcontext.EdDSA), newKey(t, "theirs", launchcontext.EdDSA)
	p.publish(t, theirs)
	acme := h.acme(t)
	acme.Issuers = []admin.Issuer{{Name: publisher, KeysURL: p.URL, Algorithms: []string{"EdDSA"}}}
	acme.Keys = append(acme.Keys, registered(t, publisher, mine))
	h.put(t, acme)
	h.open(t, h.contextOf(t, mine), "")
	if p.requests() != 0 {
		t.Errorf("%d requests for a registered key", p.requests())
	}
	h.open(t, h.contextOf(t, theirs), "")

	acme.Keys = append(acme.Keys, registered(t, publisher, newKey(t, "shared", launchcontext.HS256)))
	h.put(t, acme)
	h.refused(t, h.contextOf(t, theirs), "", verify.CodeContextInvalid)
	h.refused(t, h.contextOf(t, mine), "", verify.CodeContextInvalid)
}

func TestThreat_04_NoURLOfATokenIsAskedForKeys(t *testing.T) {
	h := newHarness(t)
	p := newKeyServer(t, h)
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	key, err := launchcontext.NewSigningKey("2026", private)
	if err != nil {
		t.Fatal(err)
	}
	p.publish(t, key)
	sign := func(signed string) []byte { return ed25519.Sign(private, []byte(signed)) }
	listener := newKeyServer(t, newHarness(t))
	jwk, err := key.Public().JWK()
	if err != nil {
		t.Fatal(err)
	}
	_, payload, _ := parts(h.contextOf(t, key))
	for _, header := range []string{
		`{"alg":"EdDSA","typ":"pod-launch+jwt","kid":"2026","jku":"` + listener.URL + `"}`,
		`{"alg":"EdDSA","typ":"pod-launch+jwt","kid":"2026","x5u":"` + listener.URL + `"}`,
		`{"alg":"EdDSA","typ":"pod-launch+jwt","kid":"2026","jwk":` + string(jwk) + `}`,
		`{"alg":"EdDSA","typ":"JWT","kid":"2026","jku":"` + listener.URL + `"}`,
	} {
		token := segments(header, unb64(t, payload), sign)
		for _, page := range []string{"", "acme"} {
			if _, err := h.OpenAt(t.Context(), page, token, ""); verify.CodeOf(err) != verify.CodeContextInvalid {
				t.Errorf("%s: %v", header, err)
			}
		}
	}
	kid := segments(`{"alg":"EdDSA","typ":"pod-launch+jwt","kid":"`+listener.URL+`"}`, unb64(t, payload), sign)
	h.refused(t, kid, "", verify.CodeContextInvalid)
	if listener.requests() != 0 || p.requests() > 1 {
		t.Errorf("the token's URL was asked %d times, the issuer's %d", listener.requests(), p.requests())
	}
}

func TestThreat_27_KeysAreFetchedFromNowhereInside(t *testing.T) {
	h := newHarness(t)
	p := newKeyServer(t, h)
	key := newKey(t, "2026", launchcontext.EdDSA)
	p.publish(t, key)
	h.Client = egress.Client(egress.Config{Timeout: 5 * time.Second})
	for _, url := range []string{p.URL, "https://169.254.169.254/latest", "https://localhost/jwks", "http://keys.example/jwks", "file:///etc/passwd"} {
		h.trust(t, admin.Issuer{Name: publisher, KeysURL: url, Algorithms: []string{"EdDSA"}})
		h.refused(t, h.contextOf(t, key), "", verify.CodeUnavailable)
	}
	if p.requests() != 0 {
		t.Errorf("%d requests went inside", p.requests())
	}
}
