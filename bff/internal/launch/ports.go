package launch

import (
	"context"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// Tenants reads tenants and whom they trust.
type Tenants interface {
	verify.Tenants
	// TenantSettings gives a tenant and whom it trusts by its id, or CodeNotFound.
	TenantSettings(ctx context.Context, id string) (admin.Tenant, error)
}

// Sessions stores sessions. Every method answers CodeUnavailable when the store can't be reached.
type Sessions interface {
	// OpenSession stores the session, records the jti of its context as used, and replaces the known channels: all of it or
	// nothing. It reports whether this is the technician's first session on this ticket. CodeContextReplayed: the jti was
	// used before.
	OpenSession(ctx context.Context, s verify.NewSession) (first bool, err error)
	// Session gives a session that was opened and has not ended, or CodeNotFound.
	Session(ctx context.Context, id string) (verify.Session, error)
	// EndSession revokes a session. A missing session has ended already, which is no error.
	EndSession(ctx context.Context, tenant, id string) error
}

// ChangeDetector marks the channels of a ticket context that the ticket system changed since it saw them last.
type ChangeDetector interface {
	// FlagChangedChannels also gives the channels to store with the session, by contact: those of contacts that changed.
	FlagChangedChannels(ctx context.Context, d verify.TicketContext) (verify.TicketContext, map[string][]verify.KnownChannel, error)
}

// Hosted is the ticket systems whose own frame the pod may be in. Its methods may run in parallel. They answer
// CodePSADown, CodePSABusy or CodePSAMisconfigured when the ticket system gives no usable answer.
type Hosted interface {
	// VerifyMember gives the technician whose live session the member's credential identifies. CodeMember: there is no such
	// session, it is another member's, or the member is inactive.
	VerifyMember(ctx context.Context, t verify.Tenant, system string, m psa.Member) (verify.Technician, error)
	// TicketAsMember gives the ticket and the people of its client, read as that member. CodeTicket: there is no such ticket, or
	// the member may not see it. CodeMember: as for VerifyMember.
	TicketAsMember(ctx context.Context, t verify.Tenant, system string, m psa.Member, ticket, screen string) (launchcontext.Context, error)
}

// Tickets reads the tenant's ticket systems with the tenant's own keys. CodeNotFound: this system is not connected, and
// the directory has no contacts of it. Without a usable answer: CodePSADown, CodePSABusy, CodePSAMisconfigured.
type Tickets interface {
	// Ticket gives a ticket and the people of its client. CodeTicket: there is no such ticket.
	Ticket(ctx context.Context, t verify.Tenant, system, ticket string) (launchcontext.Context, error)
	// Contacts gives the client's people: the named contact, if it is one of them, and enough others to fill a ticket
	// context.
	Contacts(ctx context.Context, t verify.Tenant, system, client, contact string) ([]launchcontext.Contact, error)
	// TakesNotes reports whether results are written to the system's tickets.
	TakesNotes(ctx context.Context, t verify.Tenant, system string) (bool, error)
}
