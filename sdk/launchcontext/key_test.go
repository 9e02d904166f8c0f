package launchcontext_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

func TestKeysComeBackFromEveryForm(t *testing.T) {
	for name, key := range testKeys(t) {
		t.Run(name, func(t *testing.T) {
			public := key.Public()
			jwk := must(key.JWK())
			again := must(launchcontext.ParsePrivateKey(jwk, key.ID()))
			agree(t, "private JWK", again, public)
			if key.Algorithm() == launchcontext.HS256 {
				if _, err := key.PEM(); launchcontext.CodeOf(err) != launchcontext.CodeKeyInvalid {
					t.Errorf("a secret as PEM: %v", err)
				}
			} else {
				agree(t, "private PEM", must(launchcontext.ParsePrivateKey(must(key.PEM()), key.ID())), public)
				agree(t, "public PEM", key, must(launchcontext.ParsePublicKey(must(public.PEM()), key.ID())))
				agree(t, "public JWK", key, must(launchcontext.ParsePublicKey(must(public.JWK()), "")))
			}
			agree(t, "material", key, must(launchcontext.ParseMaterial(key.ID(), key.Algorithm(), must(public.Material()))))
		})
	}
}

func TestGeneratedKeysSign(t *testing.T) {
	for _, a := range []launchcontext.Algorithm{launchcontext.EdDSA, launchcontext.ES256, launchcontext.RS256, launchcontext.HS256} {
		key := must(launchcontext.GenerateKey("k1", a))
		if key.Algorithm() != a || key.ID() != "k1" {
			t.Errorf("%s: got %s %s", a, key.ID(), key.Algorithm())
		}
		agree(t, string(a), key, key.Public())
	}
	if _, err := launchcontext.GenerateKey("k1", "none"); launchcontext.CodeOf(err) != launchcontext.CodeKeyInvalid {
		t.Errorf("none: %v", err)
	}
}

func TestThreat_06_WeakKeysAreRefused(t *testing.T) {
	rsa1024, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	p384 := must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	random := make([]byte, 32)
	_, _ = rand.Read(random)
	jwtIO := "a-string-secret-at-least-256-bits-long"
	hexadecimal := "404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970"
	rfc7515 := must(base64.RawURLEncoding.DecodeString("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"))
	public := testKeys(t)["rs256"].Public()
	cases := []struct {
		name string
		key  any
		want launchcontext.Code
	}{
		{"a secret of 32 random bytes is taken", random, ""},
		{"a secret of 31 bytes is too short", random[:31], launchcontext.CodeKeyWeak},
		{"an empty secret is too short", []byte{}, launchcontext.CodeKeyWeak},
		{"32 zeros are not random", make([]byte, 32), launchcontext.CodeKeyWeak},
		{"a word over and over is not random", []byte(strings.Repeat("secret", 8)), launchcontext.CodeKeyWeak},
		{"the secret of jwt.io is public", []byte(jwtIO), launchcontext.CodeKeyWeak},
		{"the secret of jwt.io with a line break is public", []byte(jwtIO + "\n"), launchcontext.CodeKeyWeak},
		{"a tutorial's secret in hexadecimal is public", []byte(hexadecimal), launchcontext.CodeKeyWeak},
		{"the key of RFC 7515 in bytes is public", rfc7515, launchcontext.CodeKeyWeak},
		{"a public key in PEM is no secret", must(public.PEM()), launchcontext.CodeKeyInvalid},
		{"a public key in DER is no secret", must(public.Material()), launchcontext.CodeKeyInvalid},
		{"a JWK is no secret", must(public.JWK()), launchcontext.CodeKeyInvalid},
		{"RSA of 1024 bits is too weak", rsa1024, launchcontext.CodeKeyWeak},
		{"P-384 is not the curve of ES256", p384, launchcontext.CodeKeyInvalid},
		{"half an Ed25519 key is none", ed25519.PrivateKey(random), launchcontext.CodeKeyInvalid},
		{"a key of another kind is none", "secret", launchcontext.CodeKeyInvalid},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if _, err := launchcontext.NewSigningKey("k1", c.key); launchcontext.CodeOf(err) != c.want {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestKeyFilesMustFit(t *testing.T) {
	keys := testKeys(t)
	private := string(must(keys["ed25519"].JWK()))
	public := string(must(keys["ed25519"].Public().JWK()))
	ec := string(must(keys["es256"].JWK()))
	with := func(jwk, name string, value any) string {
		var members map[string]any
		_ = json.Unmarshal([]byte(jwk), &members)
		members[name] = value
		return string(must(json.Marshal(members)))
	}
	stranger := map[string]any{}
	_ = json.Unmarshal(must(keys["stranger"].JWK()), &stranger)
	cases := []struct {
		name, data, id string
		private        bool
		want           launchcontext.Code
	}{
		{name: "a JWK with its own kid", data: public, want: ""},
		{name: "a JWK with the kid that is asked for", data: public, id: "test-ed25519", want: ""},
		{name: "a JWK with another kid", data: public, id: "other", want: launchcontext.CodeKeyInvalid},
		{name: "a private JWK where a public one belongs", data: private, want: launchcontext.CodeKeyInvalid},
		{name: "a secret where a public key belongs", data: string(must(keys["hs256"].JWK())), want: launchcontext.CodeKeyInvalid},
		{name: "a private PEM where a public one belongs", data: string(must(keys["ed25519"].PEM())), id: "k", want: launchcontext.CodeKeyInvalid},
		{name: "a public JWK where a private one belongs", data: public, private: true, want: launchcontext.CodeKeyInvalid},
		{name: "a key for encryption", data: with(public, "use", "enc"), want: launchcontext.CodeKeyInvalid},
		{name: "a key that may only sign", data: with(public, "key_ops", []string{"sign"}), want: launchcontext.CodeKeyInvalid},
		{name: "a key that may verify", data: with(public, "key_ops", []string{"verify"}), want: ""},
		{name: "a key that may sign", data: with(private, "key_ops", []string{"sign"}), private: true, want: ""},
		{name: "a key for another algorithm", data: with(public, "alg", "ES256"), want: launchcontext.CodeKeyInvalid},
		{name: "a key of another curve", data: with(public, "crv", "Ed448"), want: launchcontext.CodeKeyInvalid},
		{name: "a point off the curve", data: with(ec, "y", "AAAA"), private: true, want: launchcontext.CodeKeyInvalid},
		{name: "a private half of another key", data: with(private, "d", stranger["d"]), private: true, want: launchcontext.CodeKeyInvalid},
		{name: "a repeated member", data: strings.Replace(public, `"kty"`, `"kty":"RSA","kty"`, 1), want: launchcontext.CodeKeyInvalid},
		{name: "padding in a member", data: with(public, "x", "AAAA="), want: launchcontext.CodeKeyInvalid},
		{name: "two keys in one file", data: strings.Repeat(string(must(keys["es256"].Public().PEM())), 2), id: "k", want: launchcontext.CodeKeyInvalid},
		{name: "a secret without an id", data: `{"kty":"oct","k":"HW6KhLMfwrIoC5y7utjV1XxFnv0q67bi8R15E1ZZw8g"}`, private: true, want: launchcontext.CodeKeyInvalid},
		{name: "an id with a space", data: string(must(keys["es256"].Public().PEM())), id: "a b", want: launchcontext.CodeKeyInvalid},
		{name: "an empty file", data: "", id: "k", want: launchcontext.CodeKeyInvalid},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var err error
			if c.private {
				_, err = launchcontext.ParsePrivateKey([]byte(c.data), c.id)
			} else {
				_, err = launchcontext.ParsePublicKey([]byte(c.data), c.id)
			}
			if launchcontext.CodeOf(err) != c.want {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestKeyWithoutIDIsNamedByItsThumbprint(t *testing.T) {
	const rfc7638 = `{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB"}`
	key := must(launchcontext.ParsePublicKey([]byte(rfc7638), ""))
	if want := "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"; key.ID() != want {
		t.Errorf("the example of RFC 7638 is named %s, not %s", key.ID(), want)
	}
	for _, a := range []launchcontext.Algorithm{launchcontext.EdDSA, launchcontext.ES256} {
		signing := must(launchcontext.GenerateKey("", a))
		public := must(launchcontext.ParsePublicKey(must(signing.Public().PEM()), ""))
		if signing.ID() == "" || signing.ID() != public.ID() {
			t.Errorf("%s: %q signs, %q checks", a, signing.ID(), public.ID())
		}
	}
}

func TestStoredMaterialMustBeForItsAlgorithm(t *testing.T) {
	ec := must(testKeys(t)["es256"].Public().Material())
	for _, a := range []launchcontext.Algorithm{launchcontext.EdDSA, launchcontext.RS256, launchcontext.HS256, "none", ""} {
		if _, err := launchcontext.ParseMaterial("k1", a, ec); launchcontext.CodeOf(err) != launchcontext.CodeKeyInvalid {
			t.Errorf("a P-256 key registered for %q: %v", a, err)
		}
	}
}

// agree checks that what the one key signs the other accepts.
func agree(t *testing.T, form string, signing launchcontext.SigningKey, verification launchcontext.VerificationKey) {
	t.Helper()
	token, err := launchcontext.Sign(claims(), signing)
	if err == nil {
		_, err = launchcontext.Verify(token, launchcontext.Expect{
			Audience: "https://pod.example", Keys: launchcontext.Pin("https://psa.example", verification),
		})
	}
	if err != nil {
		t.Errorf("%s: %v", form, err)
	}
}

// claims are the least that a context must say.
func claims() launchcontext.Claims {
	return launchcontext.Claims{
		Issuer: "https://psa.example", Audience: "https://pod.example", Subject: "member-7", Tenant: "acme",
		Context: launchcontext.Context{
			PSA: "demo", Ticket: launchcontext.Ticket{ID: "4711"},
			Client:  launchcontext.Client{ID: "contoso", Name: "Contoso"},
			Contact: launchcontext.Default{ID: "dana"},
		},
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
