package launchcontext_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// published is a key as an issuer's set has it, edited.
func published(t *testing.T, key launchcontext.VerificationKey, edit map[string]any) string {
	t.Helper()
	var members map[string]any
	if err := json.Unmarshal(must(key.JWK()), &members); err != nil {
		t.Fatal(err)
	}
	return string(must(json.Marshal(merged(members, edit))))
}

func TestThreat_05_AKeySetIsTakenForWhatCanCheckContexts(t *testing.T) {
	keys := testKeys(t)
	ed, es, rs := keys["ed25519"].Public(), keys["es256"].Public(), keys["rs256"].Public()
	small := must(rsa.GenerateKey(rand.Reader, 1024))
	weak := fmt.Sprintf(`{"kty":"RSA","kid":"weak","e":"AQAB","n":%q}`, base64.RawURLEncoding.EncodeToString(small.N.Bytes()))
	huge := fmt.Sprintf(`{"kty":"RSA","kid":"huge","e":"AQAB","n":%q}`, base64.RawURLEncoding.EncodeToString(append([]byte{1}, make([]byte, 2<<10)...)))
	p384 := must(must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader)).PublicKey.Bytes())
	curve := fmt.Sprintf(`{"kty":"EC","crv":"P-384","kid":"p384","x":%q,"y":%q}`,
		base64.RawURLEncoding.EncodeToString(p384[1:49]), base64.RawURLEncoding.EncodeToString(p384[49:]))
	one := published(t, ed, nil)
	cases := []struct {
		name string
		set  string
		want []string // kids
		code launchcontext.Code
	}{
		{name: "keys of all three kinds", set: set(one, published(t, es, nil), published(t, rs, nil)), want: []string{ed.ID(), es.ID(), rs.ID()}},
		{name: "no keys at all", set: set()},
		{name: "members that nobody knows", set: `{"issued":7,"keys":[` + published(t, ed, map[string]any{"x5t": "abc", "exp": 1}) + `]}`, want: []string{ed.ID()}},
		{name: "a key for encryption", set: set(one, published(t, es, map[string]any{"use": "enc"})), want: []string{ed.ID()}},
		{name: "a key that may only sign", set: set(one, published(t, es, map[string]any{"key_ops": []string{"sign"}})), want: []string{ed.ID()}},
		{name: "a key whose alg is another's", set: set(one, published(t, rs, map[string]any{"alg": "PS256"})), want: []string{ed.ID()}},
		{name: "a key without a kid", set: set(one, published(t, es, map[string]any{"kid": nil})), want: []string{ed.ID()}},
		{name: "a kid that is a number", set: set(one, published(t, es, map[string]any{"kid": 7})), want: []string{ed.ID()}},
		{name: "a kid that would deceive a log", set: set(one, published(t, es, map[string]any{"kid": "a\nb"})), want: []string{ed.ID()}},
		{name: "RSA of 1024 bits", set: set(one, weak), want: []string{ed.ID()}},
		{name: "RSA of 16384 bits", set: set(one, huge), want: []string{ed.ID()}},
		{name: "another curve", set: set(one, curve), want: []string{ed.ID()}},
		{name: "a point off the curve", set: set(one, published(t, es, map[string]any{"y": "AAAA"})), want: []string{ed.ID()}},
		{name: "a kind that nobody knows", set: set(one, `{"kty":"AKP","kid":"later"}`), want: []string{ed.ID()}},
		{name: "a shared secret among public keys", set: set(one, published(t, keys["hs256"].Public(), nil)), code: launchcontext.CodeKeyInvalid},
		{name: "a private key", set: set(one, string(must(keys["es256"].JWK()))), code: launchcontext.CodeKeyInvalid},
		{name: "a kid that comes twice", set: set(one, published(t, es, map[string]any{"kid": ed.ID()})), code: launchcontext.CodeKeyInvalid},
		{name: "a key's member that comes twice", set: set(strings.Replace(one, `"kty"`, `"kty":"RSA","kty"`, 1)), code: launchcontext.CodeKeyInvalid},
		{name: "keys that come twice", set: `{"keys":[],"keys":[` + one + `]}`, code: launchcontext.CodeKeyInvalid},
		{name: "keys in another case", set: `{"Keys":[` + one + `]}`, code: launchcontext.CodeKeyInvalid},
		{name: "keys that are no list", set: `{"keys":` + one + `}`, code: launchcontext.CodeKeyInvalid},
		{name: "a key that is no object", set: set(one, `"key"`), code: launchcontext.CodeKeyInvalid},
		{name: "a single key for a set", set: one, code: launchcontext.CodeKeyInvalid},
		{name: "more keys than anybody needs", set: set(slices.Repeat([]string{`{"kty":"AKP"}`}, 101)...), code: launchcontext.CodeKeyInvalid},
		{name: "a page of HTML", set: "<!doctype html>", code: launchcontext.CodeKeyInvalid},
		{name: "nothing", set: "", code: launchcontext.CodeKeyInvalid},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := launchcontext.ParseKeySet([]byte(c.set))
			var kids []string
			for _, key := range got {
				kids = append(kids, key.ID())
			}
			if launchcontext.CodeOf(err) != c.code || !slices.Equal(kids, c.want) {
				t.Errorf("got %v, %v, want %v, %q", kids, err, c.want, c.code)
			}
		})
	}
}

func set(keys ...string) string { return `{"keys":[` + strings.Join(keys, ",") + `]}` }
