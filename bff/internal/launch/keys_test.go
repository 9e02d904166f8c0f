package launch_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"testing"

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
	with := func(k verify.SigningKey, edit func(*verify.SigningKey)) verify.SigningKey {
		edit(&k)
		return k
	}
	cases := []struct {
		name string
		keys []verify.SigningKey
		want string // the refused field
	}{
		{"one good key", []verify.SigningKey{ed}, ""},
		{"a good shared secret", []verify.SigningKey{shared}, ""},
		{"one id for two issuers", []verify.SigningKey{ed, with(ed, func(k *verify.SigningKey) { k.Issuer = "https://second.example" })}, ""},
		{"a secret of 31 bytes", []verify.SigningKey{with(shared, func(k *verify.SigningKey) { k.Material = k.Material[:31] })}, "keys[0]"},
		{"a secret from the documentation", []verify.SigningKey{with(shared, func(k *verify.SigningKey) { k.Material = []byte("a-string-secret-at-least-256-bits-long") })}, "keys[0]"},
		{"RSA of 1024 bits", []verify.SigningKey{{Issuer: issuer, ID: "weak", Algorithm: "RS256", Material: weakDER}}, "keys[0]"},
		{"a public key registered as a secret", []verify.SigningKey{with(ed, func(k *verify.SigningKey) { k.Algorithm = "HS256" })}, "keys[0]"},
		{"a key registered for another algorithm", []verify.SigningKey{with(ed, func(k *verify.SigningKey) { k.Algorithm = "ES256" })}, "keys[0]"},
		{"no algorithm at all", []verify.SigningKey{with(ed, func(k *verify.SigningKey) { k.Algorithm = "none" })}, "keys[0]"},
		{"no issuer", []verify.SigningKey{with(ed, func(k *verify.SigningKey) { k.Issuer = "" })}, "keys[0]"},
		{"no id", []verify.SigningKey{with(ed, func(k *verify.SigningKey) { k.ID = "" })}, "keys[0]"},
		{"one id twice", []verify.SigningKey{ed, ed}, "keys[1]"},
		{"a shared secret beside a public key", []verify.SigningKey{ed, shared}, "keys[1]"},
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
	beta.ID, beta.Keys = "beta", []verify.SigningKey{registered(t, issuer, h.keys["stranger"])}
	h.put(t, beta)
	h.refused(t, h.sign(t, func(c *launchcontext.Claims) { c.Tenant = "beta" }), "", verify.CodeContextInvalid)
	h.open(t, h.sign(t, nil), "")
}
