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
func (c *sessionCache) get(id string, now time.Time) (verify.Session, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, known := c.current[id]
	if !known {
		s, known = c.previous[id]
	}
	age := now.Sub(s.at)
	return s.session, known && age >= 0 && age < sessionCacheLifetime
}

// invalidations gives the number of invalidations so far. A caller reads it before the session and passes it to put, so
// that put can tell whether the session may be outdated.
func (c *sessionCache) invalidations() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.invalidated
}

// put caches a session, unless there was an invalidation after the caller read the number.
func (c *sessionCache) put(s verify.Session, now time.Time, invalidations int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if invalidations != c.invalidated {
		return
	}
	if c.current == nil || len(c.current) >= maxCachedSessions/2 || now.Sub(c.currentSince) >= sessionCacheLifetime {
		c.current, c.previous, c.currentSince = map[string]cachedSession{}, c.current, now
	}
	c.current[s.ID] = cachedSession{session: s, at: now}
}

// invalidate drops a session that was ended.
func (c *sessionCache) invalidate(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.invalidated++
	delete(c.current, id)
	delete(c.previous, id)
}

// invalidateTenant drops all sessions of a tenant.
func (c *sessionCache) invalidateTenant(tenant string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.invalidated++
	for _, all := range []map[string]cachedSession{c.current, c.previous} {
		for id, s := range all {
			if s.session.Context.Tenant == tenant {
				delete(all, id)
			}
		}
	}
}
