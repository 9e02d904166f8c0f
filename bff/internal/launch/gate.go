package launch

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"net/netip"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/time/rate"

	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/ratelimit"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// What a tenant's ticket system is asked about sessions that are not proven yet. An address that was refused is limited first, by
// itself and then together with all others that were; one that was not refused goes past them; one from which a member was
// proven waits for no other address. A new session of a member who was proven before is limited by that member's refusals only,
// whatever else comes from its address: made-up members have made-up names.
const (
	maxUnderway         = 64 // of a tenant, proven before or not
	maxStrangerUnderway = 48 // of them not proven before, in all: the others have room, always

	addressRefusals  = 20 // of one address, at once; as many are under way together
	addressPerSecond = 2
	refusedRefusals  = 60 // of all addresses that were refused, at once
	refusedPerSecond = 6
	newRefusals      = 100 // of addresses that were never seen, at once
	newPerSecond     = 20

	memberRefusals  = 5 // of one member who was proven before, at once
	memberPerSecond = 0.1

	refusedKept = 10 * time.Second // for how long a refusal is repeated without asking
	provenSize  = 8192             // members, and addresses, that are remembered, at most
	provenKept  = 12 * time.Hour   // and for how long, at most
	refusedSize = 8192
	addressSize = 8192
	retryMember = 3 * time.Second
)

// gate keeps a flood of made-up members from becoming one on the ticket system, and a member who can be proven from having to
// wait behind it. What it remembers is bounded, and nothing of it can be turned back into a session.
type gate struct {
	mu        sync.Mutex
	lanes     map[string]*lane                     // by tenant
	proven    *simplelru.LRU[memberKey, time.Time] // sessions that were proven, and when
	places    *simplelru.LRU[placeKey, time.Time]  // addresses from which one was
	refused   *simplelru.LRU[memberKey, time.Time] // sessions that were refused, and when
	members   *simplelru.LRU[memberKey, *place]    // members of whom a session was proven
	addresses *simplelru.LRU[placeKey, *place]     // addresses from which members were asked about that nobody was
}

// memberKey stands for a member's live session or, without its hash, for the member.
type memberKey [sha256.Size]byte

// placeKey is a client's address at a tenant.
type placeKey struct {
	tenant  string
	address netip.Addr
}

// lane is a tenant's.
type lane struct {
	underway  int
	strangers int // of those under way: not proven before
	refused   *rate.Limiter
	fresh     *rate.Limiter
}

// place is an address from which unproven sessions are asked about, or a member of whom one is.
type place struct {
	ofMember   bool
	underway   int
	refusals   *rate.Limiter
	wasRefused bool
}

// remembered is what the gate knows a member by.
func (s *Service) remembered(tenant string, m psa.Member) (key memberKey) {
	h := hmac.New(sha256.New, s.member)
	for _, part := range []string{tenant, m.ID, m.Hash} {
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part))))
		h.Write([]byte(part))
	}
	h.Sum(key[:0])
	return key
}

// enter lets a member be asked about; leave is to be told what came of it. CodePSABusy: not now. CodeMember: the ticket system
// has refused this member a moment ago. limited says that the address has asked for too many members who do not exist.
func (g *gate) enter(tenant string, from netip.Addr, key, member memberKey, now time.Time) (leave func(error), limited bool, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.prepare()
	l := g.lane(tenant)
	if at, known := g.refused.Get(key); known && isRecent(at, now, refusedKept) {
		return nil, false, noMember(errRefusedLately)
	}
	if at, known := g.proven.Get(key); known && isRecent(at, now, provenKept) {
		if l.underway >= maxUnderway {
			return nil, false, busy(retryMember)
		}
		l.underway++
		return func(err error) { g.leave(tenant, from, l, nil, key, member, now, err) }, false, nil
	}
	where := placeKey{tenant, ratelimit.Key(from)}
	p, known := g.members.Get(member)
	if !known || waitFor(p.refusals, p.underway, now) > 0 {
		p = g.place(where)
	}
	retry := waitFor(p.refusals, p.underway, now)
	limited = retry > 0
	if retry == 0 && !p.ofMember {
		retry = g.tenantWait(l, p, where, now)
	}
	most := maxStrangerUnderway
	if p.ofMember {
		most = maxUnderway
	}
	if retry == 0 && (l.underway >= maxUnderway || l.strangers >= most) {
		retry = retryMember
	}
	if retry > 0 {
		return nil, limited, busy(retry)
	}
	l.underway++
	l.strangers++
	p.underway++
	return func(err error) { g.leave(tenant, from, l, p, key, member, now, err) }, false, nil
}

// tenantWait is how long an address has to wait for others of its kind.
func (g *gate) tenantWait(l *lane, p *place, where placeKey, now time.Time) time.Duration {
	if at, known := g.places.Get(where); known && isRecent(at, now, provenKept) {
		return 0
	}
	if p.wasRefused {
		return waitFor(l.refused, 0, now)
	}
	return waitFor(l.fresh, 0, now)
}

// waitFor is how long it takes until there is a token for one more than those under way, at least the time after which a member is
// worth asking about again.
func waitFor(bucket *rate.Limiter, underway int, now time.Time) time.Duration {
	missing := float64(underway+1) - bucket.TokensAt(now)
	if missing <= 0 {
		return 0
	}
	return max(retryMember, time.Duration(math.Ceil(missing/float64(bucket.Limit())))*time.Second)
}

func busy(retry time.Duration) error {
	return &verify.Error{Code: verify.CodePSABusy, Public: publicPSABusy, RetryAfter: retry}
}

// leave takes note of what came of a member. Only a refusal counts against an address: an outage is not its fault.
func (g *gate) leave(tenant string, from netip.Addr, l *lane, p *place, key, member memberKey, now time.Time, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	l.underway--
	if p != nil {
		l.strangers--
		p.underway--
	}
	switch {
	case err == nil:
		g.proven.Add(key, now)
		g.refused.Remove(key)
		g.places.Add(placeKey{tenant, ratelimit.Key(from)}, now)
		if !g.members.Contains(member) {
			g.members.Add(member, &place{ofMember: true, refusals: rate.NewLimiter(memberPerSecond, memberRefusals)})
		}
	case verify.CodeOf(err) == verify.CodeMember:
		g.proven.Remove(key)
		g.refused.Add(key, now)
		if p == nil {
			p = g.place(placeKey{tenant, ratelimit.Key(from)})
		}
		switch {
		case p.ofMember:
		case p.wasRefused:
			l.refused.AllowN(now, 1)
		default:
			l.fresh.AllowN(now, 1)
		}
		p.wasRefused = true
		p.refusals.AllowN(now, 1)
	}
}

func (g *gate) prepare() {
	if g.lanes != nil {
		return
	}
	g.lanes = map[string]*lane{}
	g.proven, _ = simplelru.NewLRU[memberKey, time.Time](provenSize, nil) // fails only for a size below 1, as the others do
	g.places, _ = simplelru.NewLRU[placeKey, time.Time](provenSize, nil)
	g.members, _ = simplelru.NewLRU[memberKey, *place](provenSize, nil)
	g.refused, _ = simplelru.NewLRU[memberKey, time.Time](refusedSize, nil)
	g.addresses, _ = simplelru.NewLRU[placeKey, *place](addressSize, nil)
}

// lane gives the tenant's: there are as many as tenants.
func (g *gate) lane(tenant string) *lane {
	l := g.lanes[tenant]
	if l == nil {
		l = &lane{refused: rate.NewLimiter(refusedPerSecond, refusedRefusals), fresh: rate.NewLimiter(newPerSecond, newRefusals)}
		g.lanes[tenant] = l
	}
	return l
}

func (g *gate) place(where placeKey) *place {
	p, known := g.addresses.Get(where)
	if !known {
		p = &place{refusals: rate.NewLimiter(addressPerSecond, addressRefusals)}
		g.addresses.Add(where, p)
	}
	return p
}

// isRecent tells whether it was less than so long ago. A clock that was set back forgets.
func isRecent(at, now time.Time, within time.Duration) bool {
	age := now.Sub(at)
	return age >= 0 && age < within
}
