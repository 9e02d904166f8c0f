package launch_test

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/launch"
	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

const (
	contexts = "../../../testdata/contexts"
	audience = "https://pod.example"
	issuer   = "https://psa.example"
)

// manage is a product whose tickets are read.
var manage = psa.Product{Name: "connectwise", Title: "ConnectWise"}

var (
	_      launch.Sessions = (*store.Store)(nil)
	secret                 = []byte("tests only: thirty-two bytes...!")
)

// harness is a service on a real store, with an adjustable clock.
type harness struct {
	*launch.Service
	store *store.Store
	psa   *fakeSystem // connected to the tenant
	path  string      // of the store's file
	now   time.Time
	keys  map[string]launchcontext.SigningKey // of testdata, by file name
	rows  *sql.DB
}

// newHarness has the tenant acme, which trusts the public test keys of the issuer.
func newHarness(t testing.TB) *harness {
	t.Helper()
	h := &harness{now: time.Unix(1767225600, 0), keys: testKeys(t), psa: newFakeSystem()}
	h.path = filepath.Join(t.TempDir(), "shieldpod.db")
	h.store = storetest.Open(t, h.path, func() time.Time { return h.now })
	h.Service = h.newNode()
	h.put(t, h.acme(t))
	rows, err := sql.Open("sqlite", h.path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rows.Close() })
	h.rows = rows
	return h
}

// atNoon is a service that builds ticket contexts; log may be nil.
func atNoon(log *slog.Logger) *launch.Service {
	return &launch.Service{Products: []psa.Product{manage}, Now: func() time.Time { return time.Unix(1767225600, 0) }, Log: log}
}

// newNode is the service of one more node on the same store.
func (h *harness) newNode() *launch.Service {
	return &launch.Service{
		Tenants: h.store, Sessions: h.store, Audience: audience, Secret: secret,
		ChangeDetector: storetest.Service(h.store, func() time.Time { return h.now }),
		Hosted:         fakeHosted{h.psa}, Tickets: fakeTickets{h.psa}, Products: []psa.Product{manage},
		Now: func() time.Time { return h.now }, Entropy: rand.Reader,
	}
}

func (h *harness) acme(t testing.TB) admin.Tenant {
	t.Helper()
	acme := admin.Tenant{Tenant: verify.Tenant{ID: "acme", Name: "Acme IT", Region: "US", Origins: []string{"https://psa.example"}}}
	for _, name := range []string{"ed25519", "es256", "rs256"} {
		acme.Keys = append(acme.Keys, registered(t, issuer, h.keys[name]))
	}
	return acme
}

func (h *harness) put(t testing.TB, tenant admin.Tenant) {
	t.Helper()
	if err := storetest.PutTenantSettings(t.Context(), h.store, tenant); err != nil {
		t.Fatal(err)
	}
}

// stored counts the rows that launches have written.
func (h *harness) stored(t testing.TB) (sessions, used int) {
	t.Helper()
	row := h.rows.QueryRowContext(t.Context(), `SELECT (SELECT count(*) FROM sessions), (SELECT count(*) FROM used_contexts)`)
	if err := row.Scan(&sessions, &used); err != nil {
		t.Fatal(err)
	}
	return sessions, used
}

// refused checks the code of a refusal, and that the refusal stored nothing.
func (h *harness) refused(t testing.TB, context, nonce string, want verify.Code) verify.Error {
	t.Helper()
	sessions, used := h.stored(t)
	grant, err := h.Open(t.Context(), context, nonce)
	if verify.CodeOf(err) != want || grant.Token != "" || grant.Session.ID != "" {
		t.Errorf("got %v, want %q and no grant", err, want)
	}
	if s, j := h.stored(t); s != sessions || j != used {
		t.Errorf("a refused context left %d sessions and %d spent ids", s-sessions, j-used)
	}
	var refusal *verify.Error
	if !errors.As(err, &refusal) {
		t.Fatalf("no refusal: %v", err)
	}
	return *refusal
}

func (h *harness) open(t testing.TB, context, nonce string) launch.Grant {
	t.Helper()
	grant, err := h.Open(t.Context(), context, nonce)
	if err != nil {
		t.Fatal(err)
	}
	return grant
}

// sign makes a fresh context from valid.json, with its own jti and edited claims.
func (h *harness) sign(t testing.TB, edit func(*launchcontext.Claims)) string {
	t.Helper()
	c := validClaims(t)
	c.ID, c.IssuedAt, c.NotBefore, c.ExpiresAt = "", time.Time{}, time.Time{}, time.Time{}
	if edit != nil {
		edit(&c)
	}
	token, err := launchcontext.Signer{Key: h.keys["ed25519"], Now: h.Now}.Sign(c)
	if err != nil {
		return h.signUnchecked(t, c)
	}
	return token
}

// signUnchecked makes a context without checks, as other software may.
func (h *harness) signUnchecked(t testing.TB, c launchcontext.Claims) string {
	t.Helper()
	if c.IssuedAt.IsZero() {
		c.IssuedAt, c.NotBefore, c.ExpiresAt = h.now, h.now, h.now.Add(time.Minute)
	}
	c.ID = cmp.Or(c.ID, rand.Text())
	payload, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	return h.signText(t, string(payload))
}

// signText signs claims unchanged.
func (h *harness) signText(t testing.TB, payload string) string {
	t.Helper()
	key := h.keys["ed25519"]
	der, err := key.PEM()
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(der)
	private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return segments(`{"alg":"EdDSA","typ":"pod-launch+jwt","kid":"`+key.ID()+`"}`, payload, func(signed string) []byte {
		return ed25519.Sign(private.(ed25519.PrivateKey), []byte(signed))
	})
}

func registered(t testing.TB, issuer string, key launchcontext.SigningKey) admin.SigningKey {
	t.Helper()
	material, err := key.Public().Material()
	if err != nil {
		t.Fatal(err)
	}
	return admin.SigningKey{Issuer: issuer, ID: key.ID(), Algorithm: string(key.Algorithm()), Material: material}
}

func testKeys(t testing.TB) map[string]launchcontext.SigningKey {
	t.Helper()
	keys := map[string]launchcontext.SigningKey{}
	for _, name := range []string{"ed25519", "es256", "rs256", "hs256", "stranger"} {
		key, err := launchcontext.ParsePrivateKey(read(t, filepath.Join("keys", name+".jwk.json")), "")
		if err != nil {
			t.Fatal(err)
		}
		keys[name] = key
	}
	return keys
}

func validClaims(t testing.TB) launchcontext.Claims {
	t.Helper()
	var valid struct{ Claims launchcontext.Claims }
	if err := json.Unmarshal(read(t, "valid.json"), &valid); err != nil {
		t.Fatal(err)
	}
	return valid.Claims
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(contexts, path))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// segments makes a token with any header and claims.
func segments(header, payload string, sign func(signed string) []byte) string {
	signed := b64(header) + "." + b64(payload)
	return signed + "." + b64(string(sign(signed)))
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

func unb64(t testing.TB, s string) string {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func parts(token string) (header, payload, signature string) {
	p := strings.Split(token, ".")
	return p[0], p[1], p[2]
}

// fakeSystem is a ticket system with fixed answers. It counts the requests.
type fakeSystem struct {
	mu           sync.Mutex
	who          verify.Technician
	ticket       launchcontext.Context
	verifyErr    error // of VerifyMember
	readErr      error // of the tickets and contacts
	proofs       int
	reads        int
	duringVerify func() // called by VerifyMember during the request
}

func (s *fakeSystem) VerifyMember(_ context.Context, _ verify.Tenant, _ string, m psa.Member) (verify.Technician, error) {
	s.mu.Lock()
	s.proofs++
	who, err, underway := s.who, s.verifyErr, s.duringVerify
	s.mu.Unlock()
	if underway != nil {
		underway()
	}
	return who, err
}

func (s *fakeSystem) read() (launchcontext.Context, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reads++; s.readErr != nil {
		return launchcontext.Context{}, s.readErr
	}
	return s.ticket, nil
}

// newFakeSystem has one ticket, and the contacts Dana and Raj at its client.
func newFakeSystem() *fakeSystem {
	mobile := true
	return &fakeSystem{
		who: verify.Technician{ID: "ana", Name: "Ana Ortiz", Email: "ana@acme.example", Phone: "(415) 555-0100"},
		ticket: launchcontext.Context{
			PSA: manage.Name, Ticket: launchcontext.Ticket{ID: "1174", Summary: "Password reset"},
			Client: launchcontext.Client{ID: "250", Name: "Contoso"}, Contact: launchcontext.Default{ID: "12", Name: "Dana Reyes"},
			Contacts: []launchcontext.Contact{
				{ID: "31", Name: "Raj Patel", Channels: []launchcontext.Channel{{ID: "9", Kind: "phone", Value: "415 555 4822", Mobile: &mobile}}},
				{ID: "12", Name: "Dana Reyes", Title: "Accountant", Channels: []launchcontext.Channel{
					{ID: "1", Kind: "phone", Value: "4155554821", Label: "Cell", Mobile: &mobile},
					{ID: "2", Kind: "email", Value: "dana@contoso.com", Label: "Email"},
				}},
			},
		},
	}
}

// fakeHosted and fakeTickets implement the two ports on a fakeSystem.
type fakeHosted struct{ *fakeSystem }

func (h fakeHosted) TicketAsMember(context.Context, verify.Tenant, string, psa.Member, string, string) (launchcontext.Context, error) {
	return h.read()
}

type fakeTickets struct{ *fakeSystem }

func (f fakeTickets) Ticket(context.Context, verify.Tenant, string, string) (launchcontext.Context, error) {
	return f.read()
}

func (f fakeTickets) Contacts(context.Context, verify.Tenant, string, string, string) ([]launchcontext.Contact, error) {
	x, err := f.read()
	return x.Contacts, err
}

func (f fakeTickets) TakesNotes(_ context.Context, _ verify.Tenant, name string) (bool, error) {
	return name == manage.Name, nil
}
