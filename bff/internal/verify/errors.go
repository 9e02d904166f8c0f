package verify

import (
	"errors"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/policy"
	"github.com/shieldpod/shieldpod/bff/internal/quota"
)

// Code is a stable word for what went wrong. Callers branch on it, never on text.
type Code string

// Codes of refusals.
const (
	CodeInvalid           Code = "invalid"                         // a value is out of its range: Field says which
	CodeNotFound          Code = "not_found"                       // nothing of that id on this ticket, or another tenant's
	CodeMethodNotAllowed  Code = "verification_method_not_allowed" // policy or channel rules the method out
	CodeNoteRequired      Code = "note_required"
	CodeOwnChannel        Code = "own_channel"
	CodeUnusable          Code = "channel_unusable" // the ticket system's value is not certainly one address or number
	CodeCooldown          Code = "cooldown"         // RetryAfter says how long
	CodeQuotaExceeded     Code = "quota_exceeded"   // Quota says which limit is reached, RetryAfter how long
	CodeStaleVersion      Code = "stale_version"    // Overrides has the newer one
	CodePolicyConflict    Code = "policy_conflict"  // two fields of a policy can't both hold: Field names one
	CodeContrastTooLow    Code = "contrast_too_low" // two colours of a brand can't be told apart: Contrast has one that can
	CodeImageInvalid      Code = "image_invalid"    // a picture that can't be a logo
	CodeAPIKey            Code = "api_key_invalid"
	CodeAPIKeyExpired     Code = "api_key_expired"
	CodeScope             Code = "scope_missing" // the API key may not do this
	CodeLocked            Code = "locked"        // too many consecutive failures for this contact
	CodeWrongCode         Code = "wrong_code"    // a wrong code: TriesLeft says how many remain
	CodeAlreadyUsed       Code = "already_used"  // used, or out of tries
	CodeExpired           Code = "expired"
	CodeVerificationEnded Code = "verification_ended" // denied, cancelled, failed or replaced by a newer one
	CodeKeyReused         Code = "idempotency_key_reused"
	CodeUnavailable       Code = "unavailable" // a part is down; nothing turned green
	CodeContextInvalid    Code = "context_invalid"
	CodeContextExpired    Code = "context_expired"
	CodeContextReplayed   Code = "context_replayed"
	CodeSession           Code = "session_invalid"
	CodeSessionEnded      Code = "session_ended"

	// Of the tenant's ticket system:
	CodePSADown          Code = "psa_unavailable"   // it is down or slow, or what it answers can't be read
	CodePSABusy          Code = "psa_busy"          // it takes no more requests now: RetryAfter says how long
	CodePSAMisconfigured Code = "psa_misconfigured" // our keys are refused, or its address or company is wrong
	CodeMember           Code = "member_refused"    // it does not know the technician by this sign-in
	CodeTicket           Code = "ticket_not_found"  // it has no such ticket, or none that this technician may see
	CodeContact          Code = "no_contact"        // the ticket has no contact, or one who is not among its client's people
)

// Reasons: why a shield failed, waits or can't be asked for. Those of policies are [policy.Reason].
const (
	ReasonLandline              = Code(policy.ReasonLandline) // can't get texts
	ReasonLocked           Code = "locked"                    // too many wrong codes for this contact
	ReasonOwn              Code = "own_channel"               // the contact is the technician
	ReasonTechnician       Code = "technician_address"        // the ticket system names neither address nor number of the technician
	ReasonDenied           Code = "denied"                    // the contact did not ask for this, or for another one
	ReasonOutOfTries       Code = "out_of_tries"              // out of tries
	ReasonNumber           Code = "wrong_number"              // under number matching, another number was picked
	ReasonExpired          Code = "expired"                   // there was no answer in time
	ReasonCancelled        Code = "cancelled"                 // by the technician
	ReasonSuperseded       Code = "superseded"                // by a newer one
	ReasonInvalidRecipient Code = "invalid_recipient"         // the carrier says the address or number is no good
	ReasonBlocked          Code = "blocked"                   // the recipient or the carrier blocks our messages
	ReasonMailboxFull      Code = "mailbox_full"              // the mailbox takes nothing more
	ReasonOptedOut         Code = "opted_out"                 // the number's holder has texted STOP to the carrier
	ReasonUndelivered      Code = "undelivered"               // accepted by the carrier, never delivered
	ReasonCarrierDown      Code = "carrier_down"              // the carrier does not answer; the message waits
	ReasonCarrierSet       Code = "carrier_misconfigured"     // the carrier refuses our account or settings
	ReasonIndeterminate    Code = "indeterminate"             // it may or may not have been sent
	ReasonAddressForm      Code = "address_not_supported"     // no mail server that is set up takes an address of this form
)

// Error is a refusal with a code to branch on and public words to show.
type Error struct {
	Code       Code
	Public     string // for people; it has no secret and no personal data in it
	Field      string // of the request, for CodeInvalid
	Reason     Code   // for CodeMethodNotAllowed
	TriesLeft  int    // for CodeWrongCode
	RetryAfter time.Duration
	Quota      *quota.Status     // for CodeQuotaExceeded
	Overrides  *policy.Overrides // for CodeStaleVersion
	Contrast   *Contrast         // for CodeContrastTooLow
	Err        error             // the cause, for logs
}

// Contrast is the contrast ratio of a text to its background, and the ratio that it needs (WCAG 2.2, 1.4.3).
type Contrast struct {
	Measured float64
	Needed   float64
	Nearest  string // colour that has it: #rrggbb
}

// Error gives the code and the cause, for logs.
func (e *Error) Error() string {
	text := string(e.Code)
	if e.Field != "" {
		text += " (" + e.Field + ")"
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// PolicyError is the error for a value that package policy refuses; another error is returned as it is.
func PolicyError(err error) error {
	var refused *policy.Error
	if !errors.As(err, &refused) {
		return err
	}
	return &Error{Code: codeOfProblem[refused.Problem], Field: refused.Field, Public: refused.Public}
}

var codeOfProblem = map[policy.Problem]Code{
	policy.Invalid: CodeInvalid, policy.Conflict: CodePolicyConflict, policy.NoteMissing: CodeNoteRequired,
}

// CodeOf gives the code of err, or "" when it has none.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func notFound(public string) error {
	return &Error{Code: CodeNotFound, Public: public}
}
