package landing_test

import (
	"bytes"
	"crypto/rand"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/landing"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

var _ landing.Service = (*verify.Service)(nil)

// harness is the real domain on a real store, with a manual clock and the pages.
type harness struct {
	*pageHarness
	store   *store.Store
	service *verify.Service
	clock   atomic.Int64 // Unix milliseconds
}

func (h *harness) now() time.Time { return time.UnixMilli(h.clock.Load()).UTC() }

func (h *harness) advance(d time.Duration) { h.clock.Add(d.Milliseconds()) }

var ticketContext = verify.TicketContext{
	Tenant: "acme", Technician: verify.Technician{ID: "ana", Name: "Ana Ortiz"},
	Ticket: verify.Ticket{ID: "t-4711", Number: "4711"}, Client: verify.Client{ID: "contoso", Name: "Contoso"},
	Contacts: []verify.Contact{{ID: "dana", Name: "Dana Reyes", Channels: []verify.Channel{
		{ID: "mail", Kind: channel.Email, Value: "dana@contoso.com"},
	}}},
	DefaultContact: "dana",
}

func newHarness(t *testing.T) *harness {
	t.Helper()
	h := &harness{}
	h.clock.Store(noon.UnixMilli())
	h.store = storetest.Open(t, filepath.Join(t.TempDir(), "shieldpod.db"), h.now)
	tenant := verify.Tenant{ID: "acme", Name: "Acme IT", Region: "US"}
	if err := storetest.PutTenant(t.Context(), h.store, tenant); err != nil {
		t.Fatal(err)
	}
	h.service = storetest.Service(h.store, h.now)
	h.pageHarness = serve(t, h.service)
	return h
}

// send returns the path of a new link, which it reads from the outbox as the courier does.
func (h *harness) send() string {
	h.t.Helper()
	_, err := h.service.Send(h.t.Context(), ticketContext, verify.Request{
		Contact: "dana", Channel: "mail", Method: channel.EmailLink, Key: rand.Text(),
	})
	if err != nil {
		h.t.Fatal(err)
	}
	jobs, err := h.store.Messages(channel.Email).Claim(h.t.Context(), h.now(), h.now().Add(time.Minute), 1, nil)
	if err != nil || len(jobs) != 1 {
		h.t.Fatalf("%d jobs, %v", len(jobs), err)
	}
	return "/v/" + jobs[0].Secret
}

func (h *harness) events() []verify.Event {
	h.t.Helper()
	events, err := h.store.Recent(h.t.Context(), "acme", []string{"dana"}, 50)
	if err != nil {
		h.t.Fatal(err)
	}
	return events
}

// eventKinds returns the kinds of all events, in order.
func (h *harness) eventKinds() string {
	var kinds []string
	for _, e := range h.events() {
		kinds = append(kinds, string(e.Kind))
	}
	return strings.Join(kinds, " ")
}

func (h *harness) shield() verify.State {
	h.t.Helper()
	reading, err := h.service.ContactState(h.t.Context(), "acme", "dana")
	if err != nil {
		h.t.Fatal(err)
	}
	return reading.Shields["mail"].State
}

// check fails unless the shield has the state and exactly these events exist.
func (h *harness) check(state verify.State, happened string) {
	h.t.Helper()
	if got := h.shield(); got != state {
		h.t.Errorf("shield is %s, want %s", got, state)
	}
	if got := h.eventKinds(); got != happened {
		h.t.Errorf("happened: %s; want: %s", got, happened)
	}
}

func TestValidateVerifiesTheShieldAndShowsThePage(t *testing.T) {
	h := newHarness(t)
	link := h.send()
	got := h.post(link, "validate")
	if got.status != 303 || got.header.Get("Location") != done {
		t.Fatalf("status %d to %q", got.status, got.header.Get("Location"))
	}
	h.check(verify.ShieldVerified, "requested verified")
	for range 3 { // a reload shows the same page
		page := h.get(link + done)
		page.contains(t, "Done. Acme IT knows that it is you.", "You can close this tab.")
		if page.status != 200 {
			t.Errorf("status %d", page.status)
		}
	}
	h.check(verify.ShieldVerified, "requested verified")
}

func TestDenyIsFinal(t *testing.T) {
	h := newHarness(t)
	link := h.send()
	if got := h.post(link, "deny"); got.status != 303 || got.header.Get("Location") != done {
		t.Fatalf("status %d to %q", got.status, got.header.Get("Location"))
	}
	h.check(verify.ShieldDenied, "requested denied")
	for _, action := range []string{"validate", "deny"} {
		if got := h.post(link, action); got.status != 303 || got.header.Get("Location") != late {
			t.Errorf("%s afterwards: status %d to %q", action, got.status, got.header.Get("Location"))
		}
	}
	h.get(link+done).contains(t, "Acme IT knows that you did not ask for this.")
	h.check(verify.ShieldDenied, "requested denied")
}

func TestThreat_11_ReadingChangesNothing(t *testing.T) {
	h := newHarness(t)
	link := h.send()
	before := h.events()
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions} {
		for range 100 {
			if got := h.request(method, link, "", ""); got.status != 200 && got.status != 204 {
				t.Fatalf("%s: status %d", method, got.status)
			}
		}
	}
	if diff := cmp.Diff(before, h.events()); diff != "" {
		t.Error(diff)
	}
	h.check(verify.ShieldPending, "requested")
	if count, broken, err := h.store.VerifyChain(t.Context(), "acme"); count != 1 || broken != nil || err != nil {
		t.Errorf("chain of %d events, broken %v, %v", count, broken, err)
	}
	if got := h.post(link, "validate"); got.header.Get("Location") != done {
		t.Errorf("the link was worn out by looking: %d to %q", got.status, got.header.Get("Location"))
	}
}

func TestThreat_15_OfFiftyConcurrentAnswersOneSucceeds(t *testing.T) {
	h := newHarness(t)
	link := h.send()
	var finished sync.WaitGroup
	var won, lost atomic.Int32
	start := make(chan struct{})
	for range 50 {
		finished.Go(func() {
			<-start
			switch got := h.post(link, "validate"); got.header.Get("Location") {
			case done:
				won.Add(1)
			case late:
				lost.Add(1)
			default:
				t.Errorf("status %d", got.status)
			}
		})
	}
	close(start)
	finished.Wait()
	if won.Load() != 1 || lost.Load() != 49 {
		t.Errorf("%d won and %d were late, want 1 and 49", won.Load(), lost.Load())
	}
	h.check(verify.ShieldVerified, "requested verified")
}

func TestThreat_15_OfConcurrentAnswersTheDenialWins(t *testing.T) {
	h := newHarness(t)
	link := h.send()
	var finished sync.WaitGroup
	var won atomic.Int32
	start := make(chan struct{})
	for i := range 20 {
		finished.Go(func() {
			<-start
			if got := h.post(link, []string{"validate", "deny"}[i%2]); got.header.Get("Location") == done {
				won.Add(1)
			}
		})
	}
	close(start)
	finished.Wait()
	happened := h.eventKinds()
	if n := won.Load(); n == 1 && happened != "requested denied" || n == 2 && happened != "requested verified denied" || n < 1 || n > 2 {
		t.Errorf("%d won; happened: %s", n, happened)
	}
	if got := h.shield(); got != verify.ShieldDenied {
		t.Errorf("the shield is %s", got)
	}
}

func TestALateDenialIsAcceptedOnce(t *testing.T) {
	h := newHarness(t)
	link := h.send()
	h.post(link, "validate")
	h.check(verify.ShieldVerified, "requested verified")
	h.advance(20 * time.Minute)
	for range 100 { // row 11: the page of a used link and the page that confirms a denial change nothing
		for _, query := range []string{"", "?deny"} {
			h.request(http.MethodGet, link+query, "", "")
			h.request(http.MethodHead, link+query, "", "")
		}
	}
	h.check(verify.ShieldVerified, "requested verified")
	h.get(link).contains(t, "This link was used.", `href="?deny"`)
	if got := h.post(link+"?deny", "deny"); got.status != 303 || got.header.Get("Location") != done {
		t.Fatalf("status %d to %q", got.status, got.header.Get("Location"))
	}
	h.check(verify.ShieldDenied, "requested verified denied")
	h.get(link+done).contains(t, "Acme IT knows that you did not ask for this.", "no longer counts")
	for range 3 {
		if got := h.post(link, "deny"); got.header.Get("Location") != late {
			t.Errorf("again: status %d to %q", got.status, got.header.Get("Location"))
		}
	}
	h.check(verify.ShieldDenied, "requested verified denied")
}

func TestAfterADayALateDenialIsRefused(t *testing.T) {
	h := newHarness(t)
	link := h.send()
	h.post(link, "validate")
	h.advance(verify.DenialWindow)
	got := h.get(link)
	got.contains(t, "Call Acme IT on the number you know.")
	if strings.Contains(got.body, "?deny") {
		t.Error("the page offers it still")
	}
	if got := h.post(link, "deny"); got.status != 303 || got.header.Get("Location") != late {
		t.Errorf("status %d to %q", got.status, got.header.Get("Location"))
	}
	h.check(verify.ShieldUnverified, "requested verified")
}

func TestThreat_16_LateLinksAreRefused(t *testing.T) {
	h := newHarness(t)
	first := h.send()
	h.advance(time.Minute)
	second := h.send()
	refused := func(link, page string, state verify.State, happened string) {
		t.Helper()
		if got := h.post(link, "validate"); got.status != 303 || got.header.Get("Location") != late {
			t.Errorf("status %d to %q", got.status, got.header.Get("Location"))
		}
		if got := h.post(link, "opened"); got.status != 204 {
			t.Errorf("opened: status %d", got.status)
		}
		got := h.get(link + late)
		got.contains(t, page)
		if got.status != 410 || got.isAnswerable() {
			t.Errorf("page: status %d, offers %v", got.status, got.isAnswerable())
		}
		h.check(state, happened)
	}
	refused(first, "A newer message was sent", verify.ShieldPending, "requested superseded requested")
	h.advance(5*time.Minute - time.Millisecond)
	if got := h.get(second); !got.isAnswerable() {
		t.Errorf("a millisecond before its end: status %d", got.status)
	}
	h.advance(time.Millisecond)
	refused(second, "This link has expired", verify.ShieldUnverified, "requested superseded requested")
	refused(first, "A newer message was sent", verify.ShieldUnverified, "requested superseded requested")
}

func TestThreat_21_OpenedIsNoProof(t *testing.T) {
	h := newHarness(t)
	link := h.send()
	for i := range 100 {
		if got := h.post(link, "opened"); got.status != 204 {
			t.Fatalf("opened, time %d: status %d", i, got.status)
		}
	}
	h.check(verify.ShieldPending, "requested opened")
	if got := h.get(link); !got.isAnswerable() {
		t.Errorf("the link was worn out by opening: status %d", got.status)
	}
	h.post(link, "validate")
	h.post(link, "opened")
	h.check(verify.ShieldVerified, "requested opened verified")
}

func TestUnknownLinksAreIndistinguishable(t *testing.T) {
	h := newHarness(t)
	link := h.send()
	want := h.get("/v/" + token)
	if want.status != 404 {
		t.Errorf("status %d", want.status)
	}
	last := link[len(link)-1]
	other := map[bool]string{true: "B", false: "A"}[last == 'A']
	for _, path := range []string{
		link[:len(link)-1], link + "A", link[:len(link)-1] + other, "/v/" + strings.ToUpper(link[3:]), "/v/x", "/v/%00", "/v/" + strings.Repeat("a", 4000),
	} {
		if got := h.get(path); got.status != 404 || got.body != want.body {
			t.Errorf("%.60s: status %d, another page than for no link: %v", path, got.status, got.body != want.body)
		}
		if got := h.post(path, "validate"); got.status != 404 || got.body != want.body {
			t.Errorf("validate %.60s: status %d", path, got.status)
		}
	}
	h.check(verify.ShieldPending, "requested")
}

func TestThreat_25_StoreAndLogDoNotContainTheToken(t *testing.T) {
	h := newHarness(t)
	secret := strings.TrimPrefix(h.send(), "/v/")
	h.post("/v/"+secret, "validate")
	for _, e := range h.events() {
		body, _, err := e.Link(verify.Hash{})
		if err != nil || bytes.Contains(body, []byte(secret)) {
			t.Errorf("%v, or the token, in: %s", err, body)
		}
	}
	if strings.Contains(h.log.String(), secret) {
		t.Errorf("log: %s", h.log.String())
	}
}

func TestAnUnavailableStoreFailsClosed(t *testing.T) {
	h := newHarness(t)
	link := h.send()
	closed := storetest.Open(t, filepath.Join(t.TempDir(), "gone.db"), h.now)
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	p := serve(t, storetest.Service(closed, h.now))
	for i, got := range []reply{p.get(link), p.post(link, "validate"), p.post(link, "deny")} {
		if got.status != 503 {
			t.Errorf("answer %d: status %d, want 503", i, got.status)
		}
		got.contains(t, "Something is wrong on our side")
	}
	if strings.Contains(p.log.String(), strings.TrimPrefix(link, "/v/")) {
		t.Errorf("the log contains the token: %s", p.log.String())
	}
	h.check(verify.ShieldPending, "requested")
}
