package live

import (
	"time"

	"github.com/gorilla/websocket"

	"github.com/shieldpod/shieldpod/bff/internal/securitylog"
)

// In beats. There are many to a second, so that what is due for thousands of pods comes in small
// portions and holds nobody up.
const (
	second   = 10
	patience = 5 * second // for a first frame, and for a pod's answer to a closing
	// strangersGoodbye is for that of a client that has not authenticated.
	strangersGoodbye = second / 2
	lap              = 30 * second // every connection has its turn once in a lap: it is pinged, and its session looked at
	silence          = 70 * second // two pings without an answer
	slowTick         = 15 * second // every tenant's store is asked for what no whisper told
)

// renewBefore is how long before its end a bearer is renewed.
const renewBefore = 3 * time.Minute

// run beats until the hub is closed.
func (h *Hub) run() {
	beats := h.cfg.Beats
	if beats == nil {
		ticker := time.NewTicker(time.Second / second)
		defer ticker.Stop()
		beats = ticker.C
	}
	for {
		select {
		case <-h.ctx.Done():
			return
		case <-beats:
			h.beat()
		}
	}
}

func (h *Hub) beat() {
	now := h.beats.Add(1)
	var late, strangers, turn []*conn
	var behind []*tenant
	h.mu.Lock()
	for c, at := range h.due {
		if now > at {
			delete(h.due, c)
			if c.session == nil {
				strangers = append(strangers, c)
			} else {
				late = append(late, c)
			}
		}
	}
	for c := range h.wheel[now%lap] {
		turn = append(turn, c)
	}
	for _, t := range h.tenants {
		if now%slowTick == t.phase {
			behind = append(behind, t)
		}
	}
	h.mu.Unlock()

	for _, c := range strangers {
		if c.expire(CloseUnauthenticated) {
			h.record(securitylog.CodeSocketRefused, "", c.address)
		}
	}
	for _, c := range late {
		c.giveUp(CloseUnauthenticated)
	}
	if now%endsEvery == 0 {
		h.pollEnds()
	}
	for _, c := range turn {
		h.turn(c, now)
	}
	for _, t := range behind {
		h.catchUp(t)
	}
}

// giveUp ends a connection that has kept its silence too long: with the code, or without a word if
// it is the closing that it has not answered.
func (c *conn) giveUp(code int) {
	c.mu.Lock()
	closing := c.code != 0
	c.mu.Unlock()
	if closing {
		c.cut()
		return
	}
	c.close(code)
}

// turn looks after one pod.
func (h *Hub) turn(c *conn, now int64) {
	if now-c.heard.Load() >= silence {
		c.giveUp(CloseSlow)
		return
	}
	if !c.isGreeted() {
		return
	}
	c.push(frame{kind: websocket.PingMessage})
	if c.looking.CompareAndSwap(false, true) { // a slow store gets no second request for the same
		h.looks.add(func() {
			defer c.looking.Store(false)
			h.check(c)
		})
	}
}

// check ends a connection whose session has ended, and renews its bearer in time.
func (h *Hub) check(c *conn) {
	if !h.cfg.Now().Before(c.session.EndsAt) {
		c.close(CloseSessionOver)
		return
	}
	ctx, cancel := h.patient()
	defer cancel()
	token, until, err := h.cfg.Door.Renew(ctx, *c.session)
	if err != nil {
		code := refused(err, CloseRevoked)
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
