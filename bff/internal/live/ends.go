package live

import (
	"context"
)

// endsEvery is how often the store is asked for sessions that were ended, in beats: no notification need tell of them.
const endsEvery = second / 2

// pollEnds asks the store whose sessions were ended since it was asked last. A slow store gets no second request meanwhile.
func (h *Hub) pollEnds() {
	if !h.polling.CompareAndSwap(false, true) {
		return
	}
	h.ends.add(func() {
		defer h.polling.Store(false)
		ctx, cancel := h.patient()
		defer cancel()
		tenants, last, err := h.cfg.Ends.EndedSince(ctx, h.lastEnd)
		if err != nil {
			h.report(CloseUnavailable, "ended sessions can't be read", err)
			return
		}
		for _, tenant := range tenants {
			if !h.closeEnded(ctx, tenant) {
				return // asked again in half a second
			}
		}
		h.lastEnd = last
	})
}

// onSessionsEnded takes a notification that sessions of a tenant were ended. If one is lost the next poll makes up for it.
func (h *Hub) onSessionsEnded(tenant string) {
	h.ends.add(func() {
		ctx, cancel := h.patient()
		defer cancel()
		h.closeEnded(ctx, tenant)
	})
}

// closeEnded closes the connections of a tenant's sessions that are not open any more. It is false if that can't be told now.
//
// A connection that is being authenticated meanwhile either is listed here or sees that endings has grown, and looks again.
func (h *Hub) closeEnded(ctx context.Context, tenant string) bool {
	h.endings.Add(1)
	h.cfg.Door.ForgetSessions(tenant)
	h.mu.Lock()
	var conns []*conn
	for _, all := range h.sessions {
		if all[0].session.Desk.Tenant == tenant {
			conns = append(conns, all...)
		}
	}
	h.mu.Unlock()
	if len(conns) == 0 {
		return true
	}
	open, err := h.cfg.Ends.OpenSessions(ctx, tenant)
	if err != nil {
		h.report(CloseUnavailable, "open sessions can't be read", err)
		return false
	}
	for _, c := range conns {
		if !open[c.session.ID] {
			c.expire(CloseRevoked)
		}
	}
	return true
}
