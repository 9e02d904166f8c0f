// Package live keeps every open pod up to date over its WebSocket.
//
// The hub of a node serves GET /api/v1/live. A pod authenticates in its first frame. It then gets a snapshot, or, when it
// resumes with since, the updates it missed. After that it gets one frame for each change of a contact that it shows.
// A change notification starts a read of the contact from the store. One read serves all pods that show the contact.
//
// Thousands of pods are open and idle. An idle pod costs one goroutine with a small stack. It has no timer, no write buffer
// and no second goroutine: a writer runs only while frames are queued, and one ticker of the hub drives all time-outs.
//
// Start with [New].
package live

import (
	"context"
	"encoding/json"
	"log/slog"
	"math"
	"net/http"
	"net/netip"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"github.com/shieldpod/shieldpod/bff/internal/clientaddr"
	"github.com/shieldpod/shieldpod/bff/internal/ratelimit"
	"github.com/shieldpod/shieldpod/bff/internal/securitylog"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// Config holds the dependencies of a hub. All fields are required except Limits, Handshakes, Security and Ticks.
type Config struct {
	Projector     Projector
	Changes       Changes
	Subscriber    Subscriber
	Authenticator Authenticator
	Encoder       Encoder
	Origin        string // the public origin: a handshake with another origin is refused
	Now           func() time.Time
	Log           *slog.Logger

	EndedSessions EndedSessions
	Limits        Limits
	Handshakes    *ratelimit.Limiter // per address; a handshake that authenticates does not count. nil: no limit
	Security      SecurityLog        // nil: nothing is recorded
	// Ticks drives all time-outs with ten ticks a second. nil: the hub has a ticker of its own.
	// Time-outs of sockets count ticks, because the clock behind Now may be adjusted.
	Ticks <-chan time.Time
}

// Hub holds all pods that are open on this node. Its methods are safe for concurrent use.
type Hub struct {
	cfg              Config
	upgrader         websocket.Upgrader
	ctx              context.Context // of store reads; cancelled by Close
	cancel           context.CancelFunc
	ticks            atomic.Int64
	readPool         *workerPool // reads contacts after change notifications
	authPool         *workerPool // runs handshakes apart, so that a burst of new connections does not delay notifications
	sessionPool      *workerPool // checks sessions, one at a time
	endedPool        *workerPool // closes the connections of ended sessions, one tenant at a time
	running          sync.WaitGroup
	pods             atomic.Int64
	epoch            atomic.Int64 // counts calls of Refresh
	endedCount       atomic.Int64 // counts notifications and polls that found ended sessions
	pollingEnded     atomic.Bool  // a poll for ended sessions is running
	lastEnded        int64        // number of the last call that ended sessions; used only by the poll
	unsubscribeEnded func()       // ends the subscription to ended sessions

	writeTimeout time.Duration // of one frame, in real time; set before the first connection

	mu          sync.Mutex // never held while taking a connection's lock or blocking
	closed      bool
	timingWheel [pingRound]map[*conn]struct{} // every connection, spread over the ticks of a ping round
	nextSlot    int                           // on the timing wheel, of the next connection
	deadlines   map[*conn]int64               // tick after which a connection is closed unless its expected frame has arrived
	tenants     map[string]*tenant            // tenants with pods on this node

	waiting  waiting
	sessions map[string][]*conn // authenticated connections by session, oldest first
}

// New starts a hub. Call Close to stop it.
func New(cfg Config) *Hub {
	ctx, cancel := context.WithCancel(context.Background())
	workers := 4 * runtime.GOMAXPROCS(0) // more than cores, because workers wait for the store
	h := &Hub{
		cfg: cfg, ctx: ctx, cancel: cancel,
		readPool: newWorkerPool(workers), authPool: newWorkerPool(workers), sessionPool: newWorkerPool(1), endedPool: newWorkerPool(1),
		deadlines: map[*conn]int64{}, tenants: map[string]*tenant{}, sessions: map[string][]*conn{},
		writeTimeout: frameWriteTimeout,
	}
	for i := range h.timingWheel {
		h.timingWheel[i] = map[*conn]struct{}{}
	}
	h.upgrader = websocket.Upgrader{
		HandshakeTimeout: frameWriteTimeout,
		ReadBufferSize:   256,      // a pod sends only its first frame and pongs
		WriteBufferSize:  16 << 10, // fits a snapshot into one write
		WriteBufferPool:  &sync.Pool{},
		CheckOrigin:      h.isOurOrigin,
		Error: func(w http.ResponseWriter, r *http.Request, status int, _ error) {
			if status == http.StatusForbidden {
				h.record("origin_not_allowed", "", clientaddr.From(r.Context()))
				problem(w, status, "origin_not_allowed", "A pod connects from the page that this server gave it.")
				return
			}
			problem(w, status, "malformed", "This route takes a WebSocket handshake and nothing else.")
		},
	}
	stop, err := cfg.Subscriber.SubscribeEndedSessions(h.onSessionsEnded)
	if err != nil { // the hub also polls the store every half second
		cfg.Log.Warn("notifications of ended sessions can't be subscribed to", "err", err)
		stop = func() {}
	}
	h.unsubscribeEnded = stop
	h.running.Go(h.run)
	return h
}

// isOurOrigin reports whether the request has exactly one Origin header and its value is the public origin.
func (h *Hub) isOurOrigin(r *http.Request) bool {
	origin := r.Header["Origin"]
	return len(origin) == 1 && origin[0] == h.cfg.Origin
}

// problem answers a handshake that is refused with a problem document (RFC 9457).
func problem(w http.ResponseWriter, status int, code, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{ // fails only when the client is gone
		"type": "about:blank", "title": http.StatusText(status), "status": status, "code": code, "detail": detail,
	})
}

// ServeHTTP upgrades a pod's connection and returns at once. The goroutine and the buffers that net/http holds for a
// request take twice the memory of an idle pod.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	closed := h.closed
	h.mu.Unlock()
	if closed {
		problem(w, http.StatusServiceUnavailable, string(verify.CodeUnavailable), "The server is restarting. Try again in a moment.")
		return
	}
	address := clientaddr.From(r.Context())
	if retry, ok := h.cfg.Handshakes.Take(address); !ok {
		h.record(securitylog.CodeTooManyRequests, "", address)
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(retry.Seconds()))))
		problem(w, http.StatusTooManyRequests, "too_many_requests", "Too many connections from your network did not sign in. Wait a moment, then reload the ticket.")
		return
	}
	writer := &meteredWriter{ResponseWriter: w, hub: h}
	ws, err := h.upgrader.Upgrade(writer, r, nil)
	if err != nil {
		return // Upgrade has answered the request
	}
	c := newConn(h, ws, writer.meter, address)
	if !h.register(c) {
		c.abort()
		return
	}
	go c.read()
}

// record records an event that looks like an attack.
func (h *Hub) record(code, tenant string, address netip.Addr) {
	if h.cfg.Security != nil {
		h.cfg.Security.Record(code, tenant, address)
	}
}

// tenantOf returns the tenant of an authenticated connection, or the empty string.
func (h *Hub) tenantOf(c *conn) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c.session == nil {
		return ""
	}
	return c.session.Context.Tenant
}

// register adds a new connection and starts the time-out for its first frame. If too many connections wait to
// authenticate, the oldest of them is closed. It returns false when the hub is closed.
func (h *Hub) register(c *conn) bool {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return false
	}
	evicted := h.waiting.add(c, h.cfg.Limits)
	defer func() {
		h.mu.Unlock()
		if evicted != nil {
			h.record(securitylog.CodeSocketLimit, "", evicted.address)
			evicted.closeNow(CloseTooManyWaiting)
		}
	}()
	h.running.Add(1)
	c.slot = h.nextSlot
	h.nextSlot = (h.nextSlot + 1) % pingRound
	h.timingWheel[c.slot][c] = struct{}{}
	h.deadlines[c] = h.ticks.Load() + handshakeTimeout
	return true
}

// unregister removes a closed connection.
func (h *Hub) unregister(c *conn) {
	h.mu.Lock()
	c.left = true
	delete(h.timingWheel[c.slot], c)
	delete(h.deadlines, c)
	h.waiting.remove(c)
	if c.tenant != nil {
		h.unsubscribe(c)
	}
	h.mu.Unlock()
	if c.tenant != nil {
		h.release(c.tenant)
	}
	h.running.Done()
}

// setDeadline starts the time-out for the next frame that is expected of a connection. With waits false, the first frame has
// arrived and the time-out is removed.
func (h *Hub) setDeadline(c *conn, waits bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case c.left:
	case waits && c.session == nil:
		h.deadlines[c] = h.ticks.Load() + unauthenticatedCloseTimeout
	case waits:
		h.deadlines[c] = h.ticks.Load() + handshakeTimeout
	default:
		delete(h.deadlines, c)
		h.waiting.remove(c)
	}
}

// Count returns the number of authenticated pods on this node.
func (h *Hub) Count() int { return int(h.pods.Load()) }

// Refresh sends every pod a new snapshot. Call it after a change that has no event, such as an adjusted clock.
func (h *Hub) Refresh() {
	h.epoch.Add(1)
	for _, c := range h.connections() {
		h.authPool.add(func() {
			if c.isSynced() {
				h.checkSession(c)
				h.sendSnapshot(c)
			}
		})
	}
}

func (h *Hub) connections() []*conn {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []*conn
	for _, at := range h.timingWheel {
		for c := range at {
			all = append(all, c)
		}
	}
	return all
}

// shutdownTimeout is how long Close waits for pods to answer the close frame.
const shutdownTimeout = 2 * time.Second

// Close tells every pod to reconnect, and returns when all connections and workers have ended.
func (h *Hub) Close() {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	for _, c := range h.connections() {
		c.close(CloseGoingAway)
	}
	h.cancel()
	h.unsubscribeEnded()
	done := make(chan struct{})
	go func() {
		h.running.Wait()
		close(done)
	}()
	timeout := time.NewTimer(shutdownTimeout)
	defer timeout.Stop()
	select {
	case <-done:
	case <-timeout.C:
		for _, c := range h.connections() {
			c.abort()
		}
		<-done
	}
	h.authPool.close()
	h.sessionPool.close()
	h.endedPool.close()
	h.readPool.close()
}
