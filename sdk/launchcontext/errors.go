package launchcontext

import (
	"errors"
	"fmt"

	"github.com/golang-jwt/jwt/v5"
)

// Code is a stable word for what is wrong with a context or a key.
type Code string

// Codes of refusals.
const (
	CodeTooLarge   Code = "too_large"         // longer than MaxSize
	CodeMalformed  Code = "malformed"         // not a compact JWS of canonical base64url and strict JSON
	CodeHeader     Code = "header_invalid"    // alg, typ and kid are all there is, and each must fit: Field says which
	CodeClaims     Code = "claims_invalid"    // a claim is missing, unknown or of the wrong type: Field says which
	CodeLifetime   Code = "lifetime_invalid"  // exp is not after iat, or more than MaxLifetime after it
	CodeKeyUnknown Code = "key_unknown"       // no key is pinned for this issuer and kid
	CodeAlgorithm  Code = "algorithm_refused" // alg is not the pinned key's own
	CodeSignature  Code = "signature_invalid"
	CodeAudience   Code = "audience_invalid" // meant for another audience
	CodeExpired    Code = "expired"
	CodeNotYet     Code = "not_yet_valid" // iat or nbf lies in the future: compare the clocks
	CodeKeyInvalid Code = "key_invalid"   // not a key, or not one for this use
	CodeKeyWeak    Code = "key_weak"      // too short, or known to the public
)

// Error is a refusal. Its text names fields and rules, and never a value of the context or the key.
type Error struct {
	Code  Code
	Field string // of the header, the claims or the key, such as ctx.contacts[0].id
	Err   error
	// Proven reports that the signature is good, so that the answer may name the fault to the signer. Only Verify
	// and VerifyMappedToken set it.
	Proven bool
}

// Error gives the code, the field and the cause.
func (e *Error) Error() string {
	text := "launch context: " + string(e.Code)
	if e.Field != "" {
		text += ": " + e.Field
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Reason gives the cause in words that follow the name of the field. They have no value of the context or the key.
func (e *Error) Reason() string {
	switch {
	case e.Err == nil:
		return string(e.Code)
	case errors.Is(e.Err, jwt.ErrTokenSignatureInvalid):
		return "the signature is not by the registered key"
	case errors.Is(e.Err, jwt.ErrTokenInvalidAudience):
		return "is not this server's public URL, letter by letter"
	case errors.Is(e.Err, jwt.ErrTokenExpired):
		return "has passed"
	case errors.Is(e.Err, jwt.ErrTokenNotValidYet), errors.Is(e.Err, jwt.ErrTokenUsedBeforeIssued):
		return "lies in the future: compare the clocks"
	}
	return e.Err.Error()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// CodeOf gives the code of err, or "" when it has none.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func refuse(code Code, field, format string, args ...any) *Error {
	return &Error{Code: code, Field: field, Err: fmt.Errorf(format, args...)}
}
