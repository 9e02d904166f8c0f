package launch

import (
	"context"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	launchcontext "github.com/shieldpod/shieldpod/sdk/context"
)

// Sessions remembers what was opened. Every method answers CodeUnavailable when the memory can't be reached.
type Sessions interface {
	// OpenSession stores the session and spends the jti of the context that it stands on, to be remembered until the
	// given time: both or neither. An empty jti spends nothing: the session stands on another proof.
	// It tells whether no session of this technician had this ticket before. CodeContextReplayed: the jti was spent before.
	OpenSession(ctx context.Context, s verify.Session, jti string, jtiUntil time.Time) (first bool, err error)
	// Session gives a session that was opened and not ended, or CodeNotFound.
	Session(ctx context.Context, id string) (verify.Session, error)
	// EndSession revokes a session. One that is not there has ended already.
	EndSession(ctx context.Context, tenant, id string) error
}

// Recogniser marks the channels of a desk that the ticket system changed since it saw them last.
type Recogniser interface {
	Recognise(ctx context.Context, d verify.Desk) (verify.Desk, error)
}

// Hosted is the ticket system whose own frame the pod is in. Both may be asked at the same time; both answer CodePSADown,
// CodePSABusy or CodePSAMisconfigured when the ticket system gives no answer that can be believed.
type Hosted interface {
	// Prove gives the technician whose live session the member's hash is.
	// CodeMember: it is nobody's, somebody else's than the member claims, or the member is inactive.
	Prove(ctx context.Context, t verify.Tenant, m psa.Member) (verify.Technician, error)
	// Case gives the ticket and the people of its client, read as that member.
	// CodeTicket: there is no such ticket, or the member may not see it. CodeMember: as for Prove.
	Case(ctx context.Context, t verify.Tenant, m psa.Member, ticket, screen string) (launchcontext.Context, error)
}

// Tickets reads the tenant's ticket systems with keys of the tenant's own. CodeNotFound: this system is not connected, and
// nobody of it is in the directory. Without a sound answer: CodePSADown, CodePSABusy, CodePSAMisconfigured.
type Tickets interface {
	// Case gives a ticket and the people of its client. CodeTicket: there is no such ticket.
	Case(ctx context.Context, t verify.Tenant, system, ticket string) (launchcontext.Context, error)
	// Contacts gives the client's people: the named contact, if it is one of them, and of the others at least as
	// many as a desk takes, if there are.
	Contacts(ctx context.Context, t verify.Tenant, system, client, contact string) ([]launchcontext.Contact, error)
	// TakesNotes tells whether results are written to the system's tickets.
	TakesNotes(ctx context.Context, t verify.Tenant, system string) (bool, error)
}
