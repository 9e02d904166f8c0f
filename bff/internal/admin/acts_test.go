package admin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

var opening = time.Date(2026, 3, 2, 14, 0, 0, 0, time.UTC)

var ana = admin.Actor{Kind: verify.ActorCLI, ID: "ana", Name: "Ana Ortiz"}

// hush stands in every secret that is given to an act, and in no event.
const hush = "hush-hush-4d9f27c1"

// harness is the service on a store with the tenant acme.
type harness struct {
	*admin.Service
	t     *testing.T
	store *store.Store
}

func newHarness(t *testing.T, s *store.Store) *harness {
	t.Helper()
	h := &harness{Service: storetest.Admin(s, func() time.Time { return opening }), t: t, store: s}
	if err := storetest.PutTenant(t.Context(), s, verify.Tenant{ID: "acme", Name: "Acme IT", Region: "US", Origins: []string{"https://psa.example"}}); err != nil {
		t.Fatal(err)
	}
	return h
}

// events gives all events of the tenant.
func (h *harness) events(tenant string) []verify.Event {
	h.t.Helper()
	events, err := h.store.AdminEvents(h.t.Context(), tenant, 0, 1000)
	if err != nil {
		h.t.Fatal(err)
	}
	return events
}

// must fails the test on an error.
func (h *harness) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// row is one act of the table: what has to be there before it, the act and what its event must have.
type row struct {
	before  func(*harness)
	act     func(context.Context, *harness) error
	kind    verify.EventKind
	subject string
	changes []verify.Change
}

func change(field, from, to string) verify.Change {
	c := verify.Change{Field: field}
	if from != "" {
		c.From = json.RawMessage(from)
	}
	if to != "" {
		c.To = json.RawMessage(to)
	}
	return c
}

var (
	sharedKey  = admin.SigningKey{Issuer: "https://psa.example", ID: "k1", Algorithm: "HS256", Material: []byte(hush)}
	issuer     = admin.Issuer{Name: "https://keys.example", KeysURL: "https://keys.example/jwks", Algorithms: []string{"ES256"}}
	signIn     = admin.SignIn{Issuer: "https://id.example", ClientID: "pod", Secret: []byte(hush), System: "connectwise", Claim: "sub"}
	account    = admin.CarrierAccount{Tenant: "acme", Carrier: "twilio", Kind: channel.Phone, Priority: 1, Settings: json.RawMessage(`{"from":"+15105550100"}`), Secret: []byte(hush)}
	connection = admin.Connection{Tenant: "acme", System: "connectwise", Settings: json.RawMessage(`{"host":"na.myconnectwise.net"}`), Secret: []byte(hush)}
)

// acts has a row for each method of the service that takes an actor.
var acts = map[string]row{
	"PutTenant": {
		act: func(ctx context.Context, h *harness) error {
			_, err := h.PutTenant(ctx, ana, "acme", admin.TenantEdit{Name: "Acme", AddOrigins: []string{"https://b.example"}, WebhookURL: "https://hooks.example/" + hush})
			return err
		},
		kind: verify.EventTenantChanged,
		changes: []verify.Change{
			change("name", `"Acme IT"`, `"Acme"`), change("origins", `["https://psa.example"]`, `["https://psa.example","https://b.example"]`),
			change("webhook_url", "", `"https://hooks.example"`), change("webhook_secret", "", `"set"`),
		},
	},
	"AddKey": {
		act: func(ctx context.Context, h *harness) error {
			_, err := h.AddKey(ctx, ana, "acme", sharedKey)
			return err
		},
		kind: verify.EventSigningKeyAdded, subject: "k1",
		changes: []verify.Change{change("issuer", "", `"https://psa.example"`), change("algorithm", "", `"HS256"`), change("secret", "", `"set"`)},
	},
	"RemoveKey": {
		before: func(h *harness) { _, err := h.AddKey(ctx, ana, "acme", sharedKey); h.must(err) },
		act: func(ctx context.Context, h *harness) error {
			_, err := h.RemoveKey(ctx, ana, "acme", "https://psa.example", "k1")
			return err
		},
		kind: verify.EventSigningKeyRemoved, subject: "k1",
		changes: []verify.Change{change("issuer", `"https://psa.example"`, ""), change("algorithm", `"HS256"`, ""), change("secret", `"set"`, "")},
	},
	"PutIssuer": {
		act: func(ctx context.Context, h *harness) error {
			_, err := h.PutIssuer(ctx, ana, "acme", issuer)
			return err
		},
		kind: verify.EventIssuerSet, subject: "https://keys.example",
		changes: []verify.Change{change("name", "", `"https://keys.example"`), change("keys_url", "", `"https://keys.example/jwks"`), change("algorithms", "", `["ES256"]`)},
	},
	"RemoveIssuer": {
		before: func(h *harness) { _, err := h.PutIssuer(ctx, ana, "acme", issuer); h.must(err) },
		act: func(ctx context.Context, h *harness) error {
			_, err := h.RemoveIssuer(ctx, ana, "acme", "https://keys.example")
			return err
		},
		kind: verify.EventIssuerRemoved, subject: "https://keys.example",
		changes: []verify.Change{change("name", `"https://keys.example"`, ""), change("keys_url", `"https://keys.example/jwks"`, ""), change("algorithms", `["ES256"]`, "")},
	},
	"PutSignIn": {
		act: func(ctx context.Context, h *harness) error {
			_, err := h.PutSignIn(ctx, ana, "acme", signIn)
			return err
		},
		kind: verify.EventSignInSet, subject: "https://id.example",
		changes: []verify.Change{
			change("issuer", "", `"https://id.example"`), change("client_id", "", `"pod"`), change("client_secret", "", `"set"`),
			change("system", "", `"connectwise"`), change("claim", "", `"sub"`),
		},
	},
	"RemoveSignIn": {
		before: func(h *harness) { _, err := h.PutSignIn(ctx, ana, "acme", signIn); h.must(err) },
		act: func(ctx context.Context, h *harness) error {
			_, err := h.RemoveSignIn(ctx, ana, "acme")
			return err
		},
		kind: verify.EventSignInRemoved, subject: "https://id.example",
		changes: []verify.Change{
			change("issuer", `"https://id.example"`, ""), change("client_id", `"pod"`, ""), change("client_secret", `"set"`, ""),
			change("system", `"connectwise"`, ""), change("claim", `"sub"`, ""),
		},
	},
	"PutCarrier": {
		before: func(h *harness) { h.must(h.PutCarrier(ctx, ana, account, false)) },
		act: func(ctx context.Context, h *harness) error {
			changed := account
			changed.Priority, changed.Settings, changed.Secret = 2, json.RawMessage(`{"from":"+15105550101"}`), []byte("another "+hush)
			return h.PutCarrier(ctx, ana, changed, true)
		},
		kind: verify.EventCarrierSet, subject: "twilio",
		changes: []verify.Change{change("priority", `1`, `2`), change("secret", `"set"`, `"changed"`), change("from", `"+15105550100"`, `"+15105550101"`)},
	},
	"RemoveCarrier": {
		before: func(h *harness) { h.must(h.PutCarrier(ctx, ana, account, false)) },
		act:    func(ctx context.Context, h *harness) error { return h.RemoveCarrier(ctx, ana, "acme", "twilio") },
		kind:   verify.EventCarrierRemoved, subject: "twilio",
		changes: []verify.Change{change("kind", `"phone"`, ""), change("priority", `1`, ""), change("secret", `"set"`, ""), change("from", `"+15105550100"`, "")},
	},
	"PutConnection": {
		act:  func(ctx context.Context, h *harness) error { return h.PutConnection(ctx, ana, connection) },
		kind: verify.EventConnectionSet, subject: "connectwise",
		changes: []verify.Change{change("secret", "", `"set"`), change("host", "", `"na.myconnectwise.net"`)},
	},
	"RemoveConnection": {
		before: func(h *harness) { h.must(h.PutConnection(ctx, ana, connection)) },
		act: func(ctx context.Context, h *harness) error {
			return h.RemoveConnection(ctx, ana, "acme", "connectwise")
		},
		kind: verify.EventConnectionRemoved, subject: "connectwise",
		changes: []verify.Change{change("secret", `"set"`, ""), change("host", `"na.myconnectwise.net"`, "")},
	},
	"CreateAPIKey": {
		act: func(ctx context.Context, h *harness) error {
			_, _, err := h.CreateAPIKey(ctx, ana, "acme", admin.APIKeyRequest{
				Name: "Noor", Scopes: []admin.Scope{admin.ScopePoliciesRead}, ExpiresAt: opening.Add(time.Hour),
			})
			return err
		},
		kind: verify.EventAPIKeyCreated, subject: keyID,
		changes: []verify.Change{
			change("name", "", `"Noor"`), change("scopes", "", `["policies:read"]`), change("key", "", `"set"`), change("expires_at", "", `"2026-03-02T15:00:00Z"`),
		},
	},
	"RemoveAPIKey": {
		before: func(h *harness) {
			_, _, err := h.CreateAPIKey(ctx, ana, "acme", admin.APIKeyRequest{Name: "Noor"})
			h.must(err)
		},
		act:  func(ctx context.Context, h *harness) error { return h.RemoveAPIKey(ctx, ana, "acme", keyID) },
		kind: verify.EventAPIKeyRemoved, subject: keyID,
		changes: []verify.Change{
			change("name", `"Noor"`, ""), change("key", `"set"`, ""),
			change("scopes", `["policies:read","policies:write","branding:read","branding:write","directory:read","directory:write","contacts:unlock"]`, ""),
		},
	},
	"EndSessions": {
		before: func(h *harness) {
			for _, id := range []string{"s1", "s2"} {
				_, err := h.store.OpenSession(ctx, verify.NewSession{Session: verify.Session{ID: id, Context: verify.TicketContext{Tenant: "acme", Technician: verify.Technician{ID: "lee"}}}, JTI: id, JTIUntil: opening})
				h.must(err)
			}
		},
		act: func(ctx context.Context, h *harness) error {
			_, err := h.EndSessions(ctx, ana, "acme", "lee")
			return err
		},
		kind: verify.EventSessionsEnded, subject: "lee", changes: []verify.Change{change("sessions", `2`, "")},
	},
	"EditPolicies": {
		act: func(ctx context.Context, h *harness) error {
			_, err := h.EditPolicies(ctx, ana, "acme", []admin.PolicyEdit{{Client: "contoso", Name: "Contoso", Fields: map[string]json.RawMessage{"code_length": json.RawMessage(`8`)}}})
			return err
		},
		kind: verify.EventPolicyChanged, changes: []verify.Change{change("name", "", `"Contoso"`), change("code_length", "", `8`)},
	},
	"PutBranding": {
		act: func(ctx context.Context, h *harness) error {
			_, err := h.PutBranding(ctx, ana, "acme", verify.Branding{Body: json.RawMessage(`{}`)}, []verify.Change{change("theme.action", "", `"#112233"`)})
			return err
		},
		kind: verify.EventBrandingChanged, changes: []verify.Change{change("theme.action", "", `"#112233"`)},
	},
	"Unlock": {
		before: func(h *harness) {
			h.must(h.store.Write(ctx, "acme", func(tx verify.Tx) error { return tx.SetDenied(ctx, "acme", "dana", true) }))
		},
		act: func(ctx context.Context, h *harness) error {
			_, err := h.Unlock(ctx, ana, "acme", "dana")
			return err
		},
		kind: verify.EventUnlocked, changes: []verify.Change{change("denied", `true`, "")},
	},
}

var ctx = context.Background()

// keyID is the id of the first key that the harness draws.
var keyID = func() string {
	id, err := verify.NewID("", opening, bytes.NewReader(make([]byte, 16)))
	if err != nil {
		panic(err)
	}
	return id
}()

// actor is the type by which acts are told from other methods.
var actor = reflect.TypeFor[admin.Actor]()

func TestThreat_32_EachActLeavesOneEventWithActorFromAndTo(t *testing.T) {
	service := reflect.TypeFor[*admin.Service]()
	for method := range service.Methods() {
		takesActor := slices.Contains(slices.Collect(method.Type.Ins()), actor)
		if _, known := acts[method.Name]; takesActor != known {
			t.Errorf("%s takes an actor: %t, has a row of the table: %t", method.Name, takesActor, known)
		}
	}
	databases := map[string]func(testing.TB) *store.Store{"sqlite": storetest.SQLite}
	if !testing.Short() {
		databases["postgresql"] = storetest.PostgreSQL
	}
	for database, open := range databases {
		for name, r := range acts {
			t.Run(database+"/"+name, func(t *testing.T) {
				h := newHarness(t, open(t))
				h.Entropy = bytes.NewReader(make([]byte, 1<<10))
				if r.before != nil {
					r.before(h)
				}
				before := len(h.events("acme"))
				h.must(r.act(ctx, h))
				events := h.events("acme")
				if len(events) != before+1 {
					t.Fatalf("%d events were appended, want 1", len(events)-before)
				}
				e := events[0]
				if e.Kind != r.kind || e.Subject != r.subject || e.ActorKind != ana.Kind || e.By.ID != ana.ID || e.By.Name != ana.Name || !e.At.Equal(opening) {
					t.Errorf("the event is %+v", e)
				}
				byField := func(a, b verify.Change) int { return strings.Compare(a.Field, b.Field) }
				if diff := cmp.Diff(slices.SortedFunc(slices.Values(r.changes), byField), slices.SortedFunc(slices.Values(e.Changes), byField)); diff != "" {
					t.Error(diff)
				}
				for _, e := range events {
					if body, _, err := e.Link(verify.Hash{}); err != nil || bytes.Contains(body, []byte(hush)) {
						t.Errorf("an event shows a secret (%v): %s", err, body)
					}
				}
			})
		}
	}
}

func TestThreat_32_AnActThatChangesNothingAppendsNothing(t *testing.T) {
	for name, act := range map[string]func(*harness) error{
		"PutTenant": func(h *harness) error {
			_, err := h.PutTenant(ctx, ana, "acme", admin.TenantEdit{Name: "Acme IT"})
			return err
		},
		"PutIssuer":     func(h *harness) error { _, err := h.PutIssuer(ctx, ana, "acme", issuer); return err },
		"PutSignIn":     func(h *harness) error { _, err := h.PutSignIn(ctx, ana, "acme", signIn); return err },
		"PutCarrier":    func(h *harness) error { return h.PutCarrier(ctx, ana, account, false) },
		"PutConnection": func(h *harness) error { return h.PutConnection(ctx, ana, connection) },
		"EndSessions":   func(h *harness) error { _, err := h.EndSessions(ctx, ana, "acme", ""); return err },
		"Unlock":        func(h *harness) error { _, err := h.Unlock(ctx, ana, "acme", "dana"); return err },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t, storetest.SQLite(t))
			h.must(act(h))
			before := len(h.events("acme"))
			h.must(act(h))
			if after := len(h.events("acme")); after != before {
				t.Errorf("%d events were appended", after-before)
			}
		})
	}
}

func TestThreat_32_AnActWithoutAnActorIsRefused(t *testing.T) {
	h := newHarness(t, storetest.SQLite(t))
	for _, by := range []admin.Actor{{}, {ID: "ana"}, {Kind: verify.ActorCLI}} {
		if _, err := h.PutTenant(ctx, by, "acme", admin.TenantEdit{Name: "Acme"}); verify.CodeOf(err) != verify.CodeInvalid {
			t.Errorf("%+v: %v", by, err)
		}
	}
	if got, err := h.store.Tenant(ctx, "acme"); err != nil || got.Name != "Acme IT" {
		t.Errorf("the name is %q (%v)", got.Name, err)
	}
}

// ledgerWithoutJournal is a ledger that takes no events.
type ledgerWithoutJournal struct{ admin.Ledger }

func (l ledgerWithoutJournal) Administer(ctx context.Context, tenant string, act func(admin.Tx) error) error {
	return l.Ledger.Administer(ctx, tenant, func(tx admin.Tx) error { return act(txWithoutJournal{tx}) })
}

type txWithoutJournal struct{ admin.Tx }

var errJournal = &verify.Error{Code: verify.CodeUnavailable, Public: "Gone."}

func (txWithoutJournal) Append(context.Context, *verify.Event) error { return errJournal }

func TestThreat_32_AChangeWithoutItsEventIsNotStored(t *testing.T) {
	h := newHarness(t, storetest.SQLite(t))
	h.Ledger = ledgerWithoutJournal{h.Ledger}
	if err := h.PutCarrier(ctx, ana, account, false); verify.CodeOf(err) != verify.CodeUnavailable {
		t.Error(err)
	}
	if accounts, err := h.store.CarrierAccounts(ctx, "acme"); err != nil || len(accounts) > 0 {
		t.Errorf("%v (%v)", accounts, err)
	}
}
