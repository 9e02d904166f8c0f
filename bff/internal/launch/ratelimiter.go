package launch

import (
	"crypto/sha256"
	"math"
	"net/netip"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/time/rate"

	"github.com/shieldpod/shieldpod/bff/internal/digest"
	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/ratelimit"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// Limits of the requests to a tenant's ticket system about unverified sessions. A refused address is limited first on
// its own, and then together with all other refused addresses. An address without a refusal is not delayed by these. An
// address from which a member was verified waits for no other address. A new session of a member who was verified
// before is limited by that member's refusals only, not by other requests of its address: an attacker invents other member
// names.
const (
	maxInFlight        = 64 // of a tenant
	maxUnknownInFlight = 48 // of them not verified before; the rest is reserved for verified sessions

	sourceRefusals          = 20 // burst of one address; also its limit of requests in flight
	sourcePerSecond         = 2
	refusedSourceRefusals   = 60 // burst of all refused addresses
	refusedSourcesPerSecond = 6
	newSourceRefusals       = 100 // burst of all new addresses
	newSourcesPerSecond     = 20

	memberRefusals  = 5 // burst of one member who was verified before
	memberPerSecond = 0.1

	refusalLifetime = 10 * time.Second // how long a refusal is repeated without a request
	maxProven       = 8192             // cached members, and cached addresses
	provenLifetime  = 12 * time.Hour   // how long they are cached
	maxRefused      = 8192
	maxSources      = 8192
	minRetryAfter   = 3 * time.Second
)

// rateLimiter keeps a flood of invented members away from the ticket system, and lets real members pass meanwhile. Its
// memory is bounded, and no session can be recovered from it.
type rateLimiter struct {
	mu              sync.Mutex
	tenants         map[string]*tenantLimits                 // by tenant
	provenSessions  *simplelru.LRU[memberKey, time.Time]     // verified sessions, and when
	provenSources   *simplelru.LRU[sourceKey, time.Time]     // addresses with a verified session, and when
	refusedSessions *simplelru.LRU[memberKey, time.Time]     // refused sessions, and when
	provenMembers   *simplelru.LRU[memberKey, *sourceLimits] // members with a verified session
	sources         *simplelru.LRU[sourceKey, *sourceLimits] // addresses with unverified sessions
}

// memberKey identifies a member's live session or, without its credential, the member.
type memberKey [sha256.Size]byte

// sourceKey is a client's address at a tenant.
type sourceKey struct {
	tenant  string
	address netip.Addr
}

// tenantLimits are the limits of one tenant.
type tenantLimits struct {
	inFlight        int
	unknownInFlight int // those of inFlight that were not verified before
	refusedSources  *rate.Limiter
	newSources      *rate.Limiter
}

// sourceLimits are the limits of an address with unverified sessions, or of a member with one.
type sourceLimits struct {
	isMember   bool
	inFlight   int
	refusals   *rate.Limiter
	wasRefused bool
}

// memberKeyOf gives the key of a member in the rate limiter.
func (s *Service) memberKeyOf(tenant string, m psa.Member) memberKey {
	return digest.MAC(s.memberHashKey, tenant, m.ID, m.Credential)
}

// acquire admits a request about a member. The caller passes its result to release. CodePSABusy: retry later.
// errRefusedRecently: the ticket system refused this member recently. limited: the address has sent too many members who do not
// exist.
func (l *rateLimiter) acquire(
	tenant string, from netip.Addr, key, member memberKey, now time.Time,
) (release func(error), limited bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.prepare()
	limits := l.limitsOf(tenant)
	if at, known := l.refusedSessions.Get(key); known && isRecent(at, now, refusalLifetime) {
		return nil, false, errRefusedRecently
	}
	if at, known := l.provenSessions.Get(key); known && isRecent(at, now, provenLifetime) {
		if limits.inFlight >= maxInFlight {
			return nil, false, busyRefusal(minRetryAfter)
		}
		limits.inFlight++
		return func(err error) { l.release(tenant, from, limits, nil, key, member, now, err) }, false, nil
	}
	srcKey := sourceKey{tenant, ratelimit.Key(from)}
	source, known := l.provenMembers.Get(member)
	if !known || waitFor(source.refusals, source.inFlight, now) > 0 {
		source = l.sourceOf(srcKey)
	}
	retry := waitFor(source.refusals, source.inFlight, now)
	limited = retry > 0
	if retry == 0 && !source.isMember {
		retry = l.tenantWait(limits, source, srcKey, now)
	}
	limit := maxUnknownInFlight
	if source.isMember {
		limit = maxInFlight
	}
	if retry == 0 && (limits.inFlight >= maxInFlight || limits.unknownInFlight >= limit) {
		retry = minRetryAfter
	}
	if retry > 0 {
		return nil, limited, busyRefusal(retry)
	}
	limits.inFlight++
	limits.unknownInFlight++
	source.inFlight++
	return func(err error) { l.release(tenant, from, limits, source, key, member, now, err) }, false, nil
}

// tenantWait is how long an address waits for other addresses of its kind.
func (l *rateLimiter) tenantWait(limits *tenantLimits, source *sourceLimits, key sourceKey, now time.Time) time.Duration {
	if at, known := l.provenSources.Get(key); known && isRecent(at, now, provenLifetime) {
		return 0
	}
	if source.wasRefused {
		return waitFor(limits.refusedSources, 0, now)
	}
	return waitFor(limits.newSources, 0, now)
}

// waitFor is the time until the bucket has a token for one more than the requests in flight, at least minRetryAfter.
func waitFor(bucket *rate.Limiter, inFlight int, now time.Time) time.Duration {
	missing := float64(inFlight+1) - bucket.TokensAt(now)
	if missing <= 0 {
		return 0
	}
	return max(minRetryAfter, time.Duration(math.Ceil(missing/float64(bucket.Limit())))*time.Second)
}

func busyRefusal(retry time.Duration) error {
	return &verify.Error{Code: verify.CodePSABusy, Public: publicPSABusy, RetryAfter: retry}
}

// release records the result of a request. Only a refusal counts against an address: an outage does not.
func (l *rateLimiter) release(
	tenant string, from netip.Addr, limits *tenantLimits, source *sourceLimits, key, member memberKey, now time.Time, err error,
) {
	l.mu.Lock()
	defer l.mu.Unlock()
	limits.inFlight--
	if source != nil {
		limits.unknownInFlight--
		source.inFlight--
	}
	switch {
	case err == nil:
		l.provenSessions.Add(key, now)
		l.refusedSessions.Remove(key)
		l.provenSources.Add(sourceKey{tenant, ratelimit.Key(from)}, now)
		if !l.provenMembers.Contains(member) {
			l.provenMembers.Add(member, &sourceLimits{isMember: true, refusals: rate.NewLimiter(memberPerSecond, memberRefusals)})
		}
	case verify.CodeOf(err) == verify.CodeMember:
		l.provenSessions.Remove(key)
		l.refusedSessions.Add(key, now)
		if source == nil {
			source = l.sourceOf(sourceKey{tenant, ratelimit.Key(from)})
		}
		switch {
		case source.isMember:
		case source.wasRefused:
			limits.refusedSources.AllowN(now, 1)
		default:
			limits.newSources.AllowN(now, 1)
		}
		source.wasRefused = true
		source.refusals.AllowN(now, 1)
	}
}

func (l *rateLimiter) prepare() {
	if l.tenants != nil {
		return
	}
	l.tenants = map[string]*tenantLimits{}
	l.provenSessions, _ = simplelru.NewLRU[memberKey, time.Time](maxProven, nil) // fails only for a size below 1, as do the others
	l.provenSources, _ = simplelru.NewLRU[sourceKey, time.Time](maxProven, nil)
	l.provenMembers, _ = simplelru.NewLRU[memberKey, *sourceLimits](maxProven, nil)
	l.refusedSessions, _ = simplelru.NewLRU[memberKey, time.Time](maxRefused, nil)
	l.sources, _ = simplelru.NewLRU[sourceKey, *sourceLimits](maxSources, nil)
}

// limitsOf gives the limits of a tenant. There is one entry per tenant.
func (l *rateLimiter) limitsOf(tenant string) *tenantLimits {
	limits := l.tenants[tenant]
	if limits == nil {
		limits = &tenantLimits{refusedSources: rate.NewLimiter(refusedSourcesPerSecond, refusedSourceRefusals),
			newSources: rate.NewLimiter(newSourcesPerSecond, newSourceRefusals)}
		l.tenants[tenant] = limits
	}
	return limits
}

func (l *rateLimiter) sourceOf(key sourceKey) *sourceLimits {
	source, known := l.sources.Get(key)
	if !known {
		source = &sourceLimits{refusals: rate.NewLimiter(sourcePerSecond, sourceRefusals)}
		l.sources.Add(key, source)
	}
	return source
}

// isRecent reports whether a time is less than the duration ago. It is false after the clock was set back.
func isRecent(at, now time.Time, within time.Duration) bool {
	age := now.Sub(at)
	return age >= 0 && age < within
}
