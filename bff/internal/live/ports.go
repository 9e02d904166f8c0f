package live

import (
	"context"
	"net/netip"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// Projector reads the current state of contacts from their events. *verify.Service implements it.
type Projector interface {
	Pod(ctx context.Context, d verify.TicketContext) (verify.Pod, error)
	ContactState(ctx context.Context, tenant, contact string) (verify.ContactState, error)
	// Forget discards the cached policy of the tenant after a change.
	Forget(tenant string)
}

// Changes finds events whose change notification was lost.
type Changes interface {
	// LastEvent returns the number of the tenant's last event, or 0 before the first.
	LastEvent(ctx context.Context, tenant string) (int64, error)
	// Changed returns the tenant's contacts with events numbered above after, each with the number of its last event.
	// An empty contact stands for the tenant's policy.
	Changed(ctx context.Context, tenant string, after int64) (map[string]int64, error)
}

// Subscriber subscribes to change notifications from all nodes.
type Subscriber interface {
	// Subscribe calls onNotify for each change notification about a contact of the tenant, until stop is called.
	// An empty contact means that the tenant's policy has changed or that notifications may have been lost.
	// onNotify must not block.
	Subscribe(tenant string, onNotify func(contact string, seq int64)) (stop func(), err error)
	// SubscribeEndedSessions calls onEnded for each tenant whose sessions were ended, until stop is called. onEnded must not block.
	SubscribeEndedSessions(onEnded func(tenant string)) (stop func(), err error)
}

// Authenticator authenticates pods.
type Authenticator interface {
	// Authenticate returns the session of a bearer and the time at which the bearer expires.
	// CodeSessionEnded: the session has ended. CodeUnavailable: the store can't be read now. Another code: the bearer is invalid.
	Authenticate(ctx context.Context, token string) (verify.Session, time.Time, error)
	// Renew issues a new bearer for an open session.
	// CodeSessionEnded: the session has ended. CodeUnavailable: the store can't be read now. Another code: the session was revoked.
	Renew(ctx context.Context, s verify.Session) (token string, until time.Time, err error)
	// ForgetSessions discards the cached sessions of the tenant after some were ended.
	ForgetSessions(tenant string)
}

// EndedSessions reads which sessions were ended before they expired.
type EndedSessions interface {
	// EndedSince returns the tenants whose sessions were ended by calls numbered above after, and the number of the last call.
	// Without such a call, last is after.
	EndedSince(ctx context.Context, after int64) (tenants []string, last int64, err error)
	// OpenSessions returns the ids of the tenant's sessions that were opened and not ended.
	OpenSessions(ctx context.Context, tenant string) (map[string]bool, error)
}

// SecurityLog records events that look like an attack. *securitylog.Log implements it.
type SecurityLog interface {
	Record(code, tenant string, address netip.Addr)
}

// Encoder encodes frames in the schemas of the contract.
type Encoder interface {
	Snapshot(ctx context.Context, s verify.Session, p verify.Pod) ([]byte, error)
	Update(ctx context.Context, s verify.Session, r verify.ContactState, now time.Time) ([]byte, error)
	// Policy encodes the whole pod under a changed policy.
	Policy(ctx context.Context, s verify.Session, p verify.Pod) ([]byte, error)
	Session(token string, until time.Time) ([]byte, error)
}
