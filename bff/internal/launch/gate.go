package launch

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// What a tenant's ticket system is asked about people who only claim to be somebody.
const (
	strangersMost  = 20              // not yet proven on this node, underway or refused
	strangersEvery = 3 * time.Second // one refusal is forgotten
	hostedMost     = 64              // underway together, known or not
	provenSize     = 8192            // members who are remembered, at most
	provenKept     = 12 * time.Hour  // and for how long, at most
)

// gate keeps a flood of made-up members from becoming one on the ticket system. Whoever was proven here before passes
// it during a flood, too: only those who are new have to wait.
type gate struct {
	mu         sync.Mutex
	lanes      map[string]*lane // by tenant
	young, old map[proven]bool  // in two generations
	began      time.Time        // of the young one
}

// proven stands for a member's live session, and can't be turned back into it.
type proven [sha256.Size]byte

type lane struct {
	underway  int
	strangers int       // of those underway
	refused   int       // strangers, lately
	forgiven  time.Time // until when refusals are forgotten
}

// remembered is what the gate knows a member by.
func (s *Service) remembered(tenant string, m psa.Member) (key proven) {
	h := hmac.New(sha256.New, s.member)
	for _, part := range []string{tenant, m.ID, m.Hash} {
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part))))
		h.Write([]byte(part))
	}
	h.Sum(key[:0])
	return key
}

// enter lets a member be asked about; leave is to be told what came of it. CodePSABusy: not now.
func (g *gate) enter(tenant string, key proven, now time.Time) (leave func(error), err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	l := g.lane(tenant, now)
	known := g.young[key] || g.old[key]
	if l.underway >= hostedMost || !known && l.strangers+l.refused >= strangersMost {
		return nil, &verify.Error{Code: verify.CodePSABusy, Public: publicPSABusy, RetryAfter: strangersEvery}
	}
	l.underway++
	if !known {
		l.strangers++
	}
	return func(err error) { g.leave(l, key, known, now, err) }, nil
}

func (g *gate) leave(l *lane, key proven, known bool, now time.Time, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	l.underway--
	if !known {
		l.strangers--
	}
	switch {
	case err == nil:
		g.remember(key, now)
	case verify.CodeOf(err) == verify.CodeMember:
		delete(g.young, key)
		delete(g.old, key)
		l.refused++
	}
}

// lane gives the tenant's, its old refusals forgotten.
func (g *gate) lane(tenant string, now time.Time) *lane {
	l := g.lanes[tenant]
	if l == nil {
		if g.lanes == nil {
			g.lanes = map[string]*lane{}
		}
		l = &lane{forgiven: now}
		g.lanes[tenant] = l
	}
	if n := int(now.Sub(l.forgiven) / strangersEvery); n > 0 {
		l.refused = max(0, l.refused-n)
		l.forgiven = l.forgiven.Add(time.Duration(n) * strangersEvery)
	}
	return l
}

func (g *gate) remember(key proven, now time.Time) {
	if g.young == nil || len(g.young) >= provenSize/2 || now.Sub(g.began) >= provenKept/2 {
		g.young, g.old, g.began = map[proven]bool{}, g.young, now
	}
	g.young[key] = true
}
