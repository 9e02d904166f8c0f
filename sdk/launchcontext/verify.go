package launchcontext

import (
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/shieldpod/shieldpod/sdk/strictjson"
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
// It does not know whether the context was used before: the caller must accept Claims.ID only once.
//
// CodeExpired and CodeNotYet are only ever said of a context with a good signature. Every other refusal may concern a
// forgery, unless Error.Proven says otherwise. When Keys fails its error is in the chain, under CodeKeyUnknown.
func Verify(token string, want Expect) (Claims, error) {
	alg, kid, claims, who, err := inspect(token)
	if err != nil && who.Issuer == "" {
		return Claims{}, err
	}
	key, keyErr := want.Keys(who)
	switch {
	case err != nil:
		return Claims{}, proven(err, keyErr == nil && isSigned(token, alg, kid, key))
	case keyErr != nil:
		return Claims{}, &Error{Code: CodeKeyUnknown, Field: "kid", Err: keyErr}
	}
	if err := prove(token, alg, kid, key, claims, want.Audience, want.Now); err != nil {
		return Claims{}, err
	}
	return claims, nil
}

// proven says of a refusal whether the signature is good.
func proven(err error, good bool) error {
	var refusal *Error
	if errors.As(err, &refusal) {
		refusal.Proven = good
	}
	return err
}

// isSigned reports whether the token has a good signature of the key; the claims are not checked.
func isSigned(token, alg, kid string, key VerificationKey) bool {
	method := key.algorithm.method()
	if method == nil || key.id != kid || alg != string(key.algorithm) {
		return false
	}
	end := strings.LastIndexByte(token, '.')
	signature, err := base64.RawURLEncoding.Strict().DecodeString(token[end+1:])
	return err == nil && method.Verify(token[:end], signature, key.key) == nil
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
// With an error who may still name the key by which to find out who signed the faulty claims.
func inspect(token string) (alg, kid string, c Claims, who Unverified, err error) {
	header, payload, err := split(token)
	if err != nil {
		return "", "", Claims{}, who, err
	}
	if alg, kid, err = readHeader(header); err != nil {
		return "", "", Claims{}, who, err
	}
	if c, err = decodeClaims(payload); err == nil {
		err = c.Check()
		return alg, kid, c, Unverified{Issuer: c.Issuer, KeyID: kid, Tenant: c.Tenant}, err
	}
	who = identity(payload)
	who.KeyID = kid
	return alg, kid, c, who, err
}

// Claimed tells what a token says of who signed it, as far as it can be read: for a log, and for nothing else.
func Claimed(token string) Unverified {
	header, payload, err := split(token)
	if err != nil {
		return Unverified{}
	}
	who := identity(payload)
	var h joseHeader
	if decode(header, &h, CodeHeader, strictjson.Rules{Unknown: true}) == nil {
		who.KeyID = h.KeyID
	}
	return who
}

// readHeader reads and judges the header of a launch context.
func readHeader(data []byte) (alg, kid string, err error) {
	alg, typ, kid, err := decodeHeader(data)
	for _, fault := range []error{err, checkType(typ, Type), checkAlgorithm(alg), checkKeyID(kid)} {
		if fault != nil {
			return "", "", fault
		}
	}
	return alg, kid, nil
}

// identity reads who claims to have signed, of claims that can't be read as a whole. Nothing is read from claims that are
// ambiguous in it.
func identity(payload []byte) Unverified {
	var id struct {
		Issuer string `json:"iss"`
		Tenant string `json:"tid"`
	}
	if decode(payload, &id, CodeClaims, strictjson.Rules{Unknown: true}) != nil {
		return Unverified{}
	}
	return Unverified{Issuer: id.Issuer, Tenant: id.Tenant}
}

func checkType(typ, want string) error {
	if typ != want {
		return refuse(CodeHeader, "typ", "must be %q", want)
	}
	return nil
}

func checkAlgorithm(alg string) error {
	if !Algorithm(alg).known() {
		return refuse(CodeHeader, "alg", "must be EdDSA, ES256, RS256 or HS256")
	}
	return nil
}

func checkKeyID(kid string) error {
	if !validKeyID(kid) {
		return refuse(CodeHeader, "kid", "must be 1 to %d visible ASCII characters", maxKeyID)
	}
	return nil
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
	// golang-jwt judges claims after the signature.
	return &Error{Code: code, Field: field, Err: err, Proven: errors.Is(err, jwt.ErrTokenInvalidClaims)}
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
