package launchcontext

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// MappedToken is a verified token with claims of its issuer's own shape: a JWT of a product that does not know launch
// contexts. A mapping translates its claims.
type MappedToken struct {
	Issuer    string
	ID        string // the jti; without one a hash of the signed part, so that each token has a unique id
	ExpiresAt time.Time
	Claims    map[string]any // all claims, numbers as json.Number
}

// ExpectMappedToken states what a mapped token must meet.
type ExpectMappedToken struct {
	Audience string           // aud must be this string exactly, or a list of it alone
	Types    []string         // the accepted values of typ; an empty one stands for a missing typ
	Keys     Keyring          // called with an empty KeyID for a token without a kid
	Now      func() time.Time // nil: the system's clock
}

// Peek gives a token's typ and iss before verification, to select the rules by which to verify it. The values are
// unverified. It reads as strictly as those rules do.
func Peek(token string) (typ, issuer string, err error) {
	header, payload, err := split(token)
	if err != nil {
		return "", "", err
	}
	if _, typ, _, err = decodeHeader(header); err != nil {
		return "", "", err
	}
	var id struct {
		Issuer string `json:"iss"`
	}
	err = decode(payload, &id, CodeClaims, strictjson.Rules{Unknown: true})
	return typ, id.Issuer, err
}

// VerifyMappedToken gives the claims of a token that is genuine, meant for this audience, and valid now. It is as
// strict as Verify in everything that is not the issuer's choice: algorithm and key are pinned, no header but alg, typ
// and kid, no repeated names, no registered name in another case, iat and exp at most MaxLifetime apart. A caller that
// opens a session must record the ID as used. The codes are those of Verify.
func VerifyMappedToken(token string, want ExpectMappedToken) (MappedToken, error) {
	header, payload, err := split(token)
	if err != nil {
		return MappedToken{}, err
	}
	alg, typ, kid, err := decodeHeader(header)
	switch {
	case err != nil:
		return MappedToken{}, err
	case !slices.Contains(want.Types, typ):
		return MappedToken{}, refuse(CodeHeader, "typ", "is none of those that are taken")
	case !Algorithm(alg).known():
		return MappedToken{}, refuse(CodeHeader, "alg", "must be EdDSA, ES256, RS256 or HS256")
	case kid != "" && !validKeyID(kid):
		return MappedToken{}, refuse(CodeHeader, "kid", "must be 1 to %d visible ASCII characters", maxKeyID)
	}
	f, c, err := decodeMappedToken(payload)
	if err != nil {
		return MappedToken{}, want.withSignatureState(err, token, alg, kid, payload)
	}
	key, err := want.Keys(Unverified{Issuer: f.Issuer, KeyID: kid})
	if err != nil {
		return MappedToken{}, &Error{Code: CodeKeyUnknown, Field: "kid", Err: err}
	}
	if kid == "" {
		kid = key.id
	}
	if err := prove(token, alg, kid, key, c, want.Audience, want.Now); err != nil {
		return MappedToken{}, err
	}
	if f.ID == "" {
		// The hash does not cover the signature: a second valid signature can be computed from an ES256 signature.
		sum := sha256.Sum256([]byte(token[:strings.LastIndexByte(token, '.')]))
		f.ID = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	return f, nil
}

// withSignatureState adds to a refusal of the claims whether the signature is valid.
func (e ExpectMappedToken) withSignatureState(err error, token, alg, kid string, payload []byte) error {
	who := identity(payload)
	if who.Issuer == "" {
		return err
	}
	key, keyErr := e.Keys(Unverified{Issuer: who.Issuer, KeyID: kid})
	if kid == "" {
		kid = key.id
	}
	return proven(err, keyErr == nil && isSigned(token, alg, kid, key))
}

// registeredClaims are the names of RFC 7519 with a fixed meaning. None may occur in another case.
type registeredClaims struct {
	Issuer    string          `json:"iss"`
	Subject   json.RawMessage `json:"sub"`
	Audience  json.RawMessage `json:"aud"`
	ExpiresAt *int64          `json:"exp"`
	NotBefore *int64          `json:"nbf"`
	IssuedAt  *int64          `json:"iat"`
	ID        string          `json:"jti"`
}

// decodeMappedToken reads claims of any shape; c has the claims that golang-jwt checks.
func decodeMappedToken(data []byte) (f MappedToken, c Claims, err error) {
	var j registeredClaims
	for _, err := range []error{
		decode(data, &f.Claims, CodeClaims, strictjson.Rules{Null: true, Numbers: true}),
		decode(data, &j, CodeClaims, strictjson.Rules{Null: true, Unknown: true}),
	} {
		if err != nil {
			return MappedToken{}, Claims{}, err
		}
	}
	var r times
	c = Claims{
		Issuer: j.Issuer, IssuedAt: r.time("iat", j.IssuedAt),
		NotBefore: r.time("nbf", j.NotBefore), ExpiresAt: r.time("exp", j.ExpiresAt), ID: j.ID,
	}
	f.Issuer, f.ID, f.ExpiresAt = c.Issuer, c.ID, c.ExpiresAt
	if len(r.faults) > 0 {
		return MappedToken{}, Claims{}, r.faults[0]
	}
	if c.Audience, err = audience(j.Audience); err != nil {
		return MappedToken{}, Claims{}, err
	}
	switch "" {
	case c.Issuer:
		return MappedToken{}, Claims{}, missing("iss")
	case c.Audience:
		return MappedToken{}, Claims{}, missing("aud")
	}
	if c.NotBefore.IsZero() { // it is optional
		c.NotBefore = c.IssuedAt
	}
	if err := c.checkTimes(); err != nil {
		return MappedToken{}, Claims{}, err
	}
	return f, c, nil
}

// audience reads aud: a string, or a list of one.
func audience(raw json.RawMessage) (string, error) {
	var one string
	var list []string
	switch {
	case len(raw) == 0, strictjson.Unmarshal(raw, &one) == nil:
		return one, nil
	case strictjson.Unmarshal(raw, &list) == nil && len(list) == 1:
		return list[0], nil
	}
	return "", refuse(CodeClaims, "aud", "must be a string, or a list of one")
}
