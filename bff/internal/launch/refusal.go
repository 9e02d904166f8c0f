package launch

import (
	"errors"
	"strings"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
	launchcontext "github.com/shieldpod/shieldpod/sdk/context"
)

// Refusal is what an operator's log says of a launch context that was refused. It has nothing of the context but its field
// names, and what the context says of who signed it: the texts are short and plain, and may be a forger's.
type Refusal struct {
	Code    string // a launchcontext.Code, or context_replayed
	Reason  string
	Field   string
	Tenant  string // as the context names it
	Issuer  string
	KeyID   string
	Proven  bool // the signature is good
	refusal error
}

// Error gives the refusal as it was.
func (r *Refusal) Error() string { return r.refusal.Error() }

// Unwrap gives what is answered.
func (r *Refusal) Unwrap() error { return r.refusal }

// explained makes a [*Refusal] of an error that refuses the context; one that says that a part is down stays as it is.
func explained(err error, token string) error {
	var answer *verify.Error
	if !errors.As(err, &answer) {
		return err
	}
	switch answer.Code {
	case verify.CodeContextInvalid, verify.CodeContextExpired, verify.CodeContextReplayed:
	default:
		return err
	}
	who := launchcontext.Claimed(token)
	r := &Refusal{
		Code: string(launchcontext.CodeClaims), Field: answer.Field, Proven: true,
		Tenant: plainly(who.Tenant), Issuer: plainly(who.Issuer), KeyID: plainly(who.KeyID), refusal: err,
	}
	var cause *launchcontext.Error
	switch {
	case errors.As(err, &cause):
		r.Code, r.Field, r.Proven, r.Reason = string(cause.Code), cause.Field, cause.Proven, cause.Reason()
	case answer.Code != verify.CodeContextInvalid:
		r.Code, r.Reason = string(answer.Code), answer.Public
	case answer.Err != nil:
		r.Reason = answer.Err.Error()
	}
	return r
}

// plainly keeps what can be logged of a name that anybody may have written.
func plainly(name string) string {
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

// refused is what the refusal of a token reads as outside. That a part is down is no refusal. Before the signature is
// proven all refusals read alike; after it they name the field.
func refused(err error) error {
	if err == nil || verify.CodeOf(err) != "" {
		return err
	}
	answer := &verify.Error{Code: verify.CodeContextInvalid, Public: publicInvalid, Err: err}
	var refusal *launchcontext.Error
	if !errors.As(err, &refusal) || !refusal.Proven {
		return answer
	}
	answer.Field = refusal.Field
	switch refusal.Code {
	case launchcontext.CodeExpired:
		answer.Code, answer.Public = verify.CodeContextExpired, publicExpired
	case launchcontext.CodeNotYet:
		answer.Public = publicClock
	default:
		answer.Public = sentUnusable(refusal.Field, refusal.Reason())
	}
	return answer
}
