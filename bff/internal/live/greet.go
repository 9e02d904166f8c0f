package live

import (
	"context"
	"errors"
	"time"

	"github.com/gorilla/websocket"

	"github.com/shieldpod/shieldpod/bff/internal/securitylog"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// readTime is how long a read for a pod may take before the store counts as unavailable.
const readTime = 5 * time.Second

func (h *Hub) patient() (context.Context, context.CancelFunc) {
	return context.WithTimeout(h.ctx, readTime)
}

// fail ends a connection for a fault of ours: staying open, it would be stale without knowing.
func (h *Hub) fail(c *conn, what string, err error) {
	h.report(CloseUnavailable, what, err)
	c.close(CloseUnavailable)
}

// report logs what an operator should see: our faults, not the pods'.
func (h *Hub) report(code int, what string, err error) {
	if code == CloseUnavailable && h.ctx.Err() == nil {
		h.cfg.Log.Error(what, "error", err)
	}
}

// hello is a pod's first frame.
type hello struct {
	Type  string `json:"type"`
	Token string `json:"token"`
	Since *int64 `json:"since"` // absent: the pod knows nothing yet
	// Policy is the version of the rules that the pod shows; absent: it does not ask for their changes.
	Policy string `json:"policy"`
}

var errMalformed = errors.New("live: not a first frame")

func parseHello(ctx context.Context, data []byte) (hello, error) {
	var f hello
	if err := strictjson.Decode(ctx, data, &f, strictjson.Rules{Depth: 1}); err != nil {
		return hello{}, err
	}
	if f.Type != "auth" || f.Token == "" || (f.Since != nil && *f.Since < 0) {
		return hello{}, errMalformed
	}
	return f, nil
}

// admit authenticates a connection, has it hear of its contacts, and only then reads what they say:
// what happens in between is heard.
func (h *Hub) admit(c *conn, first []byte) {
	f, err := parseHello(h.ctx, first)
	if err != nil {
		h.record(securitylog.CodeSocketRefused, "", c.address)
		c.expire(CloseMalformed)
		return
	}
	ctx, cancel := h.patient()
	defer cancel()
	endings := h.endings.Load()
	session, until, err := h.cfg.Door.Authenticate(ctx, f.Token)
	if err != nil {
		code := refused(err, CloseUnauthenticated)
		h.report(code, "a bearer can't be checked", err)
		if code == CloseUnauthenticated {
			h.record(string(verify.CodeOf(err)), "", c.address)
		}
		c.expire(code)
		return
	}
	t, ok := h.join(c, &session)
	if !ok {
		return
	}
	defer h.release(t)
	if h.endings.Load() != endings && !h.stillOpen(c) {
		return
	}
	if err := h.hear(t); err != nil {
		h.fail(c, "a tenant's whispers can't be heard", err)
		return
	}
	epoch, rules := h.epoch.Load(), h.rulesOf(t)
	pod, err := h.cfg.Readings.Pod(ctx, session.Desk)
	if err != nil {
		h.fail(c, "a pod can't be read", err)
		return
	}
	if f.Policy != "" && f.Policy != pod.Rules.Revision() {
		f.Since = nil
	}
	if err := h.greet(c, pod, until, f.Since); err != nil {
		h.fail(c, "a pod can't be written", err)
		return
	}
	h.remind(t, c)
	if h.rulesOf(t) != rules {
		h.rule(c)
	}
	if h.epoch.Load() != epoch {
		h.snapshot(c)
	}
}

// stillOpen looks again at the session of a connection that was authenticated while sessions were ended, and closes the connection
// if its session was one of them.
func (h *Hub) stillOpen(c *conn) bool {
	ctx, cancel := h.patient()
	defer cancel()
	_, _, err := h.cfg.Door.Renew(ctx, *c.session)
	if err == nil {
		return true
	}
	code := refused(err, CloseRevoked)
	h.report(code, "a session can't be looked at", err)
	c.expire(code)
	return false
}

// rulesOf tells how often the tenant's rules have changed since it has pods here.
func (h *Hub) rulesOf(t *tenant) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return t.rules
}

// greet sends what the pod does not know yet, and opens it for updates.
func (h *Hub) greet(c *conn, pod verify.Pod, until time.Time, since *int64) error {
	news, resumed := missed(pod, since)
	var frames []frame
	if resumed {
		for _, r := range news {
			ctx, cancel := h.patient()
			data, err := h.cfg.Encoder.Update(ctx, *c.session, r, pod.Now)
			cancel()
			if err != nil {
				return err
			}
			frames = append(frames, frame{websocket.TextMessage, data})
		}
	} else {
		ctx, cancel := h.patient()
		data, err := h.cfg.Encoder.Snapshot(ctx, *c.session, pod)
		cancel()
		if err != nil {
			return err
		}
		frames = []frame{{websocket.TextMessage, data}}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.until = until
	c.seen, c.rules = seqs(pod), pod.Rules.Revision()
	for _, f := range frames {
		c.append(f)
	}
	return nil
}

// missed gives the readings of the contacts that changed after since; false if a snapshot serves better:
// the pod knows nothing, or more than is true (the store was put back), or so little that it would
// take many frames.
func missed(pod verify.Pod, since *int64) ([]verify.Reading, bool) {
	if since == nil {
		return nil, false
	}
	var news []verify.Reading
	for _, contact := range pod.Desk.Contacts {
		switch r := pod.Readings[contact.ID]; {
		case r.Seq < *since:
			return nil, false
		case r.Seq > *since:
			news = append(news, r)
		}
	}
	return news, len(news) <= maxQueue/2
}

func seqs(pod verify.Pod) []int64 {
	seen := make([]int64, len(pod.Desk.Contacts))
	for i, contact := range pod.Desk.Contacts {
		seen[i] = pod.Readings[contact.ID].Seq
	}
	return seen
}

// snapshot shows a greeted pod everything anew.
func (h *Hub) snapshot(c *conn) {
	h.show(c, func(ctx context.Context, pod verify.Pod) ([]byte, error) {
		return h.cfg.Encoder.Snapshot(ctx, *c.session, pod)
	})
}

// show sends a greeted pod a frame of the whole pod, unless encode gives none. It never takes back what the pod has
// been told.
func (h *Hub) show(c *conn, encode func(context.Context, verify.Pod) ([]byte, error)) {
	for {
		ctx, cancel := h.patient()
		pod, err := h.cfg.Readings.Pod(ctx, c.session.Desk)
		if err != nil {
			cancel()
			h.fail(c, "a pod can't be read", err)
			return
		}
		data, err := encode(ctx, pod)
		cancel()
		if err != nil {
			h.fail(c, "a pod can't be written", err)
			return
		}
		if data == nil || c.replace(pod, frame{websocket.TextMessage, data}) {
			return
		}
	}
}

// replace queues a frame of the whole pod, or gives false when an update has overtaken it.
func (c *conn) replace(pod verify.Pod, f frame) bool {
	seen := seqs(pod)
	c.mu.Lock()
	for i, seq := range seen {
		if seq < c.seen[i] {
			c.mu.Unlock()
			return false
		}
	}
	c.seen, c.rules = seen, pod.Rules.Revision()
	slow := c.append(f)
	c.mu.Unlock()
	if slow {
		c.close(CloseSlow)
	}
	return true
}

// isRuled tells whether the pod was told of these rules already.
func (c *conn) isRuled(revision string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rules == revision
}

func (c *conn) isGreeted() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen != nil && c.code == 0
}
