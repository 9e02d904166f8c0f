package launch_test

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/egress"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

const (
	product         = "acme.desk.example"
	productAudience = "https://acme.desk.example/apps/7"
	zendeskLike     = `{"audience":"https://acme.desk.example/apps/7",
		"claims":{"sub":"/sub","act.email":"/user/email","ctx.ticket.id":"/context/ticketId"},"constants":{"ctx.psa":"connectwise"}}`
)

// mappedSigner signs as the product does, with one key without a kid.
type mappedSigner struct {
	key     launchcontext.SigningKey
	private ed25519.PrivateKey
}

// newMappedSigner makes acme trust the product by a mapping.
func newMappedSigner(t *testing.T, h *harness, mapping string) mappedSigner {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	key, err := launchcontext.NewSigningKey("product-1", private)
	if err != nil {
		t.Fatal(err)
	}
	acme := h.acme(t)
	acme.Keys = append(acme.Keys, registered(t, product, key))
	acme.Issuers = []admin.Issuer{{Name: product, Mapping: json.RawMessage(mapping)}}
	h.put(t, acme)
	return mappedSigner{key, private}
}

// token is a token for ticket 1174 with edited claims; a nil value removes a claim.
func (s mappedSigner) token(t *testing.T, h *harness, header string, edit map[string]any) string {
	t.Helper()
	claims := map[string]any{
		"iss": product, "aud": productAudience, "sub": "https://acme.desk.example/users/42", "iat": h.now.Unix(), "exp": h.now.Unix() + 60,
		"user":    map[string]any{"email": "ana@acme.example"},
		"context": map[string]any{"product": "support", "ticketId": 1174},
	}
	maps.Copy(claims, edit)
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	return segments(header, string(payload), func(signed string) []byte { return ed25519.Sign(s.private, []byte(signed)) })
}

const mappedHeader = `{"alg":"EdDSA","typ":"JWT"}`

func TestAProductsTokenOpensTheTicketThatItIsSignedFor(t *testing.T) {
	h := newHarness(t)
	s := newMappedSigner(t, h, zendeskLike)
	token := s.token(t, h, mappedHeader, nil)
	grant, err := h.OpenAt(t.Context(), "acme", token, "")
	if err != nil {
		t.Fatal(err)
	}
	d := grant.Session.Context
	if d.Ticket.ID != "1174" || d.Technician.ID != "connectwise:https://acme.desk.example/users/42" || d.Technician.Email != "ana@acme.example" ||
		d.Client.Name != "Contoso" || d.DefaultContact != "connectwise:12" || len(d.Contacts) != 2 {
		t.Errorf("the desk is %+v", d)
	}
	if _, _, err := h.Authenticate(t.Context(), grant.Token); err != nil {
		t.Error(err)
	}
}

func TestAProductThatKnowsTheClientNeedsOnlyItsContacts(t *testing.T) {
	h := newHarness(t)
	s := newMappedSigner(t, h, `{"audience":"https://acme.desk.example/apps/7","claims":{"sub":"/sub","ctx.ticket.id":"/context/ticketId",
		"ctx.client.id":"/orgs/0/id","ctx.client.name":"/orgs/0/the~1name","ctx.contact.id":"/requester"},"constants":{"ctx.psa":"desk"}}`)
	token := s.token(t, h, mappedHeader, map[string]any{
		"orgs": []any{map[string]any{"id": 250, "the/name": "Contoso"}}, "requester": "12",
	})
	grant, err := h.OpenAt(t.Context(), "acme", token, "")
	if err != nil {
		t.Fatal(err)
	}
	if d := grant.Session.Context; d.Client.ID != "250" || d.Client.Name != "Contoso" || d.DefaultContact != "12" || d.Ticket.PSA != "desk" {
		t.Errorf("the desk is %+v", d)
	}
}

func TestThreat_01_AProductsTokenIsRefusedForWhatAContextIs(t *testing.T) {
	h := newHarness(t)
	s := newMappedSigner(t, h, zendeskLike)
	unknownKey := newMappedSigner(t, newHarness(t), zendeskLike)
	bare := h.acme(t)
	bare.ID = "bare"
	h.put(t, bare)
	context := map[string]any{"product": "support", "ticketId": 1174}
	with := func(ticket any) map[string]any {
		c := maps.Clone(context)
		c["ticketId"] = ticket
		return map[string]any{"context": c}
	}
	cases := []struct {
		name, page, token, nonce string
		want                     verify.Code
		field                    string
	}{
		{"no page", "", s.token(t, h, mappedHeader, nil), "", verify.CodeContextInvalid, ""},
		{"a page of a tenant that does not know the issuer", "bare", s.token(t, h, mappedHeader, nil), "", verify.CodeContextInvalid, ""},
		{"a page of nobody", "nobody", s.token(t, h, mappedHeader, nil), "", verify.CodeContextInvalid, ""},
		{"a stranger's signature", "acme", unknownKey.token(t, h, mappedHeader, nil), "", verify.CodeContextInvalid, ""},
		{"an issuer without a mapping", "acme", s.token(t, h, mappedHeader, map[string]any{"iss": issuer}), "", verify.CodeContextInvalid, ""},
		{"alg none", "acme", s.token(t, h, `{"alg":"none","typ":"JWT"}`, nil), "", verify.CodeContextInvalid, ""},
		{"another typ", "acme", s.token(t, h, `{"alg":"EdDSA","typ":"at+jwt"}`, nil), "", verify.CodeContextInvalid, ""},
		{"a launch context's typ on a product's claims", "acme", s.token(t, h, `{"alg":"EdDSA","typ":"pod-launch+jwt","kid":"product-1"}`, nil), "", verify.CodeContextInvalid, ""},
		{"another kid", "acme", s.token(t, h, `{"alg":"EdDSA","typ":"JWT","kid":"test-ed25519"}`, nil), "", verify.CodeContextInvalid, ""},
		{"a jku", "acme", s.token(t, h, `{"alg":"EdDSA","typ":"JWT","jku":"https://evil.example"}`, nil), "", verify.CodeContextInvalid, ""},
		{"crit", "acme", s.token(t, h, `{"alg":"EdDSA","typ":"JWT","crit":[]}`, nil), "", verify.CodeContextInvalid, ""},
		{"a header that comes twice", "acme", s.token(t, h, `{"alg":"none","alg":"EdDSA","typ":"JWT"}`, nil), "", verify.CodeContextInvalid, ""},
		{"another audience", "acme", s.token(t, h, mappedHeader, map[string]any{"aud": audience}), "", verify.CodeContextInvalid, "aud"},
		{"two audiences", "acme", s.token(t, h, mappedHeader, map[string]any{"aud": []string{productAudience, audience}}), "", verify.CodeContextInvalid, "aud"},
		{"an hour to live", "acme", s.token(t, h, mappedHeader, map[string]any{"exp": h.now.Unix() + 3600}), "", verify.CodeContextInvalid, "exp"},
		{"no exp", "acme", s.token(t, h, mappedHeader, map[string]any{"exp": nil}), "", verify.CodeContextInvalid, "exp"},
		{"expired", "acme", s.token(t, h, mappedHeader, map[string]any{"iat": h.now.Unix() - 100, "exp": h.now.Unix() - 11}), "", verify.CodeContextExpired, "exp"},
		{"from the future", "acme", s.token(t, h, mappedHeader, map[string]any{"iat": h.now.Unix() + 20, "exp": h.now.Unix() + 60}), "", verify.CodeContextInvalid, "nbf"},
		{"no ticket", "acme", s.token(t, h, mappedHeader, with(nil)), "", verify.CodeContextInvalid, "ctx.ticket.id"},
		{"no place for a ticket", "acme", s.token(t, h, mappedHeader, map[string]any{"context": nil}), "", verify.CodeContextInvalid, "ctx.ticket.id"},
		{"an empty ticket", "acme", s.token(t, h, mappedHeader, with("")), "", verify.CodeContextInvalid, "ctx.ticket.id"},
		{"a ticket that is a list", "acme", s.token(t, h, mappedHeader, with([]int{1174})), "", verify.CodeContextInvalid, "ctx.ticket.id"},
		{"a ticket that is true", "acme", s.token(t, h, mappedHeader, with(true)), "", verify.CodeContextInvalid, "ctx.ticket.id"},
		{"a ticket with a fraction", "acme", s.token(t, h, mappedHeader, with(1174.5)), "", verify.CodeContextInvalid, "ctx.ticket.id"},
		{"a ticket of another shape", "acme", s.token(t, h, mappedHeader, with(json.Number("1174e0"))), "", verify.CodeContextInvalid, "ctx.ticket.id"},
		{"no technician", "acme", s.token(t, h, mappedHeader, map[string]any{"sub": nil}), "", verify.CodeContextInvalid, "sub"},
		{"a challenge that it can't answer", "acme", s.token(t, h, mappedHeader, nil), "n", verify.CodeContextInvalid, "nonce"},
		{"another ticket than the system gives", "acme", s.token(t, h, mappedHeader, with(1175)), "", verify.CodeTicket, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			grant, err := h.OpenAt(t.Context(), c.page, c.token, c.nonce)
			var refusal *verify.Error
			if !errors.As(err, &refusal) || refusal.Code != c.want || grant.Token != "" || refusal.Field != c.field {
				t.Errorf("got %v, want %q of %q", err, c.want, c.field)
			}
		})
	}
	if sessions, used := h.stored(t); sessions != 0 || used != 0 {
		t.Errorf("they left %d sessions and %d spent ids", sessions, used)
	}
}

func TestThreat_02_AProductsTokenOpensOneSession(t *testing.T) {
	for name, edit := range map[string]map[string]any{"without a jti": nil, "by its jti": {"jti": "one"}} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			s := newMappedSigner(t, h, zendeskLike)
			token := s.token(t, h, mappedHeader, edit)
			if _, err := h.OpenAt(t.Context(), "acme", token, ""); err != nil {
				t.Fatal(err)
			}
			h.now = h.now.Add(30 * time.Second)
			for _, again := range []string{token, token} {
				if _, err := h.OpenAt(t.Context(), "acme", again, ""); verify.CodeOf(err) != verify.CodeContextReplayed {
					t.Errorf("got %v", err)
				}
			}
			other := s.token(t, h, mappedHeader, map[string]any{"jti": "two"})
			if _, err := h.OpenAt(t.Context(), "acme", other, ""); err != nil {
				t.Errorf("another token: %v", err)
			}
		})
	}
}

func TestATokenThatNamesNoKeyNeedsAnIssuerOfOne(t *testing.T) {
	h := newHarness(t)
	s := newMappedSigner(t, h, zendeskLike)
	acme, err := h.store.TenantSettings(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	next := newKey(t, "product-2", launchcontext.EdDSA)
	acme.Keys = append(acme.Keys, registered(t, product, next))
	h.put(t, acme)
	if _, err := h.OpenAt(t.Context(), "acme", s.token(t, h, mappedHeader, nil), ""); verify.CodeOf(err) != verify.CodeContextInvalid {
		t.Errorf("of two keys one was chosen: %v", err)
	}
	named := s.token(t, h, `{"alg":"EdDSA","typ":"JWT","kid":"product-1"}`, nil)
	if _, err := h.OpenAt(t.Context(), "acme", named, ""); err != nil {
		t.Error(err)
	}
}

func TestAProductsKeysMayBeFetchedToo(t *testing.T) {
	h := newHarness(t)
	p := newKeyServer(t, h)
	s := newMappedSigner(t, h, zendeskLike)
	p.publish(t, s.key)
	acme := h.acme(t)
	acme.Issuers = []admin.Issuer{{Name: product, KeysURL: p.URL, Algorithms: []string{"EdDSA"}, Mapping: json.RawMessage(zendeskLike)}}
	h.put(t, acme)
	h.Client = egress.Client(egress.Config{AllowLoopback: true, Timeout: 10 * time.Minute})
	if _, err := h.OpenAt(t.Context(), "acme", s.token(t, h, `{"alg":"EdDSA","typ":"JWT","kid":"product-1"}`, nil), ""); err != nil {
		t.Error(err)
	}
	if _, err := h.OpenAt(t.Context(), "acme", s.token(t, h, mappedHeader, nil), ""); verify.CodeOf(err) != verify.CodeContextInvalid {
		t.Errorf("a token without a kid: %v", err)
	}
}

func TestThreat_22_WhatAProductSaysIsReadAsTextAndNoMore(t *testing.T) {
	h := newHarness(t)
	s := newMappedSigner(t, h, `{"audience":"https://acme.desk.example/apps/7","claims":{"sub":"/sub","act.name":"/user/name","act.email":"/user/email",
		"ctx.ticket.id":"/context/ticketId"},"constants":{"ctx.psa":"connectwise"}}`)
	token := s.token(t, h, mappedHeader, map[string]any{"user": map[string]any{"name": "Ana\u202e\n<b>Ortiz", "email": "not an address"}})
	grant, err := h.OpenAt(t.Context(), "acme", token, "")
	if err != nil {
		t.Fatal(err)
	}
	if who := grant.Session.Context.Technician; who.Name != "Ana <b>Ortiz" || who.Email != "" {
		t.Errorf("the technician is %+v", who)
	}
	long := s.token(t, h, mappedHeader, map[string]any{"sub": strings.Repeat("x", 200)})
	if _, err := h.OpenAt(t.Context(), "acme", long, ""); verify.CodeOf(err) != verify.CodeContextInvalid {
		t.Errorf("an id of 200 characters: %v", err)
	}
}
