package live

import (
	"slices"
	"sync"

	"github.com/shieldpod/shieldpod/bff/internal/securitylog"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// tenant is a tenant with pods on this node. The hub's lock guards it, except the fields that subscribeOnce sets.
type tenant struct {
	id            string
	phase         int64 // of its polls, in ticks
	refs          int   // connections and running handshakes
	contacts      map[string]*watch
	policyChanges int64 // counts policy changes
	subscribed    bool  // notifications arrive, and head is set
	head          int64 // number of the last event that was handled
	polling       bool  // a poll is running

	subscribeOnce sync.Once // one subscription for all pods of the tenant
	stop          func()
	subscribeErr  error
}

// watch is a contact that pods on this node show.
type watch struct {
	contact string
	conns   []*conn
	seq     int64 // of the state that was last offered to all of conns
	want    int64 // of the last notification
	reading bool
	again   bool // a notification came during the read
}

// subscribe subscribes a connection to the contacts of its session. It returns false if the connection has closed meanwhile.
// If the session has too many connections, the oldest of them is closed. The handshake holds a reference to the tenant until
// it calls release.
func (h *Hub) subscribe(c *conn, session *verify.Session) (*tenant, bool) {
	h.mu.Lock()
	if c.left {
		h.mu.Unlock()
		return nil, false
	}
	h.waiting.remove(c)
	replaced := h.addToSession(c, session.ID)
	defer func() {
		h.mu.Unlock()
		if replaced == nil {
			h.cfg.Handshakes.Return(c.address)
			return
		}
		h.record(securitylog.CodeSocketLimit, session.Context.Tenant, replaced.address)
		replaced.closeNow(CloseReplaced)
	}()
	id := session.Context.Tenant
	t := h.tenants[id]
	if t == nil {
		t = &tenant{id: id, phase: int64(len(h.tenants) % pollInterval), contacts: map[string]*watch{}}
		h.tenants[id] = t
	}
	t.refs += 2
	for _, contact := range session.Context.Contacts {
		w := t.contacts[contact.ID]
		if w == nil {
			w = &watch{contact: contact.ID}
			t.contacts[contact.ID] = w
		}
		w.conns = append(w.conns, c)
	}
	c.session, c.tenant = session, t
	h.pods.Add(1)
	return t, true
}

// addToSession adds a connection to its session and returns the connection that it replaces, if there are too many. The
// caller holds the lock.
func (h *Hub) addToSession(c *conn, session string) (replaced *conn) {
	h.sessions[session] = append(h.sessions[session], c)
	if conns, limit := h.sessions[session], h.cfg.Limits.PerSession; limit > 0 && len(conns) > limit {
		replaced = conns[0]
		h.sessions[session] = slices.Delete(conns, 0, 1)
	}
	return replaced
}

// unsubscribe removes a connection from its session and its contacts. The caller holds the lock.
func (h *Hub) unsubscribe(c *conn) {
	conns := slices.DeleteFunc(h.sessions[c.session.ID], func(other *conn) bool { return other == c })
	if len(conns) == 0 {
		delete(h.sessions, c.session.ID)
	} else {
		h.sessions[c.session.ID] = conns
	}
	for _, contact := range c.session.Context.Contacts {
		w := c.tenant.contacts[contact.ID]
		if w == nil {
			continue // the contact is listed twice
		}
		w.conns = slices.DeleteFunc(w.conns, func(other *conn) bool { return other == c })
		if len(w.conns) == 0 {
			delete(c.tenant.contacts, contact.ID)
		}
	}
	h.pods.Add(-1)
}

// release drops a reference to a tenant. The last one ends the subscription.
func (h *Hub) release(t *tenant) {
	h.mu.Lock()
	t.refs--
	last := t.refs == 0
	if last && h.tenants[t.id] == t {
		delete(h.tenants, t.id)
	}
	h.mu.Unlock()
	if last && t.stop != nil {
		t.stop()
	}
}

// ensureSubscribed subscribes to the tenant's change notifications, once for all its pods. A pod is read only after this, so
// that no event is lost.
func (h *Hub) ensureSubscribed(t *tenant) error {
	t.subscribeOnce.Do(func() {
		var head int64
		head, t.subscribeErr = h.openSubscription(t)
		h.mu.Lock()
		defer h.mu.Unlock()
		t.head, t.subscribed = head, t.subscribeErr == nil
		if t.subscribeErr != nil && h.tenants[t.id] == t {
			delete(h.tenants, t.id) // the next pod subscribes again
		}
	})
	return t.subscribeErr
}

// openSubscription subscribes to the tenant's change notifications and returns the last event, at which polling starts. A
// handshake reads all earlier events.
func (h *Hub) openSubscription(t *tenant) (head int64, err error) {
	stop, err := h.cfg.Subscriber.Subscribe(t.id, func(contact string, seq int64) { h.onNotify(t, contact, seq) })
	if err != nil {
		return 0, err
	}
	ctx, cancel := h.readContext()
	defer cancel()
	if head, err = h.cfg.Changes.LastEvent(ctx, t.id); err != nil {
		stop()
		return 0, err
	}
	t.stop = stop
	return head, nil
}

// conns returns the tenant's connections, each once.
func (t *tenant) conns() []*conn {
	seen := map[*conn]bool{}
	var all []*conn
	for _, w := range t.contacts {
		for _, c := range w.conns {
			if !seen[c] {
				seen[c] = true
				all = append(all, c)
			}
		}
	}
	return all
}
