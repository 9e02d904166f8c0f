package live

import (
	"time"

	"github.com/gorilla/websocket"

	"github.com/shieldpod/shieldpod/bff/internal/securitylog"
)

// Durations in ticks. A second has ten ticks, so that the work for thousands of pods is done in small portions.
const (
	ticksPerSecond   = 10
	handshakeTimeout = 5 * ticksPerSecond // for a first frame, and for a pod's answer to a close frame
	// unauthenticatedCloseTimeout is the time for the answer of a client that has not authenticated.
	unauthenticatedCloseTimeout = ticksPerSecond / 2
	pingRound                   = 30 * ticksPerSecond // in each round every connection is pinged once and its session checked once
	idleTimeout                 = 70 * ticksPerSecond // two pings without an answer
	pollInterval                = 15 * ticksPerSecond // of the store, for changes without a notification
)

// renewBefore is how long before its expiry a bearer is renewed.
const renewBefore = 3 * time.Minute

// run ticks until the hub is closed.
func (h *Hub) run() {
	ticks := h.cfg.Ticks
	if ticks == nil {
		ticker := time.NewTicker(time.Second / ticksPerSecond)
		defer ticker.Stop()
		ticks = ticker.C
	}
	for {
		select {
		case <-h.ctx.Done():
			return
		case <-ticks:
			h.tick()
		}
	}
}

func (h *Hub) tick() {
	now := h.ticks.Add(1)
	var late, unauthenticated, pinged []*conn
	var polled []*tenant
	h.mu.Lock()
	for c, at := range h.deadlines {
		if now > at {
			delete(h.deadlines, c)
			if c.session == nil {
				unauthenticated = append(unauthenticated, c)
			} else {
				late = append(late, c)
			}
		}
	}
	for c := range h.timingWheel[now%pingRound] {
		pinged = append(pinged, c)
	}
	for _, t := range h.tenants {
		if now%pollInterval == t.phase {
			polled = append(polled, t)
		}
	}
	h.mu.Unlock()

	for _, c := range unauthenticated {
		if c.closeNow(CloseUnauthenticated) {
			h.record(securitylog.CodeSocketRefused, "", c.address)
		}
	}
	for _, c := range late {
		c.expire(CloseUnauthenticated)
	}
	if now%endedPollInterval == 0 {
		h.pollEnded()
	}
	for _, c := range pinged {
		h.ping(c, now)
	}
	for _, t := range polled {
		h.pollChanges(t)
	}
}

// expire closes a connection that has timed out. A connection that has not answered a close frame is aborted.
func (c *conn) expire(code int) {
	c.mu.Lock()
	closing := c.code != 0
	c.mu.Unlock()
	if closing {
		c.abort()
		return
	}
	c.close(code)
}

// ping pings one pod and queues a check of its session.
func (h *Hub) ping(c *conn, now int64) {
	if now-c.lastSeen.Load() >= idleTimeout {
		c.expire(CloseSlow)
		return
	}
	if !c.isSynced() {
		return
	}
	c.push(frame{kind: websocket.PingMessage})
	if c.checking.CompareAndSwap(false, true) { // a slow store gets one request per session
		h.sessionPool.add(func() {
			defer c.checking.Store(false)
			h.checkSession(c)
		})
	}
}

// checkSession closes a connection whose session has ended, and renews its bearer before it expires.
func (h *Hub) checkSession(c *conn) {
	if !h.cfg.Now().Before(c.session.EndsAt) {
		c.close(CloseSessionEnded)
		return
	}
	ctx, cancel := h.readContext()
	defer cancel()
	token, until, err := h.cfg.Authenticator.Renew(ctx, *c.session)
	if err != nil {
		code := closeCodeOf(err, CloseRevoked)
		h.report(code, "a session can't be looked at", err)
		c.close(code)
		return
	}
	c.mu.Lock()
	fresh := until.After(c.until) && !h.cfg.Now().Before(c.until.Add(-renewBefore))
	if fresh {
		c.until = until
	}
	c.mu.Unlock()
	if !fresh {
		return
	}
	data, err := h.cfg.Encoder.Session(token, until)
	if err != nil {
		h.fail(c, "a session can't be written", err)
		return
	}
	c.push(frame{websocket.TextMessage, data})
}
