package live

import (
	"context"
	"slices"

	"github.com/gorilla/websocket"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

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
	r, err := h.cfg.Projector.ContactState(ctx, t.id, w.contact)
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
func (h *Hub) update(c *conn, r verify.ContactState) {
	at := slices.IndexFunc(c.session.Context.Contacts, func(contact verify.Contact) bool { return contact.ID == r.Contact })
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
	for i, contact := range c.session.Context.Contacts {
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
		h.cfg.Projector.Forget(t.id)
	}
	for _, c := range conns {
		h.authPool.add(func() { h.sendPolicy(c) })
	}
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
