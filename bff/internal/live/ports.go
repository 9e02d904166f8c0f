package live

import (
	"context"
	"net/netip"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// Readings tells what contacts' events say now. *verify.Service obliges.
type Readings interface {
	Pod(ctx context.Context, d verify.Desk) (verify.Pod, error)
	Reading(ctx context.Context, tenant, contact string) (verify.Reading, error)
	// Forget has the tenant's rules read anew: they have changed.
	Forget(tenant string)
}

// Changes finds what whispers failed to tell.
type Changes interface {
	// LastEvent gives the number of the tenant's last event, 0 before the first.
	LastEvent(ctx context.Context, tenant string) (int64, error)
	// Changed gives the tenant's contacts with events numbered above after, each with its last one's number;
	// an empty contact stands for the tenant's rules.
	Changed(ctx context.Context, tenant string, after int64) (map[string]int64, error)
}

// Ear hears whispers, from every node.
type Ear interface {
	// Listen calls heard, which is quick, for each whisper about one of the tenant's contacts, until
	// stop. An empty contact means that the tenant's rules have changed, or whispers may have been lost.
	Listen(tenant string, heard func(contact string, seq int64)) (stop func(), err error)
	// ListenEnds calls heard, which is quick, for each tenant of which sessions were ended, until stop.
	ListenEnds(heard func(tenant string)) (stop func(), err error)
}

// Door knows who may look.
type Door interface {
	// Authenticate gives the session of a bearer, and when the bearer ends.
	// CodeSessionEnded: it has ended. Another code: no such bearer. CodeUnavailable: it can't be told now.
	Authenticate(ctx context.Context, token string) (verify.Session, time.Time, error)
	// Renew gives a session that is still open a new bearer.
	// CodeSessionEnded: it has ended. Another code: it was revoked. CodeUnavailable: it can't be told now.
	Renew(ctx context.Context, s verify.Session) (token string, until time.Time, err error)
	// ForgetSessions has a tenant's sessions read anew: some were ended.
	ForgetSessions(tenant string)
}

// Ends tells of sessions that were ended before their time.
type Ends interface {
	// EndedSince gives the tenants of which sessions were ended by calls numbered above after, and the last call's number; after
	// itself if there was none.
	EndedSince(ctx context.Context, after int64) (tenants []string, last int64, err error)
	// OpenSessions gives the ids of a tenant's sessions that were opened and not ended.
	OpenSessions(ctx context.Context, tenant string) (map[string]bool, error)
}

// Security writes down what looks like an attack. *securitylog.Log obliges.
type Security interface {
	Record(code, tenant string, address netip.Addr)
}

// Encoder writes frames in the contract's shapes.
type Encoder interface {
	Snapshot(ctx context.Context, s verify.Session, p verify.Pod) ([]byte, error)
	Update(ctx context.Context, s verify.Session, r verify.Reading, now time.Time) ([]byte, error)
	// Policy is the whole pod as it reads under rules that have changed.
	Policy(ctx context.Context, s verify.Session, p verify.Pod) ([]byte, error)
	Session(token string, until time.Time) ([]byte, error)
}
