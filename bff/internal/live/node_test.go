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

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/httpapi"
	"github.com/shieldpod/shieldpod/bff/internal/launch"
	"github.com/shieldpod/shieldpod/bff/internal/live"
	"github.com/shieldpod/shieldpod/bff/internal/message"
	"github.com/shieldpod/shieldpod/bff/internal/notify"
	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/api"
)

// clock is an adjustable clock.
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

// node is a hub with the real store, domain, bus and launch service.
type node struct {
	*harness // for its ticks and its clients
	domain   *verify.Service
	launch   *launch.Service
	store    *store.Store
	bus      *notify.Bus
	clock    *clock
}

func newNode(t *testing.T, db *store.Store, c *clock, cluster notify.Config) *node {
	t.Helper()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	cluster.Now, cluster.Log = time.Now, log
	notifier, err := notify.Start(t.Context(), cluster)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(notifier.Close)
	n := &node{store: db, bus: notifier, clock: c, harness: &harness{ticks: make(chan time.Time)}}
	n.domain = storetest.Service(db, c.Now)
	n.domain.Notifier = notifier
	n.launch = &launch.Service{Tenants: db, Sessions: db, ChangeDetector: n.domain, Tickets: psa.Systems{}, Audience: origin, Secret: bytes.Repeat([]byte{3}, 32), Now: c.Now, Entropy: rand.Reader}
	n.hub = live.New(live.Config{
		Projector: n.domain, Changes: db, Subscriber: notifier, Authenticator: n.launch, Encoder: httpapi.Frames{Verify: n.domain, Brands: message.NewBrandCache(db, db, c.Now)},
		Origin: origin, Now: c.Now, Log: log, Ticks: n.ticks, EndedSessions: db,
	})
	n.server = httptest.NewServer(n.hub)
	t.Cleanup(func() {
		n.hub.Close()
		n.server.Close()
	})
	return n
}

func newSingleNode(t *testing.T) *node {
	t.Helper()
	c := &clock{now: time.Now().UTC().Truncate(time.Second)}
	db := storetest.Open(t, filepath.Join(t.TempDir(), "shieldpod.db"), c.Now)
	err := storetest.PutTenant(t.Context(), db, verify.Tenant{ID: "acme", Name: "Acme IT"})
	if err != nil {
		t.Fatal(err)
	}
	return newNode(t, db, c, notify.Config{})
}

// danaTicket is an open ticket with one contact.
func danaTicket() verify.TicketContext {
	return verify.TicketContext{
		Tenant: "acme", Technician: verify.Technician{ID: "ana", Name: "Ana Ortiz"},
		Ticket: verify.Ticket{ID: "4711", Number: "4711"}, Client: verify.Client{ID: "contoso", Name: "Contoso"},
		DefaultContact: "dana",
		Contacts: []verify.Contact{{ID: "dana", Name: "Dana Reyes", Channels: []verify.Channel{
			{ID: "mobile", Kind: channel.Phone, Value: "+14155554821", Capability: channel.Mobile},
			{ID: "mail", Kind: channel.Email, Value: "dana@contoso.com"},
		}}},
	}
}

// bearer opens a session and returns its bearer.
func (n *node) bearer(t *testing.T, id string) (string, verify.Session) {
	t.Helper()
	s := verify.Session{ID: id, Context: danaTicket(), OpenedAt: n.clock.Now(), EndsAt: n.clock.Now().Add(launch.SessionLifetime)}
	if _, err := n.store.OpenSession(t.Context(), verify.NewSession{Session: s, JTI: "jti of " + id, JTIUntil: s.EndsAt}); err != nil {
		t.Fatal(err)
	}
	token, _, err := n.launch.Renew(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return token, s
}

// sendLink sends a link and returns its secret.
func (n *node) sendLink(t *testing.T, channel string, m channel.Method) string {
	t.Helper()
	_, err := n.domain.Send(t.Context(), danaTicket(), verify.Request{Contact: "dana", Channel: channel, Method: m, Key: "key-" + channel})
	if err != nil {
		t.Fatal(err)
	}
	now := n.clock.Now()
	jobs, err := n.store.Messages(m.Kind()).Claim(t.Context(), now, now.Add(time.Minute), 10, nil)
	if err != nil || len(jobs) != 1 {
		t.Fatalf("%d jobs, %v; want one", len(jobs), err)
	}
	return jobs[0].Secret
}

// apiClient is a client that decodes the frames of the contract.
type apiClient struct{ *client }

func (n *node) dialAPI(t *testing.T, token string, since *int64) apiClient {
	t.Helper()
	p := apiClient{n.dial(t)}
	auth, err := json.Marshal(struct {
		Type  string `json:"type"`
		Token string `json:"token"`
		Since *int64 `json:"since,omitempty"`
	}{"auth", token, since})
	if err != nil {
		t.Fatal(err)
	}
	p.send(string(auth))
	return p
}

func frameOf[T any](t *testing.T, p apiClient) T {
	t.Helper()
	_ = p.ws.SetReadDeadline(time.Now().Add(testTimeout))
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

// wantShield checks that the next update shows the channel in this state.
func (p apiClient) wantShield(t *testing.T, channel string, state verify.State) int64 {
	t.Helper()
	f := frameOf[api.EventFrame](t, p)
	if f.ContactId != "dana" || string(f.Shields[channel].State) != string(state) {
		t.Fatalf("the next update is %+v, want %s %s", f, channel, state)
	}
	return f.Seq
}

func TestAValidatedLinkTurnsTheShieldGreenInEveryPod(t *testing.T) {
	n := newSingleNode(t)
	var pages []apiClient
	for i := range 2 {
		token, _ := n.bearer(t, fmt.Sprint("s_", i))
		p := n.dialAPI(t, token, nil)
		snapshot := frameOf[api.SnapshotFrame](t, p)
		if c := snapshot.Pod.Contacts; len(c) != 1 || c[0].Id != "dana" || c[0].Seq != 0 {
			t.Fatalf("the snapshot is %+v", snapshot)
		}
		pages = append(pages, p)
	}
	secret := n.sendLink(t, "mobile", channel.SMSLink)
	for _, p := range pages {
		p.wantShield(t, "mobile", verify.ShieldPending)
	}
	if _, err := n.domain.Validate(t.Context(), secret, ""); err != nil {
		t.Fatal(err)
	}
	for _, p := range pages {
		p.wantShield(t, "mobile", verify.ShieldVerified)
	}
}

func TestAPodThatResumesIsShownAMissedDenial(t *testing.T) {
	n := newSingleNode(t)
	token, _ := n.bearer(t, "s_1")
	p := n.dialAPI(t, token, nil)
	frameOf[api.SnapshotFrame](t, p)
	secret := n.sendLink(t, "mail", channel.EmailLink)
	seen := p.wantShield(t, "mail", verify.ShieldPending)
	_ = p.ws.Close()
	until(t, "the pod is gone", func() bool { return n.hub.Count() == 0 })
	if _, err := n.domain.Deny(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	n.dialAPI(t, token, &seen).wantShield(t, "mail", verify.ShieldDenied)
}

func TestARevokedSessionLosesItsSocket(t *testing.T) {
	n := newSingleNode(t)
	token, s := n.bearer(t, "s_1")
	p := n.dialAPI(t, token, nil)
	frameOf[api.SnapshotFrame](t, p)
	if err := n.store.EndSession(t.Context(), "acme", s.ID); err != nil {
		t.Fatal(err)
	}
	n.clock.advance(time.Minute)
	n.passTime(31 * time.Second)
	p.wantClosed(live.CloseRevoked)
	n.dialAPI(t, token, nil).wantClosed(live.CloseUnauthenticated)
}

func TestTheRenewedBearerAuthenticates(t *testing.T) {
	n := newSingleNode(t)
	token, s := n.bearer(t, "s_1")
	p := n.dialAPI(t, token, nil)
	frameOf[api.SnapshotFrame](t, p)
	n.clock.advance(launch.BearerLifetime - 2*time.Minute)
	n.passTime(31 * time.Second)
	renewed := frameOf[api.SessionFrame](t, p)
	got, until, err := n.launch.Authenticate(t.Context(), renewed.Token)
	if err != nil || got.ID != s.ID || !until.Equal(renewed.ExpiresAt) {
		t.Errorf("it has session %q until %v (%v), want %q until %v", got.ID, until, err, s.ID, renewed.ExpiresAt)
	}
	n.clock.advance(launch.SessionLifetime)
	n.hub.Refresh()
	p.wantClosed(live.CloseSessionEnded)
}

func TestAPodIsClosedWhenTheStoreIsUnavailable(t *testing.T) {
	c := &clock{now: time.Now()}
	db, err := store.Open(t.Context(), store.Config{URL: filepath.Join(t.TempDir(), "shieldpod.db"), Vault: storetest.Vault(t), Now: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(db.Migrate(t.Context()), storetest.PutTenant(t.Context(), db, verify.Tenant{ID: "acme"}))
	if err != nil {
		t.Fatal(err)
	}
	n := newNode(t, db, c, notify.Config{})
	token, _ := n.bearer(t, "s_1")
	p := n.dialAPI(t, token, nil)
	frameOf[api.SnapshotFrame](t, p)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	n.passTime(16 * time.Second)
	p.wantClosed(live.CloseUnavailable)
	n.clock.advance(time.Minute)
	n.dialAPI(t, token, nil).wantClosed(live.CloseUnavailable)
}

func TestAPodIsNotifiedOfEventsOnAnotherNode(t *testing.T) {
	c := &clock{now: time.Now().UTC()}
	db := storetest.Open(t, filepath.Join(t.TempDir(), "shieldpod.db"), c.Now)
	if err := storetest.PutTenant(t.Context(), db, verify.Tenant{ID: "acme"}); err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	a := newNode(t, db, c, notify.Config{ClusterListen: address})
	b := newNode(t, db, c, notify.Config{ClusterListen: "127.0.0.1:0", ClusterRoutes: []string{address}})
	until(t, "the mesh is whole", func() bool { return a.bus.Ready() == nil && b.bus.Ready() == nil })

	token, _ := a.bearer(t, "s_1")
	p := b.dialAPI(t, token, nil)
	frameOf[api.SnapshotFrame](t, p)
	secret := a.sendLink(t, "mobile", channel.SMSLink)
	// Right after the mesh has formed a notification may be lost. Polling covers that.
	b.passTime(16 * time.Second)
	p.wantShield(t, "mobile", verify.ShieldPending)
	if _, err := a.domain.Validate(t.Context(), secret, ""); err != nil {
		t.Fatal(err)
	}
	b.passTime(16 * time.Second)
	p.wantShield(t, "mobile", verify.ShieldVerified)
}

func TestSessionsThatAreEndedOnOneNodeLoseTheirSocketsOnAnother(t *testing.T) {
	for _, row := range []struct {
		name string
		tell func(t *testing.T, ender, other *node)
	}{
		{"with a notification, without a tick", func(t *testing.T, ender, _ *node) {
			if err := ender.bus.NotifyEndedSessions("acme"); err != nil {
				t.Fatal(err)
			}
		}},
		{"when the notification is lost, within half a second", func(_ *testing.T, _, other *node) { other.passTime(500 * time.Millisecond) }},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := &clock{now: time.Now().UTC()}
			db := storetest.Open(t, filepath.Join(t.TempDir(), "shieldpod.db"), c.Now)
			if err := storetest.PutTenant(t.Context(), db, verify.Tenant{ID: "acme"}); err != nil {
				t.Fatal(err)
			}
			address := freeAddress(t)
			a := newNode(t, db, c, notify.Config{ClusterListen: address})
			b := newNode(t, db, c, notify.Config{ClusterListen: "127.0.0.1:0", ClusterRoutes: []string{address}})
			until(t, "the mesh is whole", func() bool { return a.bus.Ready() == nil && b.bus.Ready() == nil })
			waitForDelivery(t, a.bus, b.bus)
			var pages []apiClient
			var tokens []string
			for i := range 3 {
				token, _ := a.bearer(t, fmt.Sprint("s_", i))
				p := b.dialAPI(t, token, nil)
				frameOf[api.SnapshotFrame](t, p)
				pages, tokens = append(pages, p), append(tokens, token)
			}
			if n, err := storetest.EndSessions(t.Context(), db, "acme", "ana"); n != 3 || err != nil {
				t.Fatal(n, err)
			}
			row.tell(t, a, b)
			for i, p := range pages {
				p.wantClosed(live.CloseRevoked)
				if _, _, err := b.launch.Authenticate(t.Context(), tokens[i]); verify.CodeOf(err) != verify.CodeSession {
					t.Errorf("its bearer: %v", err)
				}
			}
		})
	}
}

// waitForDelivery returns when notifications reach the other node. Right after the mesh has formed they may be lost.
func waitForDelivery(t *testing.T, from, to *notify.Bus) {
	t.Helper()
	notified := make(chan string, 100)
	stop, err := to.SubscribeEndedSessions(func(tenant string) { notified <- tenant })
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	until(t, "the other node is notified", func() bool {
		if err := from.NotifyEndedSessions("probe"); err != nil {
			t.Fatal(err)
		}
		return len(notified) > 0
	})
}

// freeAddress returns a local address without a listener.
func freeAddress(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	return strings.TrimPrefix(s.URL, "http://")
}
