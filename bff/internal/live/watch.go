package live

import (
	"context"
	"slices"
	"sync"

	"github.com/gorilla/websocket"

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
		h.record(securitylog.CodeSocketLimit, session.Desk.Tenant, replaced.address)
		replaced.closeNow(CloseReplaced)
	}()
	id := session.Desk.Tenant
	t := h.tenants[id]
	if t == nil {
		t = &tenant{id: id, phase: int64(len(h.tenants) % pollInterval), contacts: map[string]*watch{}}
		h.tenants[id] = t
	}
	t.refs += 2
	for _, contact := range session.Desk.Contacts {
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
	for _, contact := range c.session.Desk.Contacts {
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
	stop, err := h.cfg.Ear.Listen(t.id, func(contact string, seq int64) { h.onNotify(t, contact, seq) })
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

// onNotify handles a change notification. It queues the read, because the notifier waits for it to return.
func (h *Hub) onNotify(t *tenant, contact string, seq int64) {
	if contact == "" {
		h.pollChanges(t)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.scheduleRead(t, contact, seq)
}

// scheduleRead queues a read of a contact if a pod shows it and lacks seq. All notifications during a read cause one more
// read. The caller holds the lock.
func (h *Hub) scheduleRead(t *tenant, contact string, seq int64) {
	w := t.contacts[contact]
	if w == nil || seq <= w.seq {
		return
	}
	w.want = max(w.want, seq)
	if w.reading {
		w.again = true
		return
	}
	w.reading = true
	h.readPool.add(func() { h.broadcast(t, w) })
}

// broadcast reads a contact and sends its state to all pods that show it.
func (h *Hub) broadcast(t *tenant, w *watch) {
	ctx, cancel := h.readContext()
	r, err := h.cfg.Readings.Reading(ctx, t.id, w.contact)
	cancel()
	h.mu.Lock()
	if err == nil {
		w.seq = max(w.seq, r.Seq)
	}
	conns := slices.Clone(w.conns)
	// Only a seq that was read counts as sent. A notification with a higher seq causes one more read, because its source is not trusted.
	w.reading = w.again && err == nil && w.want > r.Seq
	another := w.reading
	w.again, w.want = false, 0
	h.mu.Unlock()

	if err != nil {
		h.report(CloseUnavailable, "a contact can't be read", err)
	}
	for _, c := range conns {
		if err != nil {
			c.close(CloseUnavailable)
		} else {
			h.update(c, r)
		}
	}
	if another {
		h.readPool.add(func() { h.broadcast(t, w) })
	}
}

// update sends the state of a contact to a pod that lacks it.
func (h *Hub) update(c *conn, r verify.Reading) {
	at := slices.IndexFunc(c.session.Desk.Contacts, func(contact verify.Contact) bool { return contact.ID == r.Contact })
	if at < 0 || !c.needs(at, r.Seq) {
		return
	}
	ctx, cancel := h.readContext()
	data, err := h.cfg.Encoder.Update(ctx, *c.session, r, h.cfg.Now())
	cancel()
	if err != nil {
		h.fail(c, "an update can't be written", err)
		return
	}
	c.mu.Lock()
	slow := false
	if c.sentSeqs[at] < r.Seq {
		c.sentSeqs[at] = r.Seq
		slow = c.append(frame{websocket.TextMessage, data})
	}
	c.mu.Unlock()
	if slow {
		c.close(CloseSlow)
	}
}

// needs reports whether a synced pod has not been sent the contact at that index up to seq.
func (c *conn) needs(at int, seq int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.code == 0 && c.sentSeqs != nil && c.sentSeqs[at] < seq
}

// requeueMissed queues reads for updates that were broadcast before the connection was synced, because it could not take them.
func (h *Hub) requeueMissed(t *tenant, c *conn) {
	c.mu.Lock()
	seen := slices.Clone(c.sentSeqs)
	c.mu.Unlock()
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, contact := range c.session.Desk.Contacts {
		if w := t.contacts[contact.ID]; w != nil && w.seq > seen[i] {
			seq := w.seq
			w.seq = seen[i]
			h.scheduleRead(t, contact.ID, seq)
		}
	}
}

// pollChanges polls the store for events without a notification. If the store can't be read, the tenant's pods are closed,
// because they would be stale without a sign of it.
func (h *Hub) pollChanges(t *tenant) {
	h.mu.Lock()
	after := t.head
	if !t.subscribed || t.polling {
		h.mu.Unlock()
		return
	}
	t.polling = true
	h.mu.Unlock()
	h.readPool.add(func() { h.readChanges(t, after) })
}

// readChanges reads the events after the given one and schedules reads of their contacts.
func (h *Hub) readChanges(t *tenant, after int64) {
	ctx, cancel := h.readContext()
	defer cancel()
	changed, err := h.cfg.Changes.Changed(ctx, t.id, after)
	h.mu.Lock()
	t.polling = false
	for contact, seq := range changed {
		t.head = max(t.head, seq)
		h.scheduleRead(t, contact, seq)
	}
	_, policyChanged := changed[""]
	if policyChanged {
		t.policyChanges++
	}
	var conns []*conn
	if policyChanged || err != nil {
		conns = t.conns()
	}
	h.mu.Unlock()
	if err != nil {
		h.report(CloseUnavailable, "changes can't be read", err)
		for _, c := range conns {
			c.close(CloseUnavailable)
		}
		return
	}
	if policyChanged {
		h.cfg.Readings.Forget(t.id)
	}
	for _, c := range conns {
		h.authPool.add(func() { h.sendPolicy(c) })
	}
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

// sendPolicy sends a synced pod its state under a changed policy. The handshake does so for a pod that is not synced yet.
func (h *Hub) sendPolicy(c *conn) {
	if c.isSynced() {
		h.sendPod(c, func(ctx context.Context, pod verify.Pod) ([]byte, error) {
			if c.hasPolicy(pod.Rules.Revision()) {
				return nil, nil
			}
			return h.cfg.Encoder.Policy(ctx, *c.session, pod)
		})
	}
}
