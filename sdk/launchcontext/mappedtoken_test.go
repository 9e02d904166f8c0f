package launchcontext_test

import (
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

const (
	productIssuer   = "acme.desk.example"
	productAudience = "https://acme.desk.example/apps/7"
)

// mappedToken is a token of a product that does not know launch contexts.
func mappedToken() (header, claims map[string]any) {
	return map[string]any{"alg": "RS256", "typ": "JWT"}, map[string]any{
		"iss": productIssuer, "aud": productAudience, "sub": "https://acme.desk.example/users/42", "iat": 1767225600, "exp": 1767225660,
		"qsh": "a hash of the query", "context": map[string]any{"product": "support", "ticket": 4711},
	}
}

func TestThreat_01_MappedTokens(t *testing.T) {
	keys := testKeys(t)
	rs, es := keys["rs256"], keys["es256"]
	long := make([]string, 3000)
	cases := []struct {
		name   string
		header map[string]any // a merge patch
		claims map[string]any
		text   [2]string // in the claims' JSON
		sign   string
		later  int64
		code   launchcontext.Code
		field  string
	}{
		{name: "as it is"},
		{name: "with a kid", header: map[string]any{"kid": "test-rs256"}},
		{name: "without a typ", header: map[string]any{"typ": nil}},
		{name: "with nbf and jti", claims: map[string]any{"nbf": 1767225600, "jti": "one"}},
		{name: "for a list of one audience", claims: map[string]any{"aud": []string{productAudience}}},
		{name: "within the leeway", later: 69},
		{name: "alg none", header: map[string]any{"alg": "none"}, code: launchcontext.CodeHeader, field: "alg"},
		{name: "without an alg", header: map[string]any{"alg": nil}, code: launchcontext.CodeHeader, field: "alg"},
		{name: "HS256 with the public key", header: map[string]any{"alg": "HS256"}, sign: "hmac", code: launchcontext.CodeAlgorithm, field: "alg"},
		{name: "another key's algorithm", header: map[string]any{"alg": "ES256"}, sign: "es256", code: launchcontext.CodeAlgorithm, field: "alg"},
		{name: "PS256", header: map[string]any{"alg": "PS256"}, code: launchcontext.CodeHeader, field: "alg"},
		{name: "a stranger's signature", sign: "stranger-rs256", code: launchcontext.CodeSignature},
		{name: "another kid", header: map[string]any{"kid": "other"}, code: launchcontext.CodeKeyUnknown, field: "kid"},
		{name: "a kid that is a path", header: map[string]any{"kid": "a b"}, code: launchcontext.CodeHeader, field: "kid"},
		{name: "a typ that is not taken", header: map[string]any{"typ": "at+jwt"}, code: launchcontext.CodeHeader, field: "typ"},
		{name: "a launch context's typ", header: map[string]any{"typ": launchcontext.Type}, code: launchcontext.CodeHeader, field: "typ"},
		{name: "a bearer's typ", header: map[string]any{"typ": "pod-session+jwt"}, code: launchcontext.CodeHeader, field: "typ"},
		{name: "a jku", header: map[string]any{"jku": "https://evil.example/jwks"}, code: launchcontext.CodeHeader, field: "jku"},
		{name: "an x5u", header: map[string]any{"x5u": "https://evil.example/cert"}, code: launchcontext.CodeHeader, field: "x5u"},
		{name: "a jwk", header: map[string]any{"jwk": map[string]any{"kty": "RSA"}}, code: launchcontext.CodeHeader, field: "jwk"},
		{name: "crit", header: map[string]any{"crit": []string{}}, code: launchcontext.CodeHeader, field: "crit"},
		{name: "another issuer", claims: map[string]any{"iss": "evil.desk.example"}, code: launchcontext.CodeKeyUnknown, field: "kid"},
		{name: "no issuer", claims: map[string]any{"iss": nil}, code: launchcontext.CodeClaims, field: "iss"},
		{name: "an issuer that is a list", claims: map[string]any{"iss": []string{productIssuer}}, code: launchcontext.CodeClaims, field: "iss"},
		{name: "another audience", claims: map[string]any{"aud": "https://acme.desk.example/apps/8"}, code: launchcontext.CodeAudience, field: "aud"},
		{name: "two audiences", claims: map[string]any{"aud": []string{productAudience, "https://evil.example"}}, code: launchcontext.CodeClaims, field: "aud"},
		{name: "no audience", claims: map[string]any{"aud": nil}, code: launchcontext.CodeClaims, field: "aud"},
		{name: "an audience in a list in a list", claims: map[string]any{"aud": []any{[]string{productAudience}}}, code: launchcontext.CodeClaims, field: "aud"},
		{name: "no iat", claims: map[string]any{"iat": nil}, code: launchcontext.CodeClaims, field: "iat"},
		{name: "no exp", claims: map[string]any{"exp": nil}, code: launchcontext.CodeClaims, field: "exp"},
		{name: "exp as a string", claims: map[string]any{"exp": "1767225660"}, code: launchcontext.CodeClaims, field: "exp"},
		{name: "an hour to live", claims: map[string]any{"exp": 1767229200}, code: launchcontext.CodeLifetime, field: "exp"},
		{name: "expired", later: 71, code: launchcontext.CodeExpired, field: "exp"},
		{name: "from the future", claims: map[string]any{"iat": 1767225611}, code: launchcontext.CodeNotYet},
		{name: "nbf in the future", claims: map[string]any{"nbf": 1767225611}, code: launchcontext.CodeNotYet, field: "nbf"},
		{name: "exp in capitals beside exp", claims: map[string]any{"EXP": 1767229200}, code: launchcontext.CodeClaims, field: "EXP"},
		{name: "Aud for aud", claims: map[string]any{"aud": nil, "Aud": productAudience}, code: launchcontext.CodeClaims, field: "Aud"},
		{name: "exp that comes twice", text: [2]string{`"exp":`, `"exp":1767225601,"exp":`}, code: launchcontext.CodeMalformed, field: "exp"},
		{name: "exp that comes twice by an escape", text: [2]string{`"exp":`, `"\u0065xp":1767225601,"exp":`}, code: launchcontext.CodeMalformed, field: "exp"},
		{name: "a ticket that comes twice", text: [2]string{`"ticket":`, `"ticket":4712,"ticket":`}, code: launchcontext.CodeMalformed, field: "context.ticket"},
		{name: "a jti that is a number", claims: map[string]any{"jti": 7}, code: launchcontext.CodeClaims, field: "jti"},
		{name: "more than 8 KiB", claims: map[string]any{"padding": long}, code: launchcontext.CodeTooLarge},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			header, claims := mappedToken()
			head := must(json.Marshal(merged(header, c.header)))
			body := string(must(json.Marshal(merged(claims, c.claims))))
			if c.text[0] != "" {
				body = strings.Replace(body, c.text[0], c.text[1], 1)
			}
			_, err := launchcontext.VerifyMappedToken(signedBy(t, c.sign, b64(head)+"."+b64([]byte(body)), rs, es), expectMappedToken(rs, 1767225600+c.later))
			var refusal *launchcontext.Error
			_ = errors.As(err, &refusal)
			if (err == nil) != (c.code == "") || err != nil && (refusal.Code != c.code || c.field != "" && refusal.Field != c.field) {
				t.Errorf("got %v, want %q of %q", err, c.code, c.field)
			}
		})
	}
}

func expectMappedToken(key launchcontext.SigningKey, now int64) launchcontext.ExpectMappedToken {
	return launchcontext.ExpectMappedToken{
		Audience: productAudience, Types: []string{"JWT", ""}, Now: at(now),
		Keys: func(u launchcontext.Unverified) (launchcontext.VerificationKey, error) {
			if u.Issuer != productIssuer || u.KeyID != "" && u.KeyID != key.ID() {
				return launchcontext.VerificationKey{}, errors.New("not pinned")
			}
			return key.Public(), nil
		},
	}
}

func signedBy(t *testing.T, who, signed string, rs, es launchcontext.SigningKey) string {
	t.Helper()
	var method jwt.SigningMethod = jwt.SigningMethodRS256
	material := launchcontext.RawKey(rs)
	switch who {
	case "hmac":
		method, material = jwt.SigningMethodHS256, any(must(rs.Public().PEM()))
	case "es256":
		method, material = jwt.SigningMethodES256, launchcontext.RawKey(es)
	case "stranger-rs256":
		material = launchcontext.RawKey(must(launchcontext.GenerateKey("", launchcontext.RS256)))
	}
	return signed + "." + b64(must(method.Sign(signed, material)))
}

func TestAMappedTokenHasTheSignedClaims(t *testing.T) {
	rs := testKeys(t)["rs256"]
	header, claims := mappedToken()
	signed := b64(must(json.Marshal(header))) + "." + b64(must(json.Marshal(claims)))
	f, err := launchcontext.VerifyMappedToken(signedBy(t, "", signed, rs, rs), expectMappedToken(rs, 1767225600))
	if err != nil {
		t.Fatal(err)
	}
	inner, _ := f.Claims["context"].(map[string]any)
	if f.Issuer != productIssuer || f.ID == "" || !f.ExpiresAt.Equal(time.Unix(1767225660, 0)) || inner["ticket"] != json.Number("4711") || f.Claims["sub"] == nil {
		t.Errorf("got %+v", f)
	}
}

// From an ES256 signature (r, s) a second valid one (r, n-s) can be computed: the token text differs, and the token is
// the same.
func TestThreat_02_ATokenWithoutAJTIHasOneIDWhateverItsSignature(t *testing.T) {
	es := testKeys(t)["es256"]
	header, claims := mappedToken()
	header["alg"] = "ES256"
	signed := b64(must(json.Marshal(header))) + "." + b64(must(json.Marshal(claims)))
	signature := must(jwt.SigningMethodES256.Sign(signed, launchcontext.RawKey(es)))
	n, _ := new(big.Int).SetString("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551", 16)
	mirrored := append([]byte(nil), signature...)
	new(big.Int).Sub(n, new(big.Int).SetBytes(signature[32:])).FillBytes(mirrored[32:])
	one, err := launchcontext.VerifyMappedToken(signed+"."+b64(signature), expectMappedToken(es, 1767225600))
	other, errOther := launchcontext.VerifyMappedToken(signed+"."+b64(mirrored), expectMappedToken(es, 1767225600))
	if err != nil || errOther != nil || one.ID != other.ID {
		t.Errorf("ids %q and %q, %v, %v", one.ID, other.ID, err, errOther)
	}
}
