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

// Foreign is a token that is genuine and speaks its issuer's own language: a JWT as products sign them that know
// nothing of launch contexts.
type Foreign struct {
	Issuer    string
	ID        string // its jti; without one a hash of what was signed, so that each token has an id and no two share one
	ExpiresAt time.Time
	Claims    map[string]any // all of them, numbers as json.Number
}

// ExpectForeign is what such a token must meet.
type ExpectForeign struct {
	Audience string           // aud must be the same, letter by letter, or a list of it alone
	Types    []string         // the values of typ that are taken; an empty one stands for no typ
	Keys     Keyring          // for a token without a kid it is asked with an empty KeyID
	Now      func() time.Time // nil: the system's clock
}

// Peek tells a token's typ and iss before anything of it is proven: good for finding out by which rules to verify it,
// and for nothing else. It reads as strictly as those rules do.
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

// VerifyForeign gives the claims of a token that is genuine, meant for this audience, and valid now. It is as strict
// as Verify in everything that is not the issuer's to choose: algorithm and key are pinned, no header but alg, typ and
// kid, no repeated names, no registered name in another case, iat and exp at most MaxLifetime apart.
// Whoever opens a session by it must spend its ID, once. Codes are Verify's.
func VerifyForeign(token string, want ExpectForeign) (Foreign, error) {
	header, payload, err := split(token)
	if err != nil {
		return Foreign{}, err
	}
	alg, typ, kid, err := decodeHeader(header)
	switch {
	case err != nil:
		return Foreign{}, err
	case !slices.Contains(want.Types, typ):
		return Foreign{}, refuse(CodeHeader, "typ", "is none of those that are taken")
	case !Algorithm(alg).known():
		return Foreign{}, refuse(CodeHeader, "alg", "must be EdDSA, ES256, RS256 or HS256")
	case kid != "" && !validKeyID(kid):
		return Foreign{}, refuse(CodeHeader, "kid", "must be 1 to %d visible ASCII characters", maxKeyID)
	}
	f, c, err := decodeForeign(payload)
	if err != nil {
		return Foreign{}, want.proven(err, token, alg, kid, payload)
	}
	key, err := want.Keys(Unverified{Issuer: f.Issuer, KeyID: kid})
	if err != nil {
		return Foreign{}, &Error{Code: CodeKeyUnknown, Field: "kid", Err: err}
	}
	if kid == "" {
		kid = key.id
	}
	if err := prove(token, alg, kid, key, c, want.Audience, want.Now); err != nil {
		return Foreign{}, err
	}
	if f.ID == "" {
		// Not of the signature: of one ES256 signature anybody can make a second one that is good too.
		sum := sha256.Sum256([]byte(token[:strings.LastIndexByte(token, '.')]))
		f.ID = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	return f, nil
}

// proven says of a refusal of the claims whether the signature is good nevertheless.
func (e ExpectForeign) proven(err error, token, alg, kid string, payload []byte) error {
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

// registeredClaims are the names of RFC 7519, which mean the same to everybody. None may stand in another case.
type registeredClaims struct {
	Issuer    string          `json:"iss"`
	Subject   json.RawMessage `json:"sub"`
	Audience  json.RawMessage `json:"aud"`
	ExpiresAt *int64          `json:"exp"`
	NotBefore *int64          `json:"nbf"`
	IssuedAt  *int64          `json:"iat"`
	ID        string          `json:"jti"`
}

// decodeForeign reads claims of any shape; c has what golang-jwt judges.
func decodeForeign(data []byte) (f Foreign, c Claims, err error) {
	var j registeredClaims
	for _, err := range []error{
		decode(data, &f.Claims, CodeClaims, strictjson.Rules{Null: true, Numbers: true}),
		decode(data, &j, CodeClaims, strictjson.Rules{Null: true, Unknown: true}),
	} {
		if err != nil {
			return Foreign{}, Claims{}, err
		}
	}
	var r times
	c = Claims{
		Issuer: j.Issuer, IssuedAt: r.time("iat", j.IssuedAt), NotBefore: r.time("nbf", j.NotBefore), ExpiresAt: r.time("exp", j.ExpiresAt), ID: j.ID,
	}
	f.Issuer, f.ID, f.ExpiresAt = c.Issuer, c.ID, c.ExpiresAt
	if len(r.faults) > 0 {
		return Foreign{}, Claims{}, r.faults[0]
	}
	if c.Audience, err = audience(j.Audience); err != nil {
		return Foreign{}, Claims{}, err
	}
	switch "" {
	case c.Issuer:
		return Foreign{}, Claims{}, missing("iss")
	case c.Audience:
		return Foreign{}, Claims{}, missing("aud")
	}
	if c.NotBefore.IsZero() { // it may be absent
		c.NotBefore = c.IssuedAt
	}
	if err := c.checkTimes(); err != nil {
		return Foreign{}, Claims{}, err
	}
	return f, c, nil
}

// audience is aud: a string, or a list of one.
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
