// Package psa defines the ports of ticket systems, and the worker that writes results to tickets.
//
// Start with [Adapter], the port, and [Systems], which calls the adapter of a ticket. [NewWorker] takes due notes from the
// store and passes each to its system's [Writer]. Each system's adapter is a package of its own below this one; adapters do
// not import each other, and share the HTTP client of package rest.
//
// Every system's answers have the shape of a launch context, so that one reader cleans and maps them. Refusals are
// [verify.Error]s: CodePSADown, CodePSABusy, CodePSAMisconfigured, CodeMember, CodeTicket.
package psa

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// MaxContacts limits the contacts of a ticket context, the ticket's own contact included: a technician looks through
// the pod's list, and every contact is read when the ticket is opened.
const MaxContacts = 200

// Member is the person at the screen according to the ticket system's own frame: an unverified claim of a browser. Credential
// identifies the person's live session, and Context is a part of it: neither appears in a log or a text.
type Member struct {
	ID         string
	Credential string // a hash, token or signature, as the system gives it
	Context    string // may be empty
}

// LogValue gives the member's id only.
func (m Member) LogValue() slog.Value { return slog.StringValue(m.ID) }

// Format writes the member's id only, for every verb.
func (m Member) Format(s fmt.State, _ rune) { _, _ = fmt.Fprintf(s, "member %q", m.ID) }

// MarshalJSON writes the member's id only.
func (m Member) MarshalJSON() ([]byte, error) { return fmt.Appendf(nil, `{"id":%q}`, m.ID), nil }

// Connections reads how ticket systems are reached.
type Connections interface {
	// Connection gives the tenant's connection to the system. CodeNotFound: it has none.
	Connection(ctx context.Context, tenant, system string) (admin.Connection, error)
}

// Adapter reads one type of ticket system with the tenant's own keys. CodeNotFound: the tenant has no keys for it. An
// adapter may also be a [MemberVerifier], a [Searcher], a [Writer] and a [Checker]. The contract suite is package psatest.
type Adapter interface {
	// Product names the system.
	Product() Product
	// Ticket gives a ticket with its client and contacts. CodeTicket: there is no such ticket.
	Ticket(ctx context.Context, t verify.Tenant, ticket string) (launchcontext.Context, error)
	// Contacts gives the people of a client: the named contact in its present state, if the client has it, and at most
	// MaxContacts others.
	Contacts(ctx context.Context, t verify.Tenant, client, contact string) ([]launchcontext.Contact, error)
}

// MemberVerifier proves a hosted launch, which is one in the system's own frame. It is proven when both methods succeed;
// they may run in parallel. CodePSAMisconfigured: the tenant has not connected the system.
type MemberVerifier interface {
	// VerifyMember gives the technician whose live session the credential identifies. CodeMember: there is no such session, it
	// is another member's, or the member is inactive.
	VerifyMember(ctx context.Context, t verify.Tenant, m Member) (verify.Technician, error)
	// TicketAsMember gives a ticket and the people of its client, read as that member; the frame's screen may tell the
	// type of ticket. CodeTicket: there is no such ticket, or the member may not see it. CodeMember: as for VerifyMember.
	TicketAsMember(ctx context.Context, t verify.Tenant, m Member, ticket, screen string) (launchcontext.Context, error)
}

// Searcher finds records by a text that a person types. A text without letters or digits finds nothing. CodeNotFound:
// the tenant has no keys for the system.
type Searcher interface {
	// Search finds tickets by their number, or by words of their summary, client or contact: the newest first.
	Search(ctx context.Context, t verify.Tenant, text string) ([]Found, error)
	// Clients finds clients by a part of their name.
	Clients(ctx context.Context, t verify.Tenant, text string) ([]launchcontext.Client, error)
}

// Found is a ticket in a result list.
type Found struct {
	Ticket  launchcontext.Ticket
	Client  launchcontext.Client
	Contact launchcontext.Default
	Closed  bool
}

// Checker tests a connection. CodeNotFound: the tenant has no keys for the system.
type Checker interface {
	// Check makes requests that need each right of the pod, to read tickets and to read contacts, and changes nothing. It
	// gives the address of the API.
	Check(ctx context.Context, t verify.Tenant) (address string, err error)
}

// Directory holds the contacts that vendors pushed. CodeNotFound: none of this client.
type Directory interface {
	// Contacts gives the named contact, if the client has it, and up to MaxContacts others.
	Contacts(ctx context.Context, t verify.Tenant, system, client, contact string) ([]launchcontext.Contact, error)
}

// Entry is a contact in the directory.
type Entry struct {
	Contact launchcontext.Contact
	At      time.Time // time of the last push
}

// Writer writes results to tickets. CodeNotFound: the tenant has no keys for the system. CodeTicket: there is no such
// ticket. CodeInvalid: the system does not accept this note.
type Writer interface {
	WriteNote(ctx context.Context, t verify.Tenant, n Note) error
}

// Note is a result for a ticket.
type Note struct {
	Ticket       string
	Verification string // the id, which is also the last line of the text; a repeated write looks for it
	Text         string
	Repeated     bool // an earlier attempt may have written it
}

// retryAfter is the delay that a system requests; 0 without one.
func retryAfter(err error) time.Duration {
	var refusal *verify.Error
	if errors.As(err, &refusal) {
		return refusal.RetryAfter
	}
	return 0
}
