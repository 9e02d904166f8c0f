package launch

import (
	"errors"
	"fmt"
	"strings"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// Messages for people. Each sentence states the next step and contains no personal data.
const (
	publicInvalid  = "The ticket system's launch context was not accepted. Reopen the ticket; if that does not help, ask your administrator to check the ticket system's signing key and settings."
	publicClock    = "The ticket system's clock is ahead of Shieldpod's. Reopen the ticket; if that does not help, ask your administrator to check both clocks."
	publicExpired  = "It took too long to open this pod. Reopen the ticket to try again."
	publicReplayed = "This pod was opened before. Reopen the ticket to open it again."
	publicSession  = "This pod's session is not valid any more. Reopen the ticket to start a new one."
	publicOver     = "This pod's session is over. Reopen the ticket to start a new one."
	publicTicket   = "The ticket system did not give the ticket that is on the screen. Reopen the ticket."
	publicPSADown  = "The ticket system does not answer as it should. Try again in a moment; if it works otherwise, tell your administrator."
	publicPSABusy  = "The ticket system is asked for too much right now. Try again in a moment."
	publicChanged  = "The ticket system has changed this contact since the ticket was opened. Reopen the ticket to load it again."
	publicKeysDown = "The ticket system's signing keys can't be fetched right now. Try again in a moment; if that does not help, tell the ticket system's vendor."
	publicDown     = "Shieldpod can't open pods right now. Try again in a moment."
)

// Messages of sign-ins.
const (
	publicNoSignIn        = "Nobody can sign in here. Ask your administrator to set up the sign-in."
	publicNotBegun        = "This sign-in was not begun in this browser, or took too long. Close this window and sign in from the pod again."
	publicCancelled       = "Your sign-in provider did not let you in, or you cancelled. Close this window and sign in from the pod again."
	publicProviderDown    = "Your sign-in provider does not answer as it should. Close this window and try again in a moment; if that does not help, tell your administrator."
	publicProviderRefuses = "What your sign-in provider answers was not accepted. Close this window and sign in from the pod again; if that does not help, ask your administrator to check the sign-in's settings."
	publicNotAmong        = "You are signed in with an account that may not open pods here. Sign in with a verified address of your company, or ask your administrator."
	publicNoClaim         = "Your sign-in provider did not say who you are in the way that is expected. Ask your administrator to check the sign-in's settings."
	publicSignAgain       = "This sign-in is not good any more. Sign in again."
)

// Reasons why a ticket has no contact to select first.
const (
	publicNoContact    = "This ticket has no contact. Set the caller as the ticket's contact, and reopen the ticket."
	publicOtherContact = "The ticket's contact is not among the people of its client, or is inactive there. Choose the ticket's contact again, and reopen the ticket."
)

// unusable refuses a genuine context with a value that can't be used. The field tells the signer where to look.
func unusable(field, why string) error {
	return &verify.Error{
		Code: verify.CodeContextInvalid, Field: field, Err: errors.New(why),
		Public: publicUnusable(field, why),
	}
}

func publicUnusable(field, why string) string {
	return "The ticket system sent something that can't be used (" + strings.TrimSpace(field+" "+why) + "). Reopen the ticket; if that does not help, tell the ticket system's vendor."
}

func sessionRefusal(cause error) error {
	return &verify.Error{Code: verify.CodeSession, Public: publicSession, Err: cause}
}

func sessionEnded(cause error) error {
	return &verify.Error{Code: verify.CodeSessionEnded, Public: publicOver, Err: cause}
}

func unavailable(cause error) error {
	return &verify.Error{Code: verify.CodeUnavailable, Public: publicDown, Err: cause}
}

// errRefusedRecently: the member is refused without a request.
var errRefusedRecently = errors.New("the ticket system has refused this member a moment ago")

func contactRefusal(public string) error {
	return &verify.Error{Code: verify.CodeContact, Public: public}
}

// noConnection refuses a ticket whose contacts can't be read anywhere.
func noConnection(tenant verify.Tenant, cause error) error {
	return &verify.Error{
		Code: verify.CodeContextInvalid, Field: "ctx.contacts", Err: fmt.Errorf("no contacts, and nobody on file: %w", cause),
		Public: "The ticket came without its contacts, and " + tenant.Name + " has no connection to the ticket system to read them from, nor anybody of this client in the directory. Ask your administrator to connect it, or the ticket system's vendor to send them.",
	}
}

// psaFailure gives an error of the ticket system's adapter. An error without a code means an unreadable answer.
func psaFailure(err error) error {
	if err == nil || verify.CodeOf(err) != "" {
		return err
	}
	return &verify.Error{Code: verify.CodePSADown, Public: publicPSADown, Err: err}
}
