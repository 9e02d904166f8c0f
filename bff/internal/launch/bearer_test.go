package launch_test

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/launch"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

func TestBearerEndsAndIsRenewedUntilTheSessionEnds(t *testing.T) {
	h := newHarness(t)
	start := h.now
	grant := h.open(t, h.sign(t, nil), "")
	h.now = start.Add(15*time.Minute - time.Second)
	if _, _, err := h.Authenticate(t.Context(), grant.Token); err != nil {
		t.Errorf("in its last second: %v", err)
	}
	renewed, until, err := h.Renew(t.Context(), grant.Session)
	if err != nil || !until.Equal(h.now.Add(15*time.Minute)) {
		t.Errorf("renewed until %s: %v", until, err)
	}
	h.now = start.Add(15 * time.Minute)
	if _, _, err := h.Authenticate(t.Context(), grant.Token); verify.CodeOf(err) != verify.CodeSessionEnded {
		t.Errorf("after it: %v", err)
	}
	if _, _, err := h.Authenticate(t.Context(), renewed); err != nil {
		t.Errorf("the renewed one: %v", err)
	}
	h.now = start.Add(12*time.Hour - time.Minute)
	last, until, err := h.Renew(t.Context(), grant.Session)
	if err != nil || !until.Equal(grant.Session.EndsAt) {
		t.Errorf("the last one ends at %s, the session at %s: %v", until, grant.Session.EndsAt, err)
	}
	h.now = start.Add(12 * time.Hour)
	if _, _, err := h.Authenticate(t.Context(), last); verify.CodeOf(err) != verify.CodeSessionEnded {
		t.Errorf("after the session: %v", err)
	}
	if _, _, err := h.Renew(t.Context(), grant.Session); verify.CodeOf(err) != verify.CodeSessionEnded {
		t.Errorf("renewed after the session: %v", err)
	}
}

func TestRevokedSessionIsRefusedAtOnceHereAndSoonElsewhere(t *testing.T) {
	h := newHarness(t)
	elsewhere := h.newNode()
	grant := h.open(t, h.sign(t, nil), "")
	if _, _, err := elsewhere.Authenticate(t.Context(), grant.Token); err != nil {
		t.Fatal(err)
	}
	if err := h.End(t.Context(), grant.Session); err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.Authenticate(t.Context(), grant.Token); verify.CodeOf(err) != verify.CodeSession {
		t.Errorf("here: %v", err)
	}
	h.now = h.now.Add(500 * time.Millisecond)
	if _, _, err := elsewhere.Authenticate(t.Context(), grant.Token); verify.CodeOf(err) != verify.CodeSession {
		t.Errorf("elsewhere, half a second later: %v", err)
	}
	if _, _, err := elsewhere.Renew(t.Context(), grant.Session); verify.CodeOf(err) != verify.CodeSession {
		t.Errorf("renewed elsewhere: %v", err)
	}
}

func TestThreat_03_OnlyOurOwnBearersAreTaken(t *testing.T) {
	h := newHarness(t)
	grant := h.open(t, h.sign(t, nil), "")
	otherServer := h.newNode()
	otherServer.Secret = []byte("another server's thirty-two byte")
	theirs, _, err := otherServer.Renew(t.Context(), grant.Session)
	if err != nil {
		t.Fatal(err)
	}
	header, payload, signature := parts(grant.Token)
	body := unb64(t, payload)
	withSecret := func(signed string) []byte { // the configured secret itself signs nothing
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(signed))
		return mac.Sum(nil)
	}
	const ours = `{"alg":"HS256","typ":"pod-session+jwt"}`
	cases := []struct{ name, token string }{
		{"nothing", ""},
		{"two dots", ".."},
		{"no signature", header + "." + payload + "."},
		{"another server's", theirs},
		{"signed with the secret that the key derives from", segments(ours, body, withSecret)},
		{"alg none", b64(`{"alg":"none","typ":"pod-session+jwt"}`) + "." + payload + "." + signature},
		{"alg none without a signature", b64(`{"alg":"none","typ":"pod-session+jwt"}`) + "." + payload + "."},
		{"the same header in another order", b64(`{"typ":"pod-session+jwt","alg":"HS256"}`) + "." + payload + "." + signature},
		{"the header of a context", b64(`{"alg":"HS256","kid":"test-hs256","typ":"pod-launch+jwt"}`) + "." + payload + "." + signature},
		{"another session", header + "." + b64(strings.Replace(body, `"sid":"s_`, `"sid":"s_A`, 1)) + "." + signature},
		{"another tenant", header + "." + b64(strings.Replace(body, "acme", "beta", 1)) + "." + signature},
		{"a later end", header + "." + b64(strings.Replace(body, `"exp":1`, `"exp":2`, 1)) + "." + signature},
		{"an end that never comes", header + "." + b64(`{"sid":"s_1","tid":"acme"}`) + "." + signature},
		{"a space in the claims", header + "." + b64(strings.Replace(body, ",", ", ", 1)) + "." + signature},
		{"a repeated claim", header + "." + b64(strings.Replace(body, `"exp"`, `"exp":9999999999,"exp"`, 1)) + "." + signature},
		{"a line break", grant.Token + "\n"},
		{"padding", grant.Token + "="},
		{"a part too many", grant.Token + ".e30"},
		{"the word Bearer before it", "Bearer " + grant.Token},
		{"very long", grant.Token + strings.Repeat("A", 2000)},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if _, _, err := h.Authenticate(t.Context(), c.token); verify.CodeOf(err) != verify.CodeSession {
				t.Errorf("got %v, want %q", err, verify.CodeSession)
			}
		})
	}
	if _, _, err := h.Authenticate(t.Context(), grant.Token); err != nil {
		t.Errorf("the valid one: %v", err)
	}
}

func TestThreat_07_BearerIsWorthNothingWithAnotherTenantsSession(t *testing.T) {
	h := newHarness(t)
	grant := h.open(t, h.sign(t, nil), "")
	s := h.newNode()
	s.Sessions = fakeMovedSessions{h.store}
	if _, _, err := s.Authenticate(t.Context(), grant.Token); verify.CodeOf(err) != verify.CodeSession {
		t.Errorf("got %v", err)
	}
}

// fakeMovedSessions gives another tenant's session for every id.
type fakeMovedSessions struct{ launch.Sessions }

func (m fakeMovedSessions) Session(ctx context.Context, id string) (verify.Session, error) {
	s, err := m.Sessions.Session(ctx, id)
	s.Context.Tenant = "beta"
	return s, err
}

// fakeDown is a store that can't be reached.
type fakeDown struct{ launch.Sessions }

var errDown = &verify.Error{Code: verify.CodeUnavailable}

func (fakeDown) OpenSession(context.Context, verify.NewSession) (bool, error) {
	return false, errDown
}
func (fakeDown) EndSession(context.Context, string, string) error { return errDown }
func (fakeDown) Session(context.Context, string) (verify.Session, error) {
	return verify.Session{}, errDown
}
func (fakeDown) Tenant(context.Context, string) (verify.Tenant, error) {
	return verify.Tenant{}, errDown
}
func (fakeDown) TenantSettings(context.Context, string) (admin.Tenant, error) {
	return admin.Tenant{}, errDown
}

func TestNothingOpensWhileTheMemoryIsDown(t *testing.T) {
	h := newHarness(t)
	grant := h.open(t, h.sign(t, nil), "")
	s := h.newNode()
	s.Sessions = fakeDown{}
	if g, err := s.Open(t.Context(), h.sign(t, nil), ""); verify.CodeOf(err) != verify.CodeUnavailable || g.Token != "" {
		t.Errorf("open: %v", err)
	}
	if _, _, err := s.Authenticate(t.Context(), grant.Token); verify.CodeOf(err) != verify.CodeUnavailable {
		t.Errorf("authenticate: %v", err)
	}
	if err := s.End(t.Context(), grant.Session); verify.CodeOf(err) != verify.CodeUnavailable {
		t.Errorf("end: %v", err)
	}
	s = h.newNode()
	s.Tenants = fakeDown{}
	if _, err := s.Open(t.Context(), h.sign(t, nil), ""); verify.CodeOf(err) != verify.CodeUnavailable {
		t.Errorf("tenants: %v", err)
	}
	h.Sessions = fakeDown{} // a session that was just read comes from the cache
	if _, _, err := h.Authenticate(t.Context(), grant.Token); err != nil {
		t.Errorf("from memory: %v", err)
	}
	h.now = h.now.Add(500 * time.Millisecond)
	if _, _, err := h.Authenticate(t.Context(), grant.Token); verify.CodeOf(err) != verify.CodeUnavailable {
		t.Errorf("half a second later: %v", err)
	}
}

func TestNothingOpensWithoutEntropy(t *testing.T) {
	h := newHarness(t)
	s := h.newNode()
	s.Entropy = strings.NewReader("")
	if _, _, err := s.Challenge(); verify.CodeOf(err) != verify.CodeUnavailable {
		t.Errorf("challenge: %v", err)
	}
	if _, err := s.Open(t.Context(), h.sign(t, nil), ""); verify.CodeOf(err) != verify.CodeUnavailable {
		t.Errorf("open: %v", err)
	}
	if sessions, used := h.stored(t); sessions+used != 0 {
		t.Errorf("%d sessions, %d spent", sessions, used)
	}
}

// FuzzAuthenticate looks for an accepted token that this server did not issue, and for a panic.
func FuzzAuthenticate(f *testing.F) {
	now := time.Unix(1767225600, 0)
	s := &launch.Service{
		Tenants: fakeDown{}, Sessions: fakeSession{}, Audience: audience, Secret: secret,
		Now: func() time.Time { return now }, Entropy: rand.Reader,
	}
	session, _ := fakeSession{}.Session(f.Context(), "")
	token, _, err := s.Renew(f.Context(), session)
	if err != nil {
		f.Fatal(err)
	}
	header, payload, signature := parts(token)
	for _, seed := range []string{token, header + "." + payload + ".", "..", token + "\n", strings.ToUpper(token), signature} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, bearer string) {
		_, _, err := s.Authenticate(t.Context(), bearer)
		var refusal *verify.Error
		if err == nil && bearer != token || err != nil && !errors.As(err, &refusal) {
			t.Errorf("%q: %v", bearer, err)
		}
	})
}

// fakeSession is a store with one session.
type fakeSession struct{ launch.Sessions }

func (fakeSession) Session(context.Context, string) (verify.Session, error) {
	return verify.Session{ID: "s_1", Context: verify.TicketContext{Tenant: "acme"}, EndsAt: time.Unix(1767225600, 0).Add(time.Hour)}, nil
}
