package launch_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"testing"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/launch"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

func TestThreat_06_WeakKeysAreRefusedWhenRegisteredAndWhenUsed(t *testing.T) {
	h := newHarness(t)
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	weakDER, err := x509.MarshalPKIXPublicKey(&weak.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	ed := registered(t, issuer, h.keys["ed25519"])
	shared := registered(t, issuer, h.keys["hs256"])
	with := func(k admin.SigningKey, edit func(*admin.SigningKey)) admin.SigningKey {
		edit(&k)
		return k
	}
	cases := []struct {
		name string
		keys []admin.SigningKey
		want string // the refused field
	}{
		{"one good key", []admin.SigningKey{ed}, ""},
		{"a good shared secret", []admin.SigningKey{shared}, ""},
		{"one id for two issuers", []admin.SigningKey{ed, with(ed, func(k *admin.SigningKey) { k.Issuer = "https://second.example" })}, ""},
		{"a secret of 31 bytes", []admin.SigningKey{with(shared, func(k *admin.SigningKey) { k.Material = k.Material[:31] })}, "keys[0]"},
		{"a secret from the documentation", []admin.SigningKey{with(shared, func(k *admin.SigningKey) { k.Material = []byte("a-string-secret-at-least-256-bits-long") })}, "keys[0]"},
		{"RSA of 1024 bits", []admin.SigningKey{{Issuer: issuer, ID: "weak", Algorithm: "RS256", Material: weakDER}}, "keys[0]"},
		{"a public key registered as a secret", []admin.SigningKey{with(ed, func(k *admin.SigningKey) { k.Algorithm = "HS256" })}, "keys[0]"},
		{"a key registered for another algorithm", []admin.SigningKey{with(ed, func(k *admin.SigningKey) { k.Algorithm = "ES256" })}, "keys[0]"},
		{"no algorithm at all", []admin.SigningKey{with(ed, func(k *admin.SigningKey) { k.Algorithm = "none" })}, "keys[0]"},
		{"no issuer", []admin.SigningKey{with(ed, func(k *admin.SigningKey) { k.Issuer = "" })}, "keys[0]"},
		{"no id", []admin.SigningKey{with(ed, func(k *admin.SigningKey) { k.ID = "" })}, "keys[0]"},
		{"one id twice", []admin.SigningKey{ed, ed}, "keys[1]"},
		{"a shared secret beside a public key", []admin.SigningKey{ed, shared}, "keys[1]"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := launch.CheckKeys(c.keys)
			var refusal *verify.Error
			if errors.As(err, &refusal); (err == nil) != (c.want == "") || err != nil && (refusal.Code != verify.CodeInvalid || refusal.Field != c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	t.Run("a weak key that got into the store opens nothing", func(t *testing.T) {
		acme := h.acme(t)
		acme.Keys = append(acme.Keys, shared)
		h.put(t, acme)
		h.refused(t, h.sign(t, nil), "", verify.CodeContextInvalid)
	})
}

func TestThreat_07_KeyOfOneTenantOpensNoOther(t *testing.T) {
	h := newHarness(t)
	beta := h.acme(t)
	beta.ID, beta.Keys = "beta", []admin.SigningKey{registered(t, issuer, h.keys["stranger"])}
	h.put(t, beta)
	h.refused(t, h.sign(t, func(c *launchcontext.Claims) { c.Tenant = "beta" }), "", verify.CodeContextInvalid)
	h.open(t, h.sign(t, nil), "")
}
