package launch

import (
	"errors"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// What people read. Each sentence says the next step, and names nobody's data.
const (
	publicInvalid  = "The ticket system's launch context was not accepted. Reopen the ticket; if that does not help, ask your administrator to check the ticket system's signing key and settings."
	publicClock    = "The ticket system's clock is ahead of Shieldpod's. Reopen the ticket; if that does not help, ask your administrator to check both clocks."
	publicExpired  = "It took too long to open this pod. Reopen the ticket to try again."
	publicReplayed = "This pod was opened before. Reopen the ticket to open it again."
	publicSession  = "This pod's session is not valid any more. Reopen the ticket to start a new one."
	publicOver     = "This pod's session is over. Reopen the ticket to start a new one."
	publicDown     = "Shieldpod can't open pods right now. Try again in a moment."
)

// unusable refuses a context that is genuine but says something that can't be used: the field tells whoever signs it where to look.
func unusable(field, why string) error {
	return &verify.Error{
		Code: verify.CodeContextInvalid, Field: field, Err: errors.New(why),
		Public: "The ticket system sent something that can't be used (" + field + " " + why + "). Reopen the ticket; if that does not help, tell the ticket system's vendor.",
	}
}

func noSession(cause error) error {
	return &verify.Error{Code: verify.CodeSession, Public: publicSession, Err: cause}
}

func sessionOver(cause error) error {
	return &verify.Error{Code: verify.CodeSessionOver, Public: publicOver, Err: cause}
}

func unavailable(cause error) error {
	return &verify.Error{Code: verify.CodeUnavailable, Public: publicDown, Err: cause}
}
