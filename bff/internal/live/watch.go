package live

import (
	"context"
	"slices"
	"sync"

	"github.com/gorilla/websocket"

	"github.com/shieldpod/shieldpod/bff/internal/securitylog"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// tenant is one that has pods here. The hub's lock guards it, but for what listen sets.
type tenant struct {
	id       string
	phase    int64 // of the slow tick
	holders  int   // connections, and admissions under way
	contacts map[string]*watch
	rules    int64 // grows with each change of the tenant's rules
	hearing  bool  // whispers come in, and head is set
	head     int64 // all up to this event was seen to
	catching bool  // somebody is catching up

	listen sync.Once // one subscription, whoever comes first
	stop   func()
	deaf   error
}

// watch is one contact that pods show.
type watch struct {
	contact string
	conns   []*conn
	seq     int64 // of the reading that all of them were last offered
	want    int64 // of the last whisper
	reading bool
	again   bool // a whisper came while reading
}

// join has a connection hear of its session's contacts; false if it has ended meanwhile. If its session has too many connections
// the oldest of them goes. The admission holds the tenant too, until it calls release.
func (h *Hub) join(c *conn, session *verify.Session) (*tenant, bool) {
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
		replaced.expire(CloseReplaced)
	}()
	id := session.Desk.Tenant
	t := h.tenants[id]
	if t == nil {
		t = &tenant{id: id, phase: int64(len(h.tenants) % slowTick), contacts: map[string]*watch{}}
		h.tenants[id] = t
	}
	t.holders += 2
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

// addToSession adds a connection to those of its session, under the lock, and gives one that has to go for it, if there are too many.
func (h *Hub) addToSession(c *conn, session string) (replaced *conn) {
	h.sessions[session] = append(h.sessions[session], c)
	if conns, most := h.sessions[session], h.cfg.Limits.PerSession; most > 0 && len(conns) > most {
		replaced = conns[0]
		h.sessions[session] = slices.Delete(conns, 0, 1)
	}
	return replaced
}

// part takes a connection's contacts off the list, under the lock.
func (h *Hub) part(c *conn) {
	conns := slices.DeleteFunc(h.sessions[c.session.ID], func(other *conn) bool { return other == c })
	if len(conns) == 0 {
		delete(h.sessions, c.session.ID)
	} else {
		h.sessions[c.session.ID] = conns
	}
	for _, contact := range c.session.Desk.Contacts {
		w := c.tenant.contacts[contact.ID]
		if w == nil {
			continue // named twice on the desk
		}
		w.conns = slices.DeleteFunc(w.conns, func(other *conn) bool { return other == c })
		if len(w.conns) == 0 {
			delete(c.tenant.contacts, contact.ID)
		}
	}
	h.pods.Add(-1)
}

// release lets go of a tenant; the last one to do so ends the subscription.
func (h *Hub) release(t *tenant) {
	h.mu.Lock()
	t.holders--
	last := t.holders == 0
	if last && h.tenants[t.id] == t {
		delete(h.tenants, t.id)
	}
	h.mu.Unlock()
	if last && t.stop != nil {
		t.stop()
	}
}

// hear subscribes to the tenant's whispers, once for all its pods, before any of them is read.
func (h *Hub) hear(t *tenant) error {
	t.listen.Do(func() {
		var head int64
		head, t.deaf = h.tuneIn(t)
		h.mu.Lock()
		defer h.mu.Unlock()
		t.head, t.hearing = head, t.deaf == nil
		if t.deaf != nil && h.tenants[t.id] == t {
			delete(h.tenants, t.id) // the next pod tries anew
		}
	})
	return t.deaf
}

// tuneIn subscribes, and then marks where the slow tick begins: whoever is let in reads all before.
func (h *Hub) tuneIn(t *tenant) (head int64, err error) {
	stop, err := h.cfg.Ear.Listen(t.id, func(contact string, seq int64) { h.heard(t, contact, seq) })
	if err != nil {
		return 0, err
	}
	ctx, cancel := h.patient()
	defer cancel()
	if head, err = h.cfg.Changes.LastEvent(ctx, t.id); err != nil {
		stop()
		return 0, err
	}
	t.stop = stop
	return head, nil
}

// heard takes a whisper. Whoever whispers waits, so it only leaves word.
func (h *Hub) heard(t *tenant, contact string, seq int64) {
	if contact == "" {
		h.catchUp(t)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.rouse(t, contact, seq)
}

// rouse has a contact read, under the lock, if anybody shows it and does not know of seq. However
// many whispers come while it is read, it is read once more.
func (h *Hub) rouse(t *tenant, contact string, seq int64) {
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
	h.readings.add(func() { h.tell(t, w) })
}

// tell reads a contact and offers the reading to all who show it.
func (h *Hub) tell(t *tenant, w *watch) {
	ctx, cancel := h.patient()
	r, err := h.cfg.Readings.Reading(ctx, t.id, w.contact)
	cancel()
	h.mu.Lock()
	if err == nil {
		w.seq = max(w.seq, r.Seq)
	}
	conns := slices.Clone(w.conns)
	// Only what was read counts as told, and a whisper that claims more is followed once: it came from outside.
	w.reading = w.again && err == nil && w.want > r.Seq
	again := w.reading
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
	if again {
		h.readings.add(func() { h.tell(t, w) })
	}
}

// update sends a reading to a pod that does not know it yet.
func (h *Hub) update(c *conn, r verify.Reading) {
	at := slices.IndexFunc(c.session.Desk.Contacts, func(contact verify.Contact) bool { return contact.ID == r.Contact })
	if at < 0 || !c.lacks(at, r.Seq) {
		return
	}
	ctx, cancel := h.patient()
	data, err := h.cfg.Encoder.Update(ctx, *c.session, r, h.cfg.Now())
	cancel()
	if err != nil {
		h.fail(c, "an update can't be written", err)
		return
	}
	c.mu.Lock()
	slow := false
	if c.seen[at] < r.Seq {
		c.seen[at] = r.Seq
		slow = c.append(frame{websocket.TextMessage, data})
	}
	c.mu.Unlock()
	if slow {
		c.close(CloseSlow)
	}
}

// lacks tells whether a greeted pod has not been sent this much of the contact at that place.
func (c *conn) lacks(at int, seq int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.code == 0 && c.seen != nil && c.seen[at] < seq
}

// remind has read again what was offered to a connection before it was greeted: it had to pass.
func (h *Hub) remind(t *tenant, c *conn) {
	c.mu.Lock()
	seen := slices.Clone(c.seen)
	c.mu.Unlock()
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, contact := range c.session.Desk.Contacts {
		if w := t.contacts[contact.ID]; w != nil && w.seq > seen[i] {
			seq := w.seq
			w.seq = seen[i]
			h.rouse(t, contact.ID, seq)
		}
	}
}

// catchUp asks the store for what no whisper told. If it can't tell, the tenant's pods can't stay:
// they would be stale without knowing.
func (h *Hub) catchUp(t *tenant) {
	h.mu.Lock()
	after := t.head
	if !t.hearing || t.catching {
		h.mu.Unlock()
		return
	}
	t.catching = true
	h.mu.Unlock()
	h.readings.add(func() { h.ask(t, after) })
}

func (h *Hub) ask(t *tenant, after int64) {
	ctx, cancel := h.patient()
	defer cancel()
	changed, err := h.cfg.Changes.Changed(ctx, t.id, after)
	h.mu.Lock()
	t.catching = false
	for contact, seq := range changed {
		t.head = max(t.head, seq)
		h.rouse(t, contact, seq)
	}
	_, ruled := changed[""]
	if ruled {
		t.rules++
	}
	var conns []*conn
	if ruled || err != nil {
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
	if ruled {
		h.cfg.Readings.Forget(t.id)
	}
	for _, c := range conns {
		h.doors.add(func() { h.rule(c) })
	}
}

// conns are the tenant's connections, each once.
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

// rule shows a pod what it is under rules that have changed. One that is not greeted yet will be asked again.
func (h *Hub) rule(c *conn) {
	if c.isGreeted() {
		h.show(c, func(ctx context.Context, pod verify.Pod) ([]byte, error) {
			if c.isRuled(pod.Rules.Revision()) {
				return nil, nil
			}
			return h.cfg.Encoder.Policy(ctx, *c.session, pod)
		})
	}
}
