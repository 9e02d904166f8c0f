package live

import (
	"context"
)

// endedPollInterval is how often the store is polled for ended sessions, in ticks. It covers lost notifications.
const endedPollInterval = ticksPerSecond / 2

// pollEnded reads which tenants had sessions ended since the last poll. Only one poll runs at a time.
func (h *Hub) pollEnded() {
	if !h.pollingEnded.CompareAndSwap(false, true) {
		return
	}
	h.endedPool.add(func() {
		defer h.pollingEnded.Store(false)
		ctx, cancel := h.readContext()
		defer cancel()
		tenants, last, err := h.cfg.EndedSessions.EndedSince(ctx, h.lastEnded)
		if err != nil {
			h.report(CloseUnavailable, "ended sessions can't be read", err)
			return
		}
		for _, tenant := range tenants {
			if !h.closeEnded(ctx, tenant) {
				return // the next poll tries again
			}
		}
		h.lastEnded = last
	})
}

// onSessionsEnded handles a notification that sessions of a tenant were ended. The next poll covers a lost one.
func (h *Hub) onSessionsEnded(tenant string) {
	h.endedPool.add(func() {
		ctx, cancel := h.readContext()
		defer cancel()
		h.closeEnded(ctx, tenant)
	})
}

// closeEnded closes the connections of a tenant's sessions that are no longer open. It returns false if the store can't be read.
//
// A connection that authenticates meanwhile either is listed here or finds endedCount changed and checks its session again.
func (h *Hub) closeEnded(ctx context.Context, tenant string) bool {
	h.endedCount.Add(1)
	h.cfg.Authenticator.ForgetSessions(tenant)
	h.mu.Lock()
	var conns []*conn
	for _, all := range h.sessions {
		if all[0].session.Context.Tenant == tenant {
			conns = append(conns, all...)
		}
	}
	h.mu.Unlock()
	if len(conns) == 0 {
		return true
	}
	open, err := h.cfg.EndedSessions.OpenSessions(ctx, tenant)
	if err != nil {
		h.report(CloseUnavailable, "open sessions can't be read", err)
		return false
	}
	for _, c := range conns {
		if !open[c.session.ID] {
			c.closeNow(CloseRevoked)
		}
	}
	return true
}
