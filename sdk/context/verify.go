package launchcontext

import (
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Expect is what a context must meet.
type Expect struct {
	Audience string           // Shieldpod's public URL: aud must be the same, letter by letter
	Keys     Keyring          // pinned beforehand; a context can only choose among them
	Now      func() time.Time // nil: the system's clock
}

// Keyring gives the key that is pinned for exactly this issuer and key id, or an error when there is none.
type Keyring func(Unverified) (VerificationKey, error)

// Unverified is what a context says of itself before anything is proven: good for finding a key, and for nothing else.
type Unverified struct {
	Issuer string
	KeyID  string
	Tenant string
}

// Pin is the keyring of one issuer.
func Pin(issuer string, keys ...VerificationKey) Keyring {
	return func(u Unverified) (VerificationKey, error) {
		for _, k := range keys {
			if u.Issuer == issuer && u.KeyID == k.id {
				return k, nil
			}
		}
		return VerificationKey{}, errors.New("not pinned")
	}
}

// Verify gives the claims of a context that is genuine, meant for this audience, and valid now.
// It does not know whether the context was used before: whoever opens a session must spend Claims.ID, once.
//
// CodeExpired, CodeNotYet and CodeAudience are only ever said of a context with a good signature;
// every other refusal may concern a forgery. When Keys fails its error is in the chain, under CodeKeyUnknown.
func Verify(token string, want Expect) (Claims, error) {
	alg, kid, claims, err := inspect(token)
	if err != nil {
		return Claims{}, err
	}
	key, err := want.Keys(Unverified{Issuer: claims.Issuer, KeyID: kid, Tenant: claims.Tenant})
	if err != nil {
		return Claims{}, &Error{Code: CodeKeyUnknown, Field: "kid", Err: err}
	}
	if err := prove(token, alg, kid, key, claims, want.Audience, want.Now); err != nil {
		return Claims{}, err
	}
	return claims, nil
}

// prove holds a token that the guard let pass, and whose claims it decoded, against the pinned key and the clock.
func prove(token, alg, kid string, key VerificationKey, claims Claims, audience string, now func() time.Time) error {
	if key.algorithm.method() == nil || key.id != kid {
		return refuse(CodeKeyUnknown, "kid", "the keyring gave another key")
	}
	if alg != string(key.algorithm) {
		return refuse(CodeAlgorithm, "alg", "is not the algorithm of the pinned key")
	}
	if audience == "" { // golang-jwt takes an empty expectation for none
		return refuse(CodeAudience, "aud", "no audience is expected at all")
	}
	if now == nil {
		now = time.Now
	}
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{string(key.algorithm)}), jwt.WithStrictDecoding(),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithNotBeforeRequired(),
		jwt.WithAudience(audience), jwt.WithIssuer(claims.Issuer),
		jwt.WithLeeway(Leeway), jwt.WithTimeFunc(now),
	)
	if _, err := parser.ParseWithClaims(token, &decoded{claims}, func(*jwt.Token) (any, error) { return key.key, nil }); err != nil {
		return verdict(err)
	}
	return nil
}

// inspect is the guard in front of golang-jwt, which by itself lets pass: crit, b64, repeated names, names
// in another case, times as strings, line breaks within base64. It decodes once and judges the form alone.
func inspect(token string) (alg, kid string, c Claims, err error) {
	header, payload, err := split(token)
	if err != nil {
		return "", "", Claims{}, err
	}
	alg, typ, kid, err := decodeHeader(header)
	switch {
	case err != nil:
		return "", "", Claims{}, err
	case typ != Type:
		return "", "", Claims{}, refuse(CodeHeader, "typ", "must be %q", Type)
	case !Algorithm(alg).known():
		return "", "", Claims{}, refuse(CodeHeader, "alg", "must be EdDSA, ES256, RS256 or HS256")
	case !validKeyID(kid):
		return "", "", Claims{}, refuse(CodeHeader, "kid", "must be 1 to %d visible ASCII characters", maxKeyID)
	}
	if c, err = decodeClaims(payload); err == nil {
		err = c.check()
	}
	return alg, kid, c, err
}

func split(token string) (header, payload []byte, err error) {
	if len(token) > MaxSize {
		return nil, nil, refuse(CodeTooLarge, "", "longer than %d bytes", MaxSize)
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, nil, refuse(CodeMalformed, "", "not three parts with a dot between them")
	}
	var decoded [3][]byte
	for i, part := range parts {
		// The decoder skips line breaks, even when strict.
		decoded[i], err = base64.RawURLEncoding.Strict().DecodeString(part)
		if err != nil || part == "" || strings.ContainsAny(part, "\r\n") {
			return nil, nil, refuse(CodeMalformed, "", "part %d is not canonical base64url", i+1)
		}
	}
	return decoded[0], decoded[1], nil
}

func verdict(err error) error {
	code, field := CodeClaims, ""
	switch {
	case errors.Is(err, jwt.ErrTokenSignatureInvalid):
		code = CodeSignature
	case errors.Is(err, jwt.ErrTokenInvalidAudience):
		code, field = CodeAudience, "aud"
	case errors.Is(err, jwt.ErrTokenExpired):
		code, field = CodeExpired, "exp"
	case errors.Is(err, jwt.ErrTokenNotValidYet):
		code, field = CodeNotYet, "nbf"
	case errors.Is(err, jwt.ErrTokenUsedBeforeIssued):
		code, field = CodeNotYet, "iat"
	}
	return &Error{Code: code, Field: field, Err: err}
}

// decoded shows golang-jwt claims that are decoded already, so that nothing is read twice or differently.
type decoded struct{ Claims }

func (d *decoded) UnmarshalJSON([]byte) error { return nil }

func (d *decoded) GetExpirationTime() (*jwt.NumericDate, error) { return date(d.ExpiresAt), nil }
func (d *decoded) GetIssuedAt() (*jwt.NumericDate, error)       { return date(d.IssuedAt), nil }
func (d *decoded) GetNotBefore() (*jwt.NumericDate, error)      { return date(d.NotBefore), nil }
func (d *decoded) GetIssuer() (string, error)                   { return d.Issuer, nil }
func (d *decoded) GetSubject() (string, error)                  { return d.Subject, nil }
func (d *decoded) GetAudience() (jwt.ClaimStrings, error)       { return jwt.ClaimStrings{d.Audience}, nil }

func date(t time.Time) *jwt.NumericDate { return &jwt.NumericDate{Time: t} }
