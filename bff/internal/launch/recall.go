package launch

import (
	"sync"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// recallSize bounds the sessions that are remembered.
const recallSize = 4096

// recall remembers sessions that were read in the last moments, in two generations: when the young one is
// full or old it becomes the old one, and the old one is forgotten. Sessions of idle pods do not stay.
type recall struct {
	mu         sync.Mutex
	forgotten  int // times that sessions were ended
	young, old map[string]seen
	began      time.Time // of the young generation
}

type seen struct {
	session verify.Session
	at      time.Time
}

// get gives a session that was read less than recheck ago.
func (r *recall) get(id string, now time.Time) (verify.Session, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, known := r.young[id]
	if !known {
		s, known = r.old[id]
	}
	age := now.Sub(s.at)
	return s.session, known && age >= 0 && age < recheck
}

// times tells how often sessions were forgotten. What is read between times and put may be of before.
func (r *recall) times() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.forgotten
}

// put remembers a session that was read since times, unless sessions were forgotten meanwhile.
func (r *recall) put(s verify.Session, now time.Time, times int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if times != r.forgotten {
		return
	}
	if r.young == nil || len(r.young) >= recallSize/2 || now.Sub(r.began) >= recheck {
		r.young, r.old, r.began = map[string]seen{}, r.young, now
	}
	r.young[s.ID] = seen{session: s, at: now}
}

// drop forgets a session that was ended.
func (r *recall) drop(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forgotten++
	delete(r.young, id)
	delete(r.old, id)
}

// dropTenant forgets all sessions of a tenant.
func (r *recall) dropTenant(tenant string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forgotten++
	for _, all := range []map[string]seen{r.young, r.old} {
		for id, s := range all {
			if s.session.Desk.Tenant == tenant {
				delete(all, id)
			}
		}
	}
}
