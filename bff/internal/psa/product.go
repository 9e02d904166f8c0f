package psa

import (
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// Product names a ticket system. Its methods give the refusals that adapters share, with a next step for people.
type Product struct {
	Name  string // in launch contexts and connections; also the name of the adapter's folder
	Title string // in sentences
}

// Down is the refusal without a usable answer: CodePSADown.
func (p Product) Down(err error) error {
	return &verify.Error{Code: verify.CodePSADown, Public: p.Title + " does not answer as it should. Try again in a moment.", Err: err}
}

// Busy is the refusal of a system that takes no more requests for some time: CodePSABusy.
func (p Product) Busy(retryAfter time.Duration, err error) error {
	return &verify.Error{
		Code: verify.CodePSABusy, RetryAfter: retryAfter, Err: err,
		Public: p.Title + " takes no more requests right now. Try again in a moment.",
	}
}

// Misconfigured is the refusal of a connection with wrong keys or settings: CodePSAMisconfigured.
func (p Product) Misconfigured(err error) error {
	return &verify.Error{
		Code: verify.CodePSAMisconfigured, Err: err,
		Public: p.Title + " refuses Shieldpod's keys or settings. Ask your administrator to run 'shieldpod doctor'.",
	}
}

// ContactsRefused is the refusal of a connection that may not read contacts: CodePSAMisconfigured.
func (p Product) ContactsRefused(err error) error {
	return &verify.Error{
		Code: verify.CodePSAMisconfigured, Err: err,
		Public: p.Title + " does not let Shieldpod read this client's contacts. Ask your administrator to run 'shieldpod doctor'.",
	}
}

// NotConnected is the refusal of a hosted launch without a connection: CodePSAMisconfigured.
func (p Product) NotConnected(err error) error {
	return &verify.Error{
		Code: verify.CodePSAMisconfigured, Err: err,
		Public: p.Title + " is not connected to Shieldpod. Ask your administrator to connect it.",
	}
}

// NoKeys is the refusal of a connection without the tenant's own keys: CodeNotFound.
func (p Product) NoKeys(err error) error {
	return &verify.Error{Code: verify.CodeNotFound, Public: p.Title + " is connected without API keys.", Err: err}
}

// MemberRefused is the refusal of a member who is not proven: CodeMember.
func (p Product) MemberRefused(err error) error {
	return &verify.Error{
		Code: verify.CodeMember, Err: err,
		Public: p.Title + " does not confirm who is signed in. Sign in to " + p.Title + " again and reopen the ticket.",
	}
}

// TicketRefused is the refusal of a ticket that is missing or hidden: CodeTicket.
func (p Product) TicketRefused(err error) error {
	return &verify.Error{
		Code: verify.CodeTicket, Err: err,
		Public: p.Title + " has no such ticket, or you may not see it. Reopen the ticket.",
	}
}

// NoteRefused is the refusal of a note that the system does not accept: CodeInvalid.
func (p Product) NoteRefused(err error) error {
	return &verify.Error{Code: verify.CodeInvalid, Public: p.Title + " does not take this note.", Err: err}
}
