package launch

import (
	"sync"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// maxCachedSessions bounds the cache.
const maxCachedSessions = 4096

// sessionCache holds recently read sessions in two generations. When the current generation is full or old, it becomes
// the previous one, and the previous one is dropped. Sessions of idle pods do not stay.
type sessionCache struct {
	mu                sync.Mutex
	invalidated       int // number of invalidations so far
	current, previous map[string]cachedSession
	currentSince      time.Time // start of the current generation
}

type cachedSession struct {
	session verify.Session
	at      time.Time
}

// get gives a session that was read less than sessionCacheLifetime ago.
func (r *sessionCache) get(id string, now time.Time) (verify.Session, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, known := r.current[id]
	if !known {
		s, known = r.previous[id]
	}
	age := now.Sub(s.at)
	return s.session, known && age >= 0 && age < sessionCacheLifetime
}

// invalidations gives the number of invalidations so far. A caller reads it before the session and passes it to put, so
// that put can tell whether the session may be outdated.
func (r *sessionCache) invalidations() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.invalidated
}

// put caches a session, unless there was an invalidation after the caller read the number.
func (r *sessionCache) put(s verify.Session, now time.Time, invalidations int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if invalidations != r.invalidated {
		return
	}
	if r.current == nil || len(r.current) >= maxCachedSessions/2 || now.Sub(r.currentSince) >= sessionCacheLifetime {
		r.current, r.previous, r.currentSince = map[string]cachedSession{}, r.current, now
	}
	r.current[s.ID] = cachedSession{session: s, at: now}
}

// invalidate drops a session that was ended.
func (r *sessionCache) invalidate(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.invalidated++
	delete(r.current, id)
	delete(r.previous, id)
}

// invalidateTenant drops all sessions of a tenant.
func (r *sessionCache) invalidateTenant(tenant string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.invalidated++
	for _, all := range []map[string]cachedSession{r.current, r.previous} {
		for id, s := range all {
			if s.session.Desk.Tenant == tenant {
				delete(all, id)
			}
		}
	}
}
