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

// readTimeout is how long a read may take before the store counts as unavailable.
const readTimeout = 5 * time.Second

// readContext returns the context of one read.
func (h *Hub) readContext() (context.Context, context.CancelFunc) {
	return context.WithTimeout(h.ctx, readTimeout)
}

// fail closes a connection after an internal error, because an open pod would be stale without a sign of it.
func (h *Hub) fail(c *conn, what string, err error) {
	h.report(CloseUnavailable, what, err)
	c.close(CloseUnavailable)
}

// report logs internal errors. Refusals of pods are not logged.
func (h *Hub) report(code int, what string, err error) {
	if code == CloseUnavailable && h.ctx.Err() == nil {
		h.cfg.Log.Error(what, "err", err)
	}
}

// authFrame is the first frame of a pod.
type authFrame struct {
	Type  string `json:"type"`
	Token string `json:"token"`
	Since *int64 `json:"since"` // absent: the pod has no state yet
	// Policy is the revision of the policy that the pod shows. Absent: the pod does not compare it.
	Policy string `json:"policy"`
}

var errMalformed = errors.New("live: not a first frame")

func parseAuthFrame(ctx context.Context, data []byte) (authFrame, error) {
	var f authFrame
	if err := strictjson.Decode(ctx, data, &f, strictjson.Rules{Depth: 1}); err != nil {
		return authFrame{}, err
	}
	if f.Type != "auth" || f.Token == "" || (f.Since != nil && *f.Since < 0) {
		return authFrame{}, errMalformed
	}
	return f, nil
}

// handshake authenticates a connection, subscribes it to its contacts, and then reads their state. This order ensures that
// an event during the handshake is not lost.
func (h *Hub) handshake(c *conn, first []byte) {
	f, err := parseAuthFrame(h.ctx, first)
	if err != nil {
		h.record(securitylog.CodeSocketRefused, "", c.address)
		c.closeNow(CloseMalformed)
		return
	}
	ctx, cancel := h.readContext()
	defer cancel()
	endedCount := h.endedCount.Load()
	session, until, err := h.cfg.Authenticator.Authenticate(ctx, f.Token)
	if err != nil {
		code := closeCodeOf(err, CloseUnauthenticated)
		h.report(code, "a bearer can't be checked", err)
		if code == CloseUnauthenticated {
			h.record(string(verify.CodeOf(err)), "", c.address)
		}
		c.closeNow(code)
		return
	}
	t, ok := h.subscribe(c, &session)
	if !ok {
		return
	}
	defer h.release(t)
	if h.endedCount.Load() != endedCount && !h.stillOpen(c) {
		return
	}
	if err := h.ensureSubscribed(t); err != nil {
		h.fail(c, "change notifications of a tenant can't be subscribed to", err)
		return
	}
	epoch, policyChanges := h.epoch.Load(), h.policyChangesOf(t)
	pod, err := h.cfg.Projector.Pod(ctx, session.Context)
	if err != nil {
		h.fail(c, "a pod can't be read", err)
		return
	}
	if f.Policy != "" && f.Policy != pod.Rules.Revision() {
		f.Since = nil
	}
	if err := h.sendInitial(c, pod, until, f.Since); err != nil {
		h.fail(c, "a pod can't be written", err)
		return
	}
	h.requeueMissed(t, c)
	if h.policyChangesOf(t) != policyChanges {
		h.sendPolicy(c)
	}
	if h.epoch.Load() != epoch {
		h.sendSnapshot(c)
	}
}

// stillOpen checks a session again that was authenticated while sessions were being ended. It closes the connection if the
// session has ended.
func (h *Hub) stillOpen(c *conn) bool {
	ctx, cancel := h.readContext()
	defer cancel()
	_, _, err := h.cfg.Authenticator.Renew(ctx, *c.session)
	if err == nil {
		return true
	}
	code := closeCodeOf(err, CloseRevoked)
	h.report(code, "a session can't be looked at", err)
	c.closeNow(code)
	return false
}

// policyChangesOf returns how often the tenant's policy has changed since the tenant has pods on this node.
func (h *Hub) policyChangesOf(t *tenant) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return t.policyChanges
}

// sendInitial sends a snapshot or the missed updates, and enables updates for the connection.
func (h *Hub) sendInitial(c *conn, pod verify.Pod, until time.Time, since *int64) error {
	updates, resumed := missed(pod, since)
	var frames []frame
	if resumed {
		for _, r := range updates {
			ctx, cancel := h.readContext()
			data, err := h.cfg.Encoder.Update(ctx, *c.session, r, pod.Now)
			cancel()
			if err != nil {
				return err
			}
			frames = append(frames, frame{websocket.TextMessage, data})
		}
	} else {
		ctx, cancel := h.readContext()
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
	c.sentSeqs, c.policyRevision = seqs(pod), pod.Rules.Revision()
	for _, f := range frames {
		c.append(f)
	}
	return nil
}

// missed returns the states of the contacts that changed after since. It returns false when a snapshot is needed: the pod
// has no state, its state is newer than the store (the store was restored from a backup), or it missed many updates.
func missed(pod verify.Pod, since *int64) ([]verify.ContactState, bool) {
	if since == nil {
		return nil, false
	}
	var updates []verify.ContactState
	for _, contact := range pod.Context.Contacts {
		switch r := pod.Contacts[contact.ID]; {
		case r.Seq < *since:
			return nil, false
		case r.Seq > *since:
			updates = append(updates, r)
		}
	}
	return updates, len(updates) <= maxQueue/2
}

func seqs(pod verify.Pod) []int64 {
	all := make([]int64, len(pod.Context.Contacts))
	for i, contact := range pod.Context.Contacts {
		all[i] = pod.Contacts[contact.ID].Seq
	}
	return all
}

// sendSnapshot sends a synced pod a new snapshot.
func (h *Hub) sendSnapshot(c *conn) {
	h.sendPod(c, func(ctx context.Context, pod verify.Pod) ([]byte, error) {
		return h.cfg.Encoder.Snapshot(ctx, *c.session, pod)
	})
}

// sendPod sends a synced pod a frame of the whole pod, unless encode returns nil. The frame is never older than an update
// that the pod has been sent.
func (h *Hub) sendPod(c *conn, encode func(context.Context, verify.Pod) ([]byte, error)) {
	for {
		ctx, cancel := h.readContext()
		pod, err := h.cfg.Projector.Pod(ctx, c.session.Context)
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

// replace queues a frame of the whole pod. It returns false when a newer update has been sent meanwhile.
func (c *conn) replace(pod verify.Pod, f frame) bool {
	sent := seqs(pod)
	c.mu.Lock()
	for i, seq := range sent {
		if seq < c.sentSeqs[i] {
			c.mu.Unlock()
			return false
		}
	}
	c.sentSeqs, c.policyRevision = sent, pod.Rules.Revision()
	slow := c.append(f)
	c.mu.Unlock()
	if slow {
		c.close(CloseSlow)
	}
	return true
}

// hasPolicy reports whether the pod has been sent this revision of the policy.
func (c *conn) hasPolicy(revision string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.policyRevision == revision
}

// isSynced reports whether the connection is open and has been sent its initial state.
func (c *conn) isSynced() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sentSeqs != nil && c.code == 0
}
