package live_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/bus"
	"github.com/shieldpod/shieldpod/bff/internal/httpapi"
	"github.com/shieldpod/shieldpod/bff/internal/launch"
	"github.com/shieldpod/shieldpod/bff/internal/live"
	"github.com/shieldpod/shieldpod/bff/internal/message"
	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/api"
)

// clock is a test's own time.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// node is a hub among the real rooms: store, domain, bus and launch.
type node struct {
	*world // for its beats and its client
	domain *verify.Service
	door   *launch.Service
	store  *store.Store
	bus    *bus.Bus
	clock  *clock
}

// Wake is the courier's, whom these tests have no use for.
func (n *node) Wake() {}

func newNode(t *testing.T, db *store.Store, c *clock, cluster bus.Config) *node {
	t.Helper()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	cluster.Now, cluster.Log = time.Now, log
	whispers, err := bus.Start(t.Context(), cluster)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(whispers.Close)
	n := &node{store: db, bus: whispers, clock: c, world: &world{beats: make(chan time.Time)}}
	n.domain = storetest.Service(db, c.Now)
	n.domain.Bus, n.domain.Courier = whispers, n
	n.door = &launch.Service{Tenants: db, Sessions: db, Recogniser: n.domain, Tickets: psa.Systems{}, Audience: origin, Secret: bytes.Repeat([]byte{3}, 32), Now: c.Now, Entropy: rand.Reader}
	n.hub = live.New(live.Config{
		Readings: n.domain, Changes: db, Ear: whispers, Door: n.door, Encoder: httpapi.Frames{Verify: n.domain, Brands: &message.Shelf{Tenants: db, Brandings: db, Now: c.Now}},
		Origin: origin, Now: c.Now, Log: log, Beats: n.beats, Ends: db,
	})
	n.server = httptest.NewServer(n.hub)
	t.Cleanup(func() {
		n.hub.Close()
		n.server.Close()
	})
	return n
}

func newHouse(t *testing.T) *node {
	t.Helper()
	c := &clock{now: time.Now().UTC().Truncate(time.Second)}
	db := storetest.Open(t, filepath.Join(t.TempDir(), "shieldpod.db"), c.Now)
	err := db.PutTenant(t.Context(), verify.Tenant{ID: "acme", Name: "Acme IT"})
	if err != nil {
		t.Fatal(err)
	}
	return newNode(t, db, c, bus.Config{})
}

// dana is a ticket's contact, and the ticket open on a desk.
func dana() verify.Desk {
	return verify.Desk{
		Tenant: "acme", Technician: verify.Technician{ID: "ana", Name: "Ana Ortiz"},
		Ticket: verify.Ticket{ID: "4711", Number: "4711"}, Client: verify.Client{ID: "contoso", Name: "Contoso"},
		DefaultContact: "dana",
		Contacts: []verify.Contact{{ID: "dana", Name: "Dana Reyes", Channels: []verify.Channel{
			{ID: "mobile", Kind: verify.Phone, Value: "+14155554821", Capability: verify.Mobile},
			{ID: "mail", Kind: verify.Email, Value: "dana@contoso.com"},
		}}},
	}
}

// bearer opens a session and gives what a pod shows of it.
func (n *node) bearer(t *testing.T, id string) (string, verify.Session) {
	t.Helper()
	s := verify.Session{ID: id, Desk: dana(), OpenedAt: n.clock.Now(), EndsAt: n.clock.Now().Add(launch.SessionLifetime)}
	if _, err := n.store.OpenSession(t.Context(), s, "jti of "+id, s.EndsAt); err != nil {
		t.Fatal(err)
	}
	token, _, err := n.door.Renew(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return token, s
}

// link sends one and gives what the end user gets.
func (n *node) link(t *testing.T, channel string, m verify.Method) string {
	t.Helper()
	_, err := n.domain.Send(t.Context(), dana(), verify.Request{Contact: "dana", Channel: channel, Method: m, Key: "key-" + channel})
	if err != nil {
		t.Fatal(err)
	}
	now := n.clock.Now()
	jobs, err := n.store.ClaimJobs(t.Context(), m.Kind(), now, now.Add(time.Minute), 10)
	if err != nil || len(jobs) != 1 {
		t.Fatalf("%d jobs, %v; want one", len(jobs), err)
	}
	return jobs[0].Secret
}

// page is a client that speaks the contract.
type page struct{ *pod }

func (n *node) page(t *testing.T, token string, since *int64) page {
	t.Helper()
	p := page{n.dial(t)}
	hello, err := json.Marshal(struct {
		Type  string `json:"type"`
		Token string `json:"token"`
		Since *int64 `json:"since,omitempty"`
	}{"auth", token, since})
	if err != nil {
		t.Fatal(err)
	}
	p.say(string(hello))
	return p
}

func frameOf[T any](t *testing.T, p page) T {
	t.Helper()
	_ = p.ws.SetReadDeadline(time.Now().Add(patience))
	_, data, err := p.ws.ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	var frame T
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&frame); err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	return frame
}

// shows wants the next update to show the channel in this state.
func (p page) shows(t *testing.T, channel string, state verify.State) int64 {
	t.Helper()
	f := frameOf[api.EventFrame](t, p)
	if f.ContactId != "dana" || string(f.Shields[channel].State) != string(state) {
		t.Fatalf("the next update is %+v, want %s %s", f, channel, state)
	}
	return f.Seq
}

func TestAValidatedLinkTurnsTheShieldGreenInEveryPod(t *testing.T) {
	n := newHouse(t)
	var pages []page
	for i := range 2 {
		token, _ := n.bearer(t, fmt.Sprint("s_", i))
		p := n.page(t, token, nil)
		snapshot := frameOf[api.SnapshotFrame](t, p)
		if c := snapshot.Pod.Contacts; len(c) != 1 || c[0].Id != "dana" || c[0].Seq != 0 {
			t.Fatalf("the snapshot is %+v", snapshot)
		}
		pages = append(pages, p)
	}
	secret := n.link(t, "mobile", verify.SMSLink)
	for _, p := range pages {
		p.shows(t, "mobile", verify.ShieldPending)
	}
	if _, err := n.domain.Validate(t.Context(), secret, ""); err != nil {
		t.Fatal(err)
	}
	for _, p := range pages {
		p.shows(t, "mobile", verify.ShieldVerified)
	}
}

func TestBackWithSinceADenialThatWasMissedIsShown(t *testing.T) {
	n := newHouse(t)
	token, _ := n.bearer(t, "s_1")
	p := n.page(t, token, nil)
	frameOf[api.SnapshotFrame](t, p)
	secret := n.link(t, "mail", verify.EmailLink)
	seen := p.shows(t, "mail", verify.ShieldPending)
	_ = p.ws.Close()
	until(t, "the pod is gone", func() bool { return n.hub.Count() == 0 })
	if _, err := n.domain.Deny(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	n.page(t, token, &seen).shows(t, "mail", verify.ShieldDenied)
}

func TestARevokedSessionLosesItsSocket(t *testing.T) {
	n := newHouse(t)
	token, s := n.bearer(t, "s_1")
	p := n.page(t, token, nil)
	frameOf[api.SnapshotFrame](t, p)
	if err := n.store.EndSession(t.Context(), "acme", s.ID); err != nil {
		t.Fatal(err)
	}
	n.clock.advance(time.Minute)
	n.pass(31 * time.Second)
	p.wantClosed(live.CloseRevoked)
	n.page(t, token, nil).wantClosed(live.CloseUnauthenticated)
}

func TestTheBearerThatASocketBringsIsGood(t *testing.T) {
	n := newHouse(t)
	token, s := n.bearer(t, "s_1")
	p := n.page(t, token, nil)
	frameOf[api.SnapshotFrame](t, p)
	n.clock.advance(launch.BearerLifetime - 2*time.Minute)
	n.pass(31 * time.Second)
	renewed := frameOf[api.SessionFrame](t, p)
	got, until, err := n.door.Authenticate(t.Context(), renewed.Token)
	if err != nil || got.ID != s.ID || !until.Equal(renewed.ExpiresAt) {
		t.Errorf("it names %q until %v (%v), want %q until %v", got.ID, until, err, s.ID, renewed.ExpiresAt)
	}
	n.clock.advance(launch.SessionLifetime)
	n.hub.Refresh()
	p.wantClosed(live.CloseSessionOver)
}

func TestWithoutItsStoreNoPodStaysOpen(t *testing.T) {
	c := &clock{now: time.Now()}
	db, err := store.Open(t.Context(), store.Config{URL: filepath.Join(t.TempDir(), "shieldpod.db"), Vault: storetest.Vault(t), Now: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(db.Migrate(t.Context()), db.PutTenant(t.Context(), verify.Tenant{ID: "acme"}))
	if err != nil {
		t.Fatal(err)
	}
	n := newNode(t, db, c, bus.Config{})
	token, _ := n.bearer(t, "s_1")
	p := n.page(t, token, nil)
	frameOf[api.SnapshotFrame](t, p)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	n.pass(16 * time.Second)
	p.wantClosed(live.CloseUnavailable)
	n.clock.advance(time.Minute)
	n.page(t, token, nil).wantClosed(live.CloseUnavailable)
}

func TestAPodHearsWhatHappensOnAnotherNode(t *testing.T) {
	c := &clock{now: time.Now().UTC()}
	db := storetest.Open(t, filepath.Join(t.TempDir(), "shieldpod.db"), c.Now)
	if err := db.PutTenant(t.Context(), verify.Tenant{ID: "acme"}); err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	a := newNode(t, db, c, bus.Config{ClusterListen: address})
	b := newNode(t, db, c, bus.Config{ClusterListen: "127.0.0.1:0", ClusterRoutes: []string{address}})
	until(t, "the mesh is whole", func() bool { return a.bus.Ready() == nil && b.bus.Ready() == nil })

	token, _ := a.bearer(t, "s_1")
	p := b.page(t, token, nil)
	frameOf[api.SnapshotFrame](t, p)
	secret := a.link(t, "mobile", verify.SMSLink)
	// Right after the mesh has formed any whisper may be lost; the slow tick makes up for it.
	b.pass(16 * time.Second)
	p.shows(t, "mobile", verify.ShieldPending)
	if _, err := a.domain.Validate(t.Context(), secret, ""); err != nil {
		t.Fatal(err)
	}
	b.pass(16 * time.Second)
	p.shows(t, "mobile", verify.ShieldVerified)
}

func TestSessionsThatAreEndedOnOneNodeLoseTheirSocketsOnAnother(t *testing.T) {
	for _, row := range []struct {
		name string
		tell func(t *testing.T, ender, other *node)
	}{
		{"told over the bus, without a beat", func(t *testing.T, ender, _ *node) {
			if err := ender.bus.NotifyEnds("acme"); err != nil {
				t.Fatal(err)
			}
		}},
		{"when the notification is lost, within half a second", func(_ *testing.T, _, other *node) { other.pass(500 * time.Millisecond) }},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := &clock{now: time.Now().UTC()}
			db := storetest.Open(t, filepath.Join(t.TempDir(), "shieldpod.db"), c.Now)
			if err := db.PutTenant(t.Context(), verify.Tenant{ID: "acme"}); err != nil {
				t.Fatal(err)
			}
			address := freeAddress(t)
			a := newNode(t, db, c, bus.Config{ClusterListen: address})
			b := newNode(t, db, c, bus.Config{ClusterListen: "127.0.0.1:0", ClusterRoutes: []string{address}})
			until(t, "the mesh is whole", func() bool { return a.bus.Ready() == nil && b.bus.Ready() == nil })
			warm(t, a.bus, b.bus)
			var pages []page
			var tokens []string
			for i := range 3 {
				token, _ := a.bearer(t, fmt.Sprint("s_", i))
				p := b.page(t, token, nil)
				frameOf[api.SnapshotFrame](t, p)
				pages, tokens = append(pages, p), append(tokens, token)
			}
			if n, err := db.EndSessions(t.Context(), "acme", "ana"); n != 3 || err != nil {
				t.Fatal(n, err)
			}
			row.tell(t, a, b)
			for i, p := range pages {
				p.wantClosed(live.CloseRevoked)
				if _, _, err := b.door.Authenticate(t.Context(), tokens[i]); verify.CodeOf(err) != verify.CodeSession {
					t.Errorf("its bearer: %v", err)
				}
			}
		})
	}
}

// warm returns when notifications reach the other node: right after the mesh has formed they may be lost.
func warm(t *testing.T, from, to *bus.Bus) {
	t.Helper()
	told := make(chan string, 100)
	stop, err := to.ListenEnds(func(tenant string) { told <- tenant })
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	until(t, "the other node hears", func() bool {
		if err := from.NotifyEnds("warm"); err != nil {
			t.Fatal(err)
		}
		return len(told) > 0
	})
}

// freeAddress is one that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	return strings.TrimPrefix(s.URL, "http://")
}
