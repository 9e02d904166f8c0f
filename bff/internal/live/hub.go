// Package live keeps every open pod up to date over its WebSocket.
//
// [New] makes the hub of this node; it serves GET /api/v1/live. A pod authenticates in its first
// frame, gets a snapshot (or, back with since, what it missed), and from then on one frame for each
// change of a contact it shows. Whispers say that there is something to read; the frame is a reading
// of the store, made once for all pods that show the contact.
//
// Thousands of pods are open and idle, so an idle one costs a small goroutine that reads, and no
// timer, no buffer for writing and no second goroutine: a writer lives while there is something to
// write, and one ticker of the hub does for all what is to be done by time.
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

// Config is what the hub stands on. All fields are required but the limits, Security and Beats.
type Config struct {
	Readings Readings
	Changes  Changes
	Ear      Ear
	Door     Door
	Encoder  Encoder
	Origin   string // the public one: no page of another opens a socket
	Now      func() time.Time
	Log      *slog.Logger

	Ends       Ends
	Limits     Limits
	Handshakes *ratelimit.Limiter // of one address; those that authenticate do not count. nil: no limit
	Security   Security           // nil: nothing is written down
	// Beats drives all that happens by time, ten beats a second; nil for a ticker of the hub's own.
	// Time-outs of sockets count beats, because the clock that Now reads may be set.
	Beats <-chan time.Time
}

// Hub is all pods that are open on this node. Its methods may be called from many goroutines.
type Hub struct {
	cfg      Config
	upgrader websocket.Upgrader
	ctx      context.Context // of reads for pods; ends with the hub
	cancel   context.CancelFunc
	beats    atomic.Int64
	readings *crew // reads for whispers
	doors    *crew // authenticates and greets, so that a rush of arrivals holds up no whisper
	looks    *crew // looks at sessions, one at a time: nobody waits for it
	ends     *crew // closes the connections of sessions that were ended, one tenant at a time
	alive    sync.WaitGroup
	pods     atomic.Int64
	epoch    atomic.Int64 // grows with each Refresh
	endings  atomic.Int64 // grows with each time that sessions were ended
	polling  atomic.Bool  // the store is being asked for ended sessions
	lastEnd  int64        // that it told; of the job that asks alone
	deafen   func()       // ends the subscription to ended sessions

	writeTimeout time.Duration // of one frame, in real time; tests make it longer before the first connection

	mu      sync.Mutex // never held while a connection's lock is taken or anything is waited for
	closed  bool
	wheel   [lap]map[*conn]struct{} // every connection, spread over the beats of a lap
	place   int                     // on the wheel, of the next connection
	due     map[*conn]int64         // at which beat a connection is too late with what is expected of it
	tenants map[string]*tenant      // those that have pods here

	waiting  waiting
	sessions map[string][]*conn // authenticated connections by session, oldest first
}

// New starts a hub. Close ends it.
func New(cfg Config) *Hub {
	ctx, cancel := context.WithCancel(context.Background())
	busy := 4 * runtime.GOMAXPROCS(0) // more hands than cores, because they wait for the store
	h := &Hub{
		cfg: cfg, ctx: ctx, cancel: cancel,
		readings: newCrew(busy), doors: newCrew(busy), looks: newCrew(1), ends: newCrew(1),
		due: map[*conn]int64{}, tenants: map[string]*tenant{}, sessions: map[string][]*conn{},
		writeTimeout: writeLimit,
	}
	for i := range h.wheel {
		h.wheel[i] = map[*conn]struct{}{}
	}
	h.upgrader = websocket.Upgrader{
		HandshakeTimeout: writeLimit,
		ReadBufferSize:   256,      // a pod says nothing but its first frame and pongs
		WriteBufferSize:  16 << 10, // a snapshot leaves in one write
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
	stop, err := cfg.Ear.ListenEnds(h.onSessionsEnded)
	if err != nil { // the store is asked every half a second as well
		cfg.Log.Warn("notifications of ended sessions can't be heard", "err", err)
		stop = func() {}
	}
	h.deafen = stop
	h.alive.Go(h.run)
	return h
}

// isOurOrigin wants exactly one Origin header, and in it the public origin to the letter.
func (h *Hub) isOurOrigin(r *http.Request) bool {
	origin := r.Header["Origin"]
	return len(origin) == 1 && origin[0] == h.cfg.Origin
}

// problem refuses before there is a socket (RFC 9457).
func problem(w http.ResponseWriter, status int, code, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{ // the client may be gone, and then nobody asks
		"type": "about:blank", "title": http.StatusText(status), "status": status, "code": code, "detail": detail,
	})
}

// ServeHTTP takes a pod's connection over and returns at once: what net/http holds for a request
// (its goroutine, its buffers) is twice what an idle pod costs.
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
	over := &metered{ResponseWriter: w, hub: h}
	ws, err := h.upgrader.Upgrade(over, r, nil)
	if err != nil {
		return // refused, and said so
	}
	c := newConn(h, ws, over.meter, address)
	if !h.enter(c) {
		c.cut()
		return
	}
	go c.read()
}

// record writes down what looks like an attack.
func (h *Hub) record(code, tenant string, address netip.Addr) {
	if h.cfg.Security != nil {
		h.cfg.Security.Record(code, tenant, address)
	}
}

// tenantOf is an authenticated connection's tenant.
func (h *Hub) tenantOf(c *conn) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c.session == nil {
		return ""
	}
	return c.session.Desk.Tenant
}

// enter puts a new connection on the wheel, and expects its first frame. If too many wait to authenticate, the oldest of them
// goes.
func (h *Hub) enter(c *conn) bool {
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
			evicted.expire(CloseCrowded)
		}
	}()
	h.alive.Add(1)
	c.place = h.place
	h.place = (h.place + 1) % lap
	h.wheel[c.place][c] = struct{}{}
	h.due[c] = h.beats.Load() + patience
	return true
}

// leave forgets a connection that has ended.
func (h *Hub) leave(c *conn) {
	h.mu.Lock()
	c.left = true
	delete(h.wheel[c.place], c)
	delete(h.due, c)
	h.waiting.remove(c)
	if c.tenant != nil {
		h.part(c)
	}
	h.mu.Unlock()
	if c.tenant != nil {
		h.release(c.tenant)
	}
	h.alive.Done()
}

// expect gives a connection some time for its next duty, or none is expected of it any more: its first frame has come.
func (h *Hub) expect(c *conn, something bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case c.left:
	case something && c.session == nil:
		h.due[c] = h.beats.Load() + strangersGoodbye
	case something:
		h.due[c] = h.beats.Load() + patience
	default:
		delete(h.due, c)
		h.waiting.remove(c)
	}
}

// Count is how many pods are authenticated and open here.
func (h *Hub) Count() int { return int(h.pods.Load()) }

// Refresh sends every pod a fresh snapshot: for when more has changed than its contacts' events, as
// the clock does when it is set.
func (h *Hub) Refresh() {
	h.epoch.Add(1)
	for _, c := range h.connections() {
		h.doors.add(func() {
			if c.isGreeted() {
				h.check(c)
				h.snapshot(c)
			}
		})
	}
}

func (h *Hub) connections() []*conn {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []*conn
	for _, at := range h.wheel {
		for c := range at {
			all = append(all, c)
		}
	}
	return all
}

// farewell is how long Close waits for pods to take their leave.
const farewell = 2 * time.Second

// Close tells every pod to come back, to whoever serves then, and returns when all is let go.
func (h *Hub) Close() {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	for _, c := range h.connections() {
		c.close(CloseAway)
	}
	h.cancel()
	h.deafen()
	gone := make(chan struct{})
	go func() {
		h.alive.Wait()
		close(gone)
	}()
	late := time.NewTimer(farewell)
	defer late.Stop()
	select {
	case <-gone:
	case <-late.C:
		for _, c := range h.connections() {
			c.cut()
		}
		<-gone
	}
	h.doors.close()
	h.looks.close()
	h.ends.close()
	h.readings.close()
}
