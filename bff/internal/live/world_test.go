package live_test

import (
	"bytes"
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

	"github.com/gorilla/websocket"

	"github.com/shieldpod/shieldpod/bff/internal/clientaddr"
	"github.com/shieldpod/shieldpod/bff/internal/live"
	"github.com/shieldpod/shieldpod/bff/internal/ratelimit"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

const (
	origin   = "https://pod.example"
	patience = 2 * time.Minute // ends a test that hangs
)

var errDown = &verify.Error{Code: verify.CodeUnavailable}

// world is all that a hub stands on, in memory: it obliges every port.
type world struct {
	hub    *live.Hub
	beats  chan time.Time
	server *httptest.Server

	mu             sync.Mutex
	now            time.Time
	seq            map[string]int64            // by tenant
	last           map[string]map[string]int64 // by tenant and contact
	ears           map[string]func(string, int64)
	sessions       map[string]verify.Session // by token
	bearers        time.Duration             // how long one is good
	down           map[string]error          // by port method
	hold           chan struct{}             // Reading and Pod have read, and wait for it to be closed
	authenticating chan struct{}             // Authenticate has found the bearer good, and waits for it to be closed, if there is one
	renewing       chan struct{}             // Renew waits for it to be closed, if there is one
	renewals       int
	held           chan struct{} // gets one word for each that waits
	reads          int
	rules          map[string]int64 // versions, by tenant
	forgotten      []string
	after          []int64             // what Changed was asked for
	padding        string              // in every frame
	ends           []string            // tenants of which sessions were ended, in the order of the calls
	ended          map[string]bool     // sessions, by id
	endsHeard      func(tenant string) // a notification
	security       []string            // what was recorded
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	return newLimitedWorld(tb, live.Limits{}, nil)
}

// newLimitedWorld has limits. A client's address is what it says in the header Test-Address.
func newLimitedWorld(tb testing.TB, limits live.Limits, handshakes *ratelimit.Limiter) *world {
	tb.Helper()
	w := &world{
		beats: make(chan time.Time), now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC),
		seq: map[string]int64{}, last: map[string]map[string]int64{}, ears: map[string]func(string, int64){},
		sessions: map[string]verify.Session{}, bearers: 10 * time.Minute, down: map[string]error{},
		rules: map[string]int64{}, ended: map[string]bool{},
		held: make(chan struct{}, 100),
	}
	w.hub = live.New(live.Config{
		Readings: w, Changes: w, Ear: w, Door: w, Encoder: w, Origin: origin, Beats: w.beats,
		Now: w.clock, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Ends: w, Limits: limits, Handshakes: handshakes, Security: w,
	})
	w.server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		address, err := netip.ParseAddr(r.Header.Get("Test-Address"))
		if err != nil {
			address = netip.MustParseAddr("127.0.0.1")
		}
		w.hub.ServeHTTP(rw, r.WithContext(clientaddr.With(r.Context(), address)))
	}))
	tb.Cleanup(func() {
		w.hub.Close()
		w.server.Close()
	})
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// pass lets so much time pass for the hub, and returns when all but the last beat's work is begun.
func (w *world) pass(d time.Duration) {
	for range d / live.Beat {
		w.beats <- time.Time{}
	}
}

// session makes one that a token opens.
func (w *world) session(token, tenant string, contacts ...string) string {
	s := verify.Session{ID: "s_" + token, EndsAt: w.clock().Add(8 * time.Hour), Desk: verify.Desk{Tenant: tenant}}
	for _, id := range contacts {
		s.Desk.Contacts = append(s.Desk.Contacts, verify.Contact{ID: id, Name: "Name of " + id})
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sessions[token] = s
	return token
}

// happen appends an event and whispers nothing of it.
func (w *world) happen(tenant, contact string) int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.last[tenant] == nil {
		w.last[tenant] = map[string]int64{}
	}
	w.seq[tenant]++
	w.last[tenant][contact] = w.seq[tenant]
	return w.seq[tenant]
}

// tell appends an event and whispers of it.
func (w *world) tell(tenant, contact string) int64 {
	seq := w.happen(tenant, contact)
	w.whisper(tenant, contact, seq)
	return seq
}

func (w *world) whisper(tenant, contact string, seq int64) {
	w.mu.Lock()
	heard := w.ears[tenant]
	w.mu.Unlock()
	if heard != nil {
		heard(contact, seq)
	}
}

func (w *world) breakDown(method string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down[method] = err
}

// holdReads has every read wait after it has read, until the returned function is called.
func (w *world) holdReads() (release func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	hold := make(chan struct{})
	w.hold = hold
	return func() {
		w.mu.Lock()
		w.hold = nil
		w.mu.Unlock()
		close(hold)
	}
}

func (w *world) wait() {
	w.mu.Lock()
	hold := w.hold
	w.mu.Unlock()
	if hold != nil {
		w.held <- struct{}{}
		<-hold
	}
}

func (w *world) Pod(_ context.Context, d verify.Desk) (verify.Pod, error) {
	w.mu.Lock()
	rules := &verify.Rules{Version: verify.PolicyVersion{Tenant: w.rules[d.Tenant]}}
	p := verify.Pod{Now: w.now, Desk: d, Rules: rules, Readings: map[string]verify.Reading{}}
	for _, c := range d.Contacts {
		p.Readings[c.ID] = verify.Reading{Contact: c.ID, Seq: w.last[d.Tenant][c.ID]}
	}
	err := w.down["Pod"]
	w.mu.Unlock()
	w.wait()
	return p, err
}

func (w *world) Forget(tenant string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.forgotten = append(w.forgotten, tenant)
}

// edit changes the tenant's rules, as an event of no contact, and gives its number.
func (w *world) edit(tenant string) int64 {
	w.mu.Lock()
	w.rules[tenant]++
	w.mu.Unlock()
	return w.happen(tenant, "")
}

func (w *world) Reading(_ context.Context, tenant, contact string) (verify.Reading, error) {
	w.mu.Lock()
	w.reads++
	r := verify.Reading{Contact: contact, Seq: w.last[tenant][contact]}
	err := w.down["Reading"]
	w.mu.Unlock()
	w.wait()
	return r, err
}

func (w *world) LastEvent(_ context.Context, tenant string) (int64, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seq[tenant], w.down["LastEvent"]
}

func (w *world) Changed(_ context.Context, tenant string, after int64) (map[string]int64, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.after = append(w.after, after)
	changed := map[string]int64{}
	for contact, seq := range w.last[tenant] {
		if seq > after {
			changed[contact] = seq
		}
	}
	return changed, w.down["Changed"]
}

func (w *world) Listen(tenant string, heard func(string, int64)) (func(), error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.down["Listen"]; err != nil {
		return nil, err
	}
	if w.ears[tenant] != nil {
		return nil, errors.New("a second subscription")
	}
	w.ears[tenant] = heard
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.ears, tenant)
	}, nil
}

func (w *world) ListenEnds(heard func(string)) (func(), error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.endsHeard = heard
	return func() {}, nil
}

// end ends a session and tells nobody.
func (w *world) end(tenant, token string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended["s_"+token] = true
	w.ends = append(w.ends, tenant)
}

func (w *world) EndedSince(_ context.Context, after int64) ([]string, int64, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.ends[after:]), int64(len(w.ends)), w.down["EndedSince"]
}

func (w *world) OpenSessions(_ context.Context, tenant string) (map[string]bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	open := map[string]bool{}
	for _, s := range w.sessions {
		if s.Desk.Tenant == tenant && !w.ended[s.ID] {
			open[s.ID] = true
		}
	}
	return open, w.down["OpenSessions"]
}

func (w *world) ForgetSessions(tenant string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.forgotten = append(w.forgotten, "sessions of "+tenant)
}

func (w *world) Record(code, tenant string, address netip.Addr) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.security = append(w.security, strings.Join([]string{code, tenant, address.String()}, " "))
}

// recorded is how often this was.
func (w *world) recorded(want string) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, got := range w.security {
		if got == want {
			n++
		}
	}
	return n
}

func (w *world) listening() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.ears)
}

func (w *world) Authenticate(_ context.Context, token string) (verify.Session, time.Time, error) {
	s, until, err := w.authenticate(token)
	w.mu.Lock()
	hold := w.authenticating
	w.mu.Unlock()
	if hold != nil {
		w.held <- struct{}{}
		<-hold
	}
	return s, until, err
}

func (w *world) authenticate(token string) (verify.Session, time.Time, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.down["Authenticate"]; err != nil {
		return verify.Session{}, time.Time{}, err
	}
	s, known := w.sessions[token]
	switch {
	case !known || w.ended[s.ID]:
		return verify.Session{}, time.Time{}, &verify.Error{Code: verify.CodeSession}
	case !w.now.Before(s.EndsAt):
		return verify.Session{}, time.Time{}, &verify.Error{Code: verify.CodeSessionEnded}
	}
	return s, w.now.Add(w.bearers), nil
}

func (w *world) Renew(_ context.Context, s verify.Session) (string, time.Time, error) {
	w.mu.Lock()
	w.renewals++
	renewing := w.renewing
	w.mu.Unlock()
	if renewing != nil {
		<-renewing
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended[s.ID] {
		return "", time.Time{}, &verify.Error{Code: verify.CodeSession}
	}
	if err := w.down["Renew"]; err != nil {
		return "", time.Time{}, err
	}
	return "renewed " + s.ID, w.now.Add(w.bearers), nil
}

// told is a frame as the tests' encoder writes it.
type told struct {
	Type    string           `json:"type"`
	Contact string           `json:"contact,omitempty"`
	Seq     int64            `json:"seq,omitempty"`
	Seqs    map[string]int64 `json:"seqs,omitempty"` // of a snapshot
	Token   string           `json:"token,omitempty"`
	Rules   string           `json:"rules,omitempty"` // of a policy frame
	Padding string           `json:"padding,omitempty"`
}

func (w *world) encode(f told) ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f.Padding = w.padding
	data, err := json.Marshal(f)
	return data, errors.Join(err, w.down[f.Type])
}

func (w *world) Snapshot(_ context.Context, s verify.Session, p verify.Pod) ([]byte, error) {
	seqs := map[string]int64{}
	for _, c := range s.Desk.Contacts {
		seqs[c.ID] = p.Readings[c.ID].Seq
	}
	return w.encode(told{Type: "snapshot", Seqs: seqs})
}

func (w *world) Policy(_ context.Context, _ verify.Session, p verify.Pod) ([]byte, error) {
	return w.encode(told{Type: "policy", Rules: p.Rules.Version.String()})
}

func (w *world) Update(_ context.Context, _ verify.Session, r verify.Reading, _ time.Time) ([]byte, error) {
	return w.encode(told{Type: "event", Contact: r.Contact, Seq: r.Seq})
}

func (w *world) Session(token string, _ time.Time) ([]byte, error) {
	return w.encode(told{Type: "session", Token: token})
}

// pod is a client.
type pod struct {
	tb testing.TB
	ws *websocket.Conn
}

func (w *world) dial(tb testing.TB) *pod {
	tb.Helper()
	return w.dialFrom(tb, "")
}

func (w *world) dialFrom(tb testing.TB, address string) *pod {
	tb.Helper()
	header := http.Header{"Origin": {origin}, "Test-Address": {address}}
	ws, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(w.server.URL, "http"), header)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = ws.Close() })
	return &pod{tb, ws}
}

// enter dials, and returns when the hub expects the first frame.
func (w *world) enter(tb testing.TB) *pod {
	tb.Helper()
	before := w.hub.Connections()
	p := w.dial(tb)
	until(tb, "the connection has entered", func() bool { return w.hub.Connections() > before })
	return p
}

// open dials, authenticates and takes the snapshot.
func (w *world) open(tb testing.TB, token string) *pod {
	tb.Helper()
	p := w.dial(tb)
	p.say(`{"type":"auth","token":"` + token + `"}`)
	if got := p.next(); got.Type != "snapshot" {
		tb.Fatalf("the first frame is %+v, want a snapshot", got)
	}
	return p
}

func (p *pod) say(text string) {
	p.tb.Helper()
	if err := p.ws.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		p.tb.Fatal(err)
	}
}

func (p *pod) next() told {
	p.tb.Helper()
	f, err := p.read()
	if err != nil {
		p.tb.Fatal(err)
	}
	return f
}

func (p *pod) read() (told, error) {
	_ = p.ws.SetReadDeadline(time.Now().Add(patience))
	_, data, err := p.ws.ReadMessage()
	if err != nil {
		return told{}, err
	}
	var f told
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return f, d.Decode(&f)
}

// event wants the next frame to be an update, and just this one.
func (p *pod) event(contact string, seq int64) {
	p.tb.Helper()
	if got, want := p.next(), (told{Type: "event", Contact: contact, Seq: seq}); got.Type != want.Type || got.Contact != want.Contact || got.Seq != want.Seq {
		p.tb.Fatalf("the next frame is %+v, want %+v", got, want)
	}
}

// closed reads to the end, and gives the frames before it and the close code.
func (p *pod) closed() ([]told, int) {
	p.tb.Helper()
	var frames []told
	for {
		f, err := p.read()
		if err == nil {
			frames = append(frames, f)
			continue
		}
		var end *websocket.CloseError
		if !errors.As(err, &end) {
			p.tb.Fatalf("the connection ends without a word: %v", err)
		}
		return frames, end.Code
	}
}

// wantClosed wants the connection to end with the code and nothing before it.
func (p *pod) wantClosed(code int) {
	p.tb.Helper()
	if frames, got := p.closed(); got != code || len(frames) > 0 {
		p.tb.Fatalf("closed with %d after %+v, want %d at once", got, frames, code)
	}
}

// until asks again and again, for as long as a slow machine may need.
func until(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	again := time.NewTicker(2 * time.Millisecond)
	defer again.Stop()
	late := time.After(patience)
	for !ok() {
		select {
		case <-again.C:
		case <-late:
			tb.Fatalf("still not so: %s", what)
		}
	}
}
