// Package psa has the words that ticket systems are asked in, and the worker that writes results onto tickets.
//
// Start with [Systems]: it asks the system that a ticket is of. [Worker] takes the notes that are due out of
// the store and hands each to its system's [Writer]. How one system is asked is in a package of its own
// below this one; none of them knows another.
//
// Whatever a system answers is told in the shape of a launch context, so that one reader cleans and maps it,
// whoever vouched for it. Refusals are [verify.Error]s: CodePSADown, CodePSABusy, CodePSAMisconfigured, CodeMember, CodeTicket.
package psa

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
	launchcontext "github.com/shieldpod/shieldpod/sdk/context"
)

// ConnectWise is ConnectWise Manage's name in launch contexts.
const ConnectWise = "connectwise"

// DeskContacts is how many people of a client a desk takes, the ticket's own contact among them: the pod's list
// is to be looked through, and every one of them is read when the ticket is opened.
const DeskContacts = 200

// Member is who ConnectWise's hosted API says is at the screen: a claim, not a proof. Hash is that
// person's live session there, Context a part of it: no log and no text shows either.
type Member struct {
	ID       string
	Company  string
	CodeBase string
	Email    string
	Hash     string
	Context  string
}

// LogValue names the member only.
func (m Member) LogValue() slog.Value { return slog.StringValue(m.ID) }

// Format names the member only, whatever the verb.
func (m Member) Format(s fmt.State, _ rune) { _, _ = fmt.Fprintf(s, "member %q", m.ID) }

// MarshalJSON names the member only.
func (m Member) MarshalJSON() ([]byte, error) { return fmt.Appendf(nil, `{"id":%q}`, m.ID), nil }

// Adapter reads one kind of ticket system by the tenant's own keys. CodeNotFound: the tenant has no keys to it.
type Adapter interface {
	// Ticket gives a ticket with its client and contacts. CodeTicket: there is none of that id.
	Ticket(ctx context.Context, t verify.Tenant, ticket string) (launchcontext.Context, error)
	// Contacts gives the people of a client: the named contact as it is now, if the client has it, and of the
	// others at most as many as a desk takes.
	Contacts(ctx context.Context, t verify.Tenant, client, contact string) ([]launchcontext.Contact, error)
}

// Directory has the contacts that vendors pushed. CodeNotFound: none of this client's.
type Directory interface {
	// Contacts gives the named contact, if the client has it, and of the others as many as a desk takes.
	Contacts(ctx context.Context, t verify.Tenant, system, client, contact string) ([]launchcontext.Contact, error)
}

// Entry is a contact in the directory.
type Entry struct {
	Contact launchcontext.Contact
	At      time.Time // when it was pushed last
}

// Writer writes results onto tickets. CodeNotFound: the tenant has no keys to the system. CodeTicket: it has no such
// ticket. CodeInvalid: it does not take this note.
type Writer interface {
	WriteNote(ctx context.Context, t verify.Tenant, n Note) error
}

// Note is a result as it goes onto a ticket.
type Note struct {
	Ticket       string
	Verification string // its id, as the last line of the text has it: a writer that may have written before looks for it
	Text         string
	Again        bool // it may stand there already
}

// retryAfter is how long a system asks to wait; 0 if it does not say.
func retryAfter(err error) time.Duration {
	var refusal *verify.Error
	if errors.As(err, &refusal) {
		return refusal.RetryAfter
	}
	return 0
}
