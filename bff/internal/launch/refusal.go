package launch

import (
	"errors"
	"strings"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// Refusal is the log entry of a refused launch context. It contains no value of the context, only field names and the
// context's own statement of its signer. These texts are short and plain, and an attacker may have written them.
type Refusal struct {
	Code    string // a launchcontext.Code, or context_replayed
	Reason  string
	Field   string
	Tenant  string // as stated by the context
	Issuer  string
	KeyID   string
	Proven  bool // the signature is valid
	refusal error
}

// Error gives the text of the original error.
func (r *Refusal) Error() string { return r.refusal.Error() }

// Unwrap gives the original error.
func (r *Refusal) Unwrap() error { return r.refusal }

// asRefusal makes a [*Refusal] of an error that refuses the context. An error of an unavailable part is returned
// unchanged.
func asRefusal(err error, token string) error {
	var publicErr *verify.Error
	if !errors.As(err, &publicErr) {
		return err
	}
	switch publicErr.Code {
	case verify.CodeContextInvalid, verify.CodeContextExpired, verify.CodeContextReplayed:
	default:
		return err
	}
	who := launchcontext.Claimed(token)
	r := &Refusal{
		Code: string(launchcontext.CodeClaims), Field: publicErr.Field, Proven: true,
		Tenant: printable(who.Tenant), Issuer: printable(who.Issuer), KeyID: printable(who.KeyID), refusal: err,
	}
	var cause *launchcontext.Error
	switch {
	case errors.As(err, &cause):
		r.Code, r.Field, r.Proven, r.Reason = string(cause.Code), cause.Field, cause.Proven, cause.Reason()
	case publicErr.Code != verify.CodeContextInvalid:
		r.Code, r.Reason = string(publicErr.Code), publicErr.Public
	case publicErr.Err != nil:
		r.Reason = publicErr.Err.Error()
	}
	return r
}

// printable limits a name of unknown origin to characters that are safe in a log.
func printable(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < '!' || r > '~' {
			return '?'
		}
		return r
	}, name)
	if len(name) > 80 {
		name = name[:80] + "..."
	}
	return name
}

// publicRefusal gives the public error of a refused token. An error of an unavailable part is returned unchanged.
// Before the signature is verified all refusals read alike; afterwards they name the field.
func publicRefusal(err error) error {
	if err == nil || verify.CodeOf(err) != "" {
		return err
	}
	publicErr := &verify.Error{Code: verify.CodeContextInvalid, Public: publicInvalid, Err: err}
	var refusal *launchcontext.Error
	if !errors.As(err, &refusal) || !refusal.Proven {
		return publicErr
	}
	publicErr.Field = refusal.Field
	switch refusal.Code {
	case launchcontext.CodeExpired:
		publicErr.Code, publicErr.Public = verify.CodeContextExpired, publicExpired
	case launchcontext.CodeNotYet:
		publicErr.Public = publicClock
	default:
		publicErr.Public = publicUnusable(refusal.Field, refusal.Reason())
	}
	return publicErr
}
