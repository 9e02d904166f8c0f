package live_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/clientaddr"
	"github.com/shieldpod/shieldpod/bff/internal/live"
	"github.com/shieldpod/shieldpod/bff/internal/policy"
	"github.com/shieldpod/shieldpod/bff/internal/ratelimit"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

const (
	origin      = "https://pod.example"
	testTimeout = 2 * time.Minute // ends a test that hangs
)

var errUnavailable = &verify.Error{Code: verify.CodeUnavailable}

// harness is a hub with in-memory fakes of all its ports.
type harness struct {
	hub    *live.Hub
	ticks  chan time.Time
	server *httptest.Server

	mu              sync.Mutex
	now             time.Time
	seqs            map[string]int64            // by tenant
	lastSeqs        map[string]map[string]int64 // by tenant and contact
	subscribers     map[string]func(string, int64)
	sessions        map[string]verify.Session // by token
	bearerLifetime  time.Duration
	faults          map[string]error // by port method
	hold            chan struct{}    // Reading and Pod block on it after they have read
	authenticating  chan struct{}    // Authenticate blocks on it after the check, unless it is nil
	renewing        chan struct{}    // Renew blocks on it, unless it is nil
	renewals        int
	held            chan struct{} // receives one value for each blocked call
	reads           int
	policyVersions  map[string]int64 // by tenant
	forgotten       []string
	changedAfter    []int64             // arguments of Changed
	padding         string              // in every frame
	ended           []string            // tenants whose sessions were ended, in the order of the calls
	endedSessions   map[string]bool     // by session id
	onSessionsEnded func(tenant string) // subscriber of the hub
	security        []string            // recorded events
}

func newHarness(tb testing.TB) *harness {
	tb.Helper()
	return newLimitedHarness(tb, live.Limits{}, nil)
}

// newLimitedHarness has limits. The header Test-Address sets the address of a client.
func newLimitedHarness(tb testing.TB, limits live.Limits, handshakes *ratelimit.Limiter) *harness {
	tb.Helper()
	h := &harness{
		ticks: make(chan time.Time), now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC),
		seqs: map[string]int64{}, lastSeqs: map[string]map[string]int64{}, subscribers: map[string]func(string, int64){},
		sessions: map[string]verify.Session{}, bearerLifetime: 10 * time.Minute, faults: map[string]error{},
		policyVersions: map[string]int64{}, endedSessions: map[string]bool{},
		held: make(chan struct{}, 100),
	}
	h.hub = live.New(live.Config{
		Projector: h, Changes: h, Subscriber: h, Authenticator: h, Encoder: h, Origin: origin, Ticks: h.ticks,
		Now: h.clock, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), EndedSessions: h, Limits: limits, Handshakes: handshakes, Security: h,
	})
	h.server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		address, err := netip.ParseAddr(r.Header.Get("Test-Address"))
		if err != nil {
			address = netip.MustParseAddr("127.0.0.1")
		}
		h.hub.ServeHTTP(rw, r.WithContext(clientaddr.With(r.Context(), address)))
	}))
	tb.Cleanup(func() {
		h.hub.Close()
		h.server.Close()
	})
	return h
}

func (h *harness) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *harness) advance(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

// passTime sends ticks for the duration. On return the work of all ticks but the last has begun.
func (h *harness) passTime(d time.Duration) {
	for range d / live.Tick {
		h.ticks <- time.Time{}
	}
}

// session adds a session for the token.
func (h *harness) session(token, tenant string, contacts ...string) string {
	s := verify.Session{ID: "s_" + token, EndsAt: h.clock().Add(8 * time.Hour), Context: verify.TicketContext{Tenant: tenant}}
	for _, id := range contacts {
		s.Context.Contacts = append(s.Context.Contacts, verify.Contact{ID: id, Name: "Name of " + id})
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sessions[token] = s
	return token
}

// appendEvent appends an event without a notification.
func (h *harness) appendEvent(tenant, contact string) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.lastSeqs[tenant] == nil {
		h.lastSeqs[tenant] = map[string]int64{}
	}
	h.seqs[tenant]++
	h.lastSeqs[tenant][contact] = h.seqs[tenant]
	return h.seqs[tenant]
}

// publishEvent appends an event and notifies the hub.
func (h *harness) publishEvent(tenant, contact string) int64 {
	seq := h.appendEvent(tenant, contact)
	h.notify(tenant, contact, seq)
	return seq
}

func (h *harness) notify(tenant, contact string, seq int64) {
	h.mu.Lock()
	onNotify := h.subscribers[tenant]
	h.mu.Unlock()
	if onNotify != nil {
		onNotify(contact, seq)
	}
}

func (h *harness) setFault(method string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.faults[method] = err
}

// holdReads blocks every read after it has read, until release is called.
func (h *harness) holdReads() (release func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	hold := make(chan struct{})
	h.hold = hold
	return func() {
		h.mu.Lock()
		h.hold = nil
		h.mu.Unlock()
		close(hold)
	}
}

func (h *harness) wait() {
	h.mu.Lock()
	hold := h.hold
	h.mu.Unlock()
	if hold != nil {
		h.held <- struct{}{}
		<-hold
	}
}

func (h *harness) Pod(_ context.Context, d verify.TicketContext) (verify.Pod, error) {
	h.mu.Lock()
	rules := &policy.Effective{Version: policy.Version{Tenant: h.policyVersions[d.Tenant]}}
	p := verify.Pod{Now: h.now, Context: d, Rules: rules, Contacts: map[string]verify.ContactState{}}
	for _, c := range d.Contacts {
		p.Contacts[c.ID] = verify.ContactState{Contact: c.ID, Seq: h.lastSeqs[d.Tenant][c.ID]}
	}
	err := h.faults["Pod"]
	h.mu.Unlock()
	h.wait()
	return p, err
}

func (h *harness) Forget(tenant string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.forgotten = append(h.forgotten, tenant)
}

// editPolicy changes the tenant's policy, an event without a contact, and returns its number.
func (h *harness) editPolicy(tenant string) int64 {
	h.mu.Lock()
	h.policyVersions[tenant]++
	h.mu.Unlock()
	return h.appendEvent(tenant, "")
}

func (h *harness) ContactState(_ context.Context, tenant, contact string) (verify.ContactState, error) {
	h.mu.Lock()
	h.reads++
	r := verify.ContactState{Contact: contact, Seq: h.lastSeqs[tenant][contact]}
	err := h.faults["Reading"]
	h.mu.Unlock()
	h.wait()
	return r, err
}

func (h *harness) LastEvent(_ context.Context, tenant string) (int64, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.seqs[tenant], h.faults["LastEvent"]
}

func (h *harness) Changed(_ context.Context, tenant string, after int64) (map[string]int64, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.changedAfter = append(h.changedAfter, after)
	changed := map[string]int64{}
	for contact, seq := range h.lastSeqs[tenant] {
		if seq > after {
			changed[contact] = seq
		}
	}
	return changed, h.faults["Changed"]
}

func (h *harness) Subscribe(tenant string, onNotify func(string, int64)) (func(), error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.faults["Subscribe"]; err != nil {
		return nil, err
	}
	if h.subscribers[tenant] != nil {
		return nil, errors.New("a second subscription")
	}
	h.subscribers[tenant] = onNotify
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.subscribers, tenant)
	}, nil
}

func (h *harness) SubscribeEndedSessions(onEnded func(string)) (func(), error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.onSessionsEnded = onEnded
	return func() {}, nil
}

// endSession ends a session without a notification.
func (h *harness) endSession(tenant, token string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.endedSessions["s_"+token] = true
	h.ended = append(h.ended, tenant)
}

func (h *harness) EndedSince(_ context.Context, after int64) ([]string, int64, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.ended[after:]), int64(len(h.ended)), h.faults["EndedSince"]
}

func (h *harness) OpenSessions(_ context.Context, tenant string) (map[string]bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	open := map[string]bool{}
	for _, s := range h.sessions {
		if s.Context.Tenant == tenant && !h.endedSessions[s.ID] {
			open[s.ID] = true
		}
	}
	return open, h.faults["OpenSessions"]
}

func (h *harness) ForgetSessions(tenant string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.forgotten = append(h.forgotten, "sessions of "+tenant)
}

func (h *harness) Record(code, tenant string, address netip.Addr) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.security = append(h.security, strings.Join([]string{code, tenant, address.String()}, " "))
}

// countRecorded returns how often the event was recorded.
func (h *harness) countRecorded(want string) (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, got := range h.security {
		if got == want {
			n++
		}
	}
	return n
}

func (h *harness) subscriptionCount() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.subscribers)
}

func (h *harness) Authenticate(_ context.Context, token string) (verify.Session, time.Time, error) {
	s, until, err := h.authenticate(token)
	h.mu.Lock()
	hold := h.authenticating
	h.mu.Unlock()
	if hold != nil {
		h.held <- struct{}{}
		<-hold
	}
	return s, until, err
}

func (h *harness) authenticate(token string) (verify.Session, time.Time, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.faults["Authenticate"]; err != nil {
		return verify.Session{}, time.Time{}, err
	}
	s, known := h.sessions[token]
	switch {
	case !known || h.endedSessions[s.ID]:
		return verify.Session{}, time.Time{}, &verify.Error{Code: verify.CodeSession}
	case !h.now.Before(s.EndsAt):
		return verify.Session{}, time.Time{}, &verify.Error{Code: verify.CodeSessionEnded}
	}
	return s, h.now.Add(h.bearerLifetime), nil
}

func (h *harness) Renew(_ context.Context, s verify.Session) (string, time.Time, error) {
	h.mu.Lock()
	h.renewals++
	renewing := h.renewing
	h.mu.Unlock()
	if renewing != nil {
		<-renewing
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.endedSessions[s.ID] {
		return "", time.Time{}, &verify.Error{Code: verify.CodeSession}
	}
	if err := h.faults["Renew"]; err != nil {
		return "", time.Time{}, err
	}
	return "renewed " + s.ID, h.now.Add(h.bearerLifetime), nil
}

// testFrame is a frame of the harness's encoder.
type testFrame struct {
	Type    string           `json:"type"`
	Contact string           `json:"contact,omitempty"`
	Seq     int64            `json:"seq,omitempty"`
	Seqs    map[string]int64 `json:"seqs,omitempty"` // of a snapshot
	Token   string           `json:"token,omitempty"`
	Policy  string           `json:"policy,omitempty"` // of a policy frame
	Padding string           `json:"padding,omitempty"`
}

func (h *harness) encode(f testFrame) ([]byte, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f.Padding = h.padding
	data, err := json.Marshal(f)
	return data, errors.Join(err, h.faults[f.Type])
}

func (h *harness) Snapshot(_ context.Context, s verify.Session, p verify.Pod) ([]byte, error) {
	seqs := map[string]int64{}
	for _, c := range s.Context.Contacts {
		seqs[c.ID] = p.Contacts[c.ID].Seq
	}
	return h.encode(testFrame{Type: "snapshot", Seqs: seqs})
}

func (h *harness) Policy(_ context.Context, _ verify.Session, p verify.Pod) ([]byte, error) {
	return h.encode(testFrame{Type: "policy", Policy: p.Rules.Version.String()})
}

func (h *harness) Update(_ context.Context, _ verify.Session, r verify.ContactState, _ time.Time) ([]byte, error) {
	return h.encode(testFrame{Type: "event", Contact: r.Contact, Seq: r.Seq})
}

func (h *harness) Session(token string, _ time.Time) ([]byte, error) {
	return h.encode(testFrame{Type: "session", Token: token})
}
