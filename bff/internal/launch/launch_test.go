package launch_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/launch"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

func TestOpenMapsTheContextToATicketContext(t *testing.T) {
	h := newHarness(t)
	grant := h.open(t, h.sign(t, nil), "")
	want := verify.Session{
		ID: grant.Session.ID, Origin: "https://psa.example", OpenedAt: h.now.UTC(), EndsAt: h.now.UTC().Add(12 * time.Hour), FirstOpen: true,
		Context: verify.TicketContext{
			Tenant:     "acme",
			Technician: verify.Technician{ID: "member-7", Name: "Ana Ortiz", Email: "ana@acme.example"},
			Ticket:     verify.Ticket{PSA: "demo", ID: "4711", Number: "T-4711", Summary: "Password reset", URL: "https://psa.example/tickets/4711"},
			Client:     verify.Client{ID: "contoso", Name: "Contoso"},
			Contacts: []verify.Contact{
				{ID: "dana", Name: "Dana Reyes", Title: "Accountant", Channels: []verify.Channel{
					{ID: "dana-mobile", Kind: channel.Phone, Value: "+14155554821", Label: "Mobile", Capability: channel.Mobile, Country: "US"},
					{ID: "dana-desk", Kind: channel.Phone, Value: "+14155550199", Label: "Desk", Capability: channel.Landline, Country: "US"},
					{ID: "dana-mail", Kind: channel.Email, Value: "dana@contoso.com", Label: "Work"},
				}},
				{ID: "sam", Name: "Sam Okafor", Channels: []verify.Channel{{ID: "sam-mail", Kind: channel.Email, Value: "sam@contoso.com"}}},
			},
			DefaultContact: "dana", OwnDestinations: []string{"ana@acme.example"},
		},
	}
	if diff := cmp.Diff(want, grant.Session); diff != "" {
		t.Error(diff)
	}
	if until := h.now.Add(15 * time.Minute).UTC(); !grant.ExpiresAt.Equal(until) {
		t.Errorf("the bearer ends at %s, not %s", grant.ExpiresAt, until)
	}
	session, until, err := h.newNode().Authenticate(t.Context(), grant.Token)
	if err != nil || !until.Equal(grant.ExpiresAt) {
		t.Fatalf("another node: until %s: %v", until, err)
	}
	if diff := cmp.Diff(want, session); diff != "" {
		t.Error(diff)
	}
}

func TestThreat_01_ForgedAndMisshapenContexts(t *testing.T)   { refusals(t, 1) }
func TestThreat_02_ContextsOutOfTime(t *testing.T)            { refusals(t, 2) }
func TestThreat_03_ContextsForAnotherPurpose(t *testing.T)    { refusals(t, 3) }
func TestThreat_04_ContextsThatBringOrSteerKeys(t *testing.T) { refusals(t, 4) }

// refusals opens every refused context of testdata for the threat.
func refusals(t *testing.T, row int) {
	h := newHarness(t)
	start := h.now
	paths, err := filepath.Glob(filepath.Join(contexts, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, path := range paths {
		var c struct {
			Row   int
			Later int
			Want  launchcontext.Code
			Token string
		}
		if err := json.Unmarshal(read(t, filepath.Base(path)), &c); err != nil {
			t.Fatal(err)
		}
		if c.Want == "" || c.Row != row {
			continue
		}
		tried++
		t.Run(strings.TrimSuffix(filepath.Base(path), ".json"), func(t *testing.T) {
			want := verify.CodeContextInvalid
			if c.Want == launchcontext.CodeExpired {
				want = verify.CodeContextExpired
			}
			h.now = start.Add(time.Duration(c.Later) * time.Second)
			h.refused(t, c.Token, "", want)
		})
	}
	if tried < 5 {
		t.Errorf("only %d cases for row %d", tried, row)
	}
}

func TestThreat_01_UnknownTenantReadsLikeABadKey(t *testing.T) {
	h := newHarness(t)
	public := func(context string) string {
		refusal := h.refused(t, context, "", verify.CodeContextInvalid)
		return refusal.Public + refusal.Field
	}
	unknownTenant := public(h.sign(t, func(c *launchcontext.Claims) { c.Tenant = "nobody" }))
	unknownIssuer := public(h.sign(t, func(c *launchcontext.Claims) { c.Issuer = "https://other.example" }))
	h.keys["ed25519"] = h.keys["stranger"]
	badKey := public(h.sign(t, nil))
	if unknownTenant != badKey || unknownIssuer != badKey {
		t.Errorf("three answers: %q, %q, %q", unknownTenant, unknownIssuer, badKey)
	}
}

func TestThreat_02_ContextIsSpentOnce(t *testing.T) {
	h := newHarness(t)
	context := h.sign(t, nil)
	h.open(t, context, "")
	h.refused(t, context, "", verify.CodeContextReplayed)
	h.now = h.now.Add(launchcontext.DefaultLifetime + launchcontext.Leeway - time.Second) // the last valid second
	if err := h.store.Sweep(t.Context(), h.now); err != nil {
		t.Fatal(err)
	}
	h.refused(t, context, "", verify.CodeContextReplayed)
	h.now = h.now.Add(time.Second)
	h.refused(t, context, "", verify.CodeContextExpired)
}

func TestThreat_02_OneOfFiftyInParallelWins(t *testing.T) {
	h := newHarness(t)
	nodes := []*launch.Service{h.Service, h.newNode()}
	context := h.sign(t, nil)
	var opened, replayed atomic.Int32
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			switch _, err := nodes[i%2].Open(t.Context(), context, ""); verify.CodeOf(err) {
			case verify.CodeContextReplayed:
				replayed.Add(1)
			case "":
				opened.Add(1)
			}
		})
	}
	all.Wait()
	if opened.Load() != 1 || replayed.Load() != 49 {
		t.Errorf("%d opened, %d replayed", opened.Load(), replayed.Load())
	}
	if sessions, used := h.stored(t); sessions != 1 || used != 1 {
		t.Errorf("%d sessions, %d spent", sessions, used)
	}
}

func TestThreat_02_SameIDOfAnotherIssuerIsAnotherContext(t *testing.T) {
	h := newHarness(t)
	acme := h.acme(t)
	acme.Keys = append(acme.Keys, registered(t, "https://second.example", h.keys["ed25519"]))
	h.put(t, acme)
	h.open(t, h.sign(t, func(c *launchcontext.Claims) { c.ID = "same" }), "")
	h.open(t, h.sign(t, func(c *launchcontext.Claims) { c.ID, c.Issuer = "same", "https://second.example" }), "")
	h.refused(t, h.sign(t, func(c *launchcontext.Claims) { c.ID = "same" }), "", verify.CodeContextReplayed)
}

func TestThreat_03_BearerAndContextNeverPassForEachOther(t *testing.T) {
	h := newHarness(t)
	context := h.sign(t, nil)
	grant := h.open(t, h.sign(t, nil), "")
	h.refused(t, grant.Token, "", verify.CodeContextInvalid)
	if _, _, err := h.Authenticate(t.Context(), context); verify.CodeOf(err) != verify.CodeSession {
		t.Errorf("a context as bearer: %v", err)
	}
}

func TestThreat_04_TheTokensURLsAreNotFetched(t *testing.T) {
	var hits atomic.Int32
	listener := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	defer listener.Close()
	h := newHarness(t)
	_, payload, _ := parts(h.sign(t, nil))
	_, unknownKey, _ := ed25519.GenerateKey(rand.Reader)
	for _, name := range []string{"jku", "x5u", "kid"} {
		header := map[string]string{"alg": "EdDSA", "typ": launchcontext.Type, "kid": "test-ed25519"}
		header[name] = listener.URL
		text, _ := json.Marshal(header)
		h.refused(t, segments(string(text), unb64(t, payload), func(signed string) []byte {
			return ed25519.Sign(unknownKey, []byte(signed))
		}), "", verify.CodeContextInvalid)
	}
	if hits.Load() != 0 {
		t.Errorf("%d requests", hits.Load())
	}
}

func TestThreat_05_ThousandUnknownKeyIDsAreRefusedAlike(t *testing.T) {
	h := newHarness(t)
	_, payload, signature := parts(h.sign(t, nil))
	for i := range 1000 {
		header := b64(fmt.Sprintf(`{"alg":"EdDSA","kid":"k%d","typ":"pod-launch+jwt"}`, i))
		if _, err := h.Open(t.Context(), header+"."+payload+"."+signature, ""); verify.CodeOf(err) != verify.CodeContextInvalid {
			t.Fatalf("kid %d: %v", i, err)
		}
	}
	if sessions, used := h.stored(t); sessions+used != 0 {
		t.Errorf("%d sessions, %d spent", sessions, used)
	}
}

func TestOriginMustBeOneOfTheTenants(t *testing.T) {
	cases := []struct {
		name, origin string
		want         verify.Code
	}{
		{"the registered one", "https://psa.example", ""},
		{"none", "", ""},
		{"another", "https://evil.example", verify.CodeContextInvalid},
		{"the registered one by http", "http://psa.example", verify.CodeContextInvalid},
		{"the registered one with a slash", "https://psa.example/", verify.CodeContextInvalid},
		{"the registered one in another case", "https://PSA.example", verify.CodeContextInvalid},
		{"a name that ends like it", "https://psa.example.evil.example", verify.CodeContextInvalid},
		{"any", "*", verify.CodeContextInvalid},
		{"null", "null", verify.CodeContextInvalid},
	}
	h := newHarness(t)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			context := h.sign(t, func(claims *launchcontext.Claims) { claims.Origin = c.origin })
			if c.want != "" {
				h.refused(t, context, "", c.want)
			} else if got := h.open(t, context, "").Session.Origin; got != c.origin {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestContextWithoutContactsNeedsAConnection(t *testing.T) {
	h := newHarness(t)
	h.psa.readErr = &verify.Error{Code: verify.CodeNotFound}
	refusal := h.refused(t, h.sign(t, func(c *launchcontext.Claims) { c.Context.Contacts = nil }), "", verify.CodeContextInvalid)
	if refusal.Field != "ctx.contacts" || !strings.Contains(refusal.Public, "Acme IT has no connection") {
		t.Errorf("got %v", &refusal)
	}
}

func TestThreat_25_RefusalsHoldNothingOfTheContext(t *testing.T) {
	h := newHarness(t)
	good := h.sign(t, nil)
	h.open(t, good, "")
	bad := []string{
		good, good + "x",
		h.sign(t, func(c *launchcontext.Claims) { c.Tenant = "tenant-that-is-private" }),
		h.sign(t, func(c *launchcontext.Claims) { c.Origin = "https://private.example" }),
		h.sign(t, func(c *launchcontext.Claims) { c.Context.Contact.ID = "private-person" }),
		h.sign(t, func(c *launchcontext.Claims) { c.Context.Contacts[1].ID = "dana" }),
		h.sign(t, func(c *launchcontext.Claims) { c.Actor.Email = "private at example" }),
	}
	for _, context := range bad {
		_, err := h.Open(t.Context(), context, "")
		var refusal *verify.Error
		if !errors.As(err, &refusal) || refusal.Public == "" {
			t.Fatalf("no refusal: %v", err)
		}
		for _, content := range []string{"private", "Dana", "dana", "4711", "member-7", good[:40]} {
			if strings.Contains(err.Error()+refusal.Public, content) {
				t.Errorf("%q or %q repeats %q", err, refusal.Public, content)
			}
		}
	}
}

func TestServiceThatIsNotConfiguredOpensNothing(t *testing.T) {
	h := newHarness(t)
	context := h.sign(t, nil)
	for name, edit := range map[string]func(*launch.Service){
		"no audience":    func(s *launch.Service) { s.Audience = "" },
		"no secret":      func(s *launch.Service) { s.Secret = nil },
		"a short secret": func(s *launch.Service) { s.Secret = []byte("short") },
	} {
		s := h.newNode()
		edit(s)
		_, openErr := s.Open(t.Context(), context, "")
		_, _, challengeErr := s.Challenge()
		_, _, authErr := s.Authenticate(t.Context(), "x")
		_, _, renewErr := s.Renew(t.Context(), verify.Session{})
		for _, err := range []error{openErr, challengeErr, authErr, renewErr} {
			if verify.CodeOf(err) != verify.CodeUnavailable {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestThreat_07_AContextOfOneTenantOpensNothingOnAnothersPage(t *testing.T) {
	h := newHarness(t)
	other := h.acme(t)
	other.ID = "zenith"
	h.put(t, other)
	context := h.sign(t, nil)
	if _, err := h.OpenAt(t.Context(), "zenith", context, ""); verify.CodeOf(err) != verify.CodeContextInvalid {
		t.Errorf("got %v", err)
	}
	if sessions, used := h.stored(t); sessions != 0 || used != 0 {
		t.Errorf("it left %d sessions and %d spent ids", sessions, used)
	}
	if _, err := h.OpenAt(t.Context(), "acme", context, ""); err != nil {
		t.Errorf("on its own tenant's page: %v", err)
	}
}
