package verify_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/policy"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

var ctx = context.Background()

var opening = time.Date(2026, 3, 2, 14, 0, 0, 0, time.UTC)

// harness is the service on a real store, with its own clock, entropy and notifier.
type harness struct {
	verify.Service
	t        rapid.TB
	store    *store.Store
	acts     *admin.Service
	clock    *clock
	notifier *fakeNotifier

	mu   sync.Mutex
	keys int
	jobs map[string]verify.Job
}

// openHouse opens one with the tenants acme and umbrella, both under the default policy.
func newHarness(t testing.TB) *harness {
	t.Helper()
	clock := &clock{now: opening}
	notifier := &fakeNotifier{}
	s := storetest.Open(t, filepath.Join(t.TempDir(), "house.db"), clock.Now)
	h := &harness{
		t: t, store: s, clock: clock, notifier: notifier, jobs: map[string]verify.Job{},
		Service: verify.Service{
			Ledger: s, Tenants: s, Policies: s, KnownChannels: s, Notifier: notifier, Waker: notifier, Now: clock.Now, Entropy: &seededEntropy{source: rand.NewChaCha8([32]byte{4})},
			Keys: verify.Keys{Code: bytes.Repeat([]byte{1}, 32), Destination: bytes.Repeat([]byte{2}, 32)},
		},
	}
	h.acts = storetest.Admin(s, clock.Now)
	h.acts.Notifier, h.acts.Changed = notifier, h.Forget
	h.tenant("acme", nil)
	h.tenant("umbrella", nil)
	return h
}

// administrator is an actor and the tenant that it acts on.
type administrator struct {
	Tenant string
	admin.Actor
}

func (h *harness) Edit(ctx context.Context, a administrator, edits []admin.PolicyEdit) ([]policy.Overrides, error) {
	return h.acts.EditPolicies(ctx, a.Actor, a.Tenant, edits)
}

func (h *harness) Unlock(ctx context.Context, a administrator, contact string) (admin.UnlockResult, error) {
	return h.acts.Unlock(ctx, a.Actor, a.Tenant, contact)
}

func (h *harness) Rebrand(ctx context.Context, a administrator, b verify.Branding, changes []verify.Change) (verify.Branding, error) {
	return h.acts.PutBranding(ctx, a.Actor, a.Tenant, b, changes)
}

// other is one more node's service on the same store.
func (h *harness) other() *verify.Service {
	return &verify.Service{
		Ledger: h.Ledger, Tenants: h.Tenants, Policies: h.Policies, KnownChannels: h.KnownChannels, Notifier: h.Notifier, Waker: h.Waker,
		Keys: h.Keys, Now: h.Now, Entropy: h.Entropy,
	}
}

// tenant stores a tenant whose policy is the default one without quotas, but for the changes.
func (h *harness) tenant(id string, change func(*policy.Policy)) {
	h.t.Helper()
	if err := storetest.PutTenant(ctx, h.store, verify.Tenant{ID: id, Name: id}); err != nil {
		h.t.Fatal(err)
	}
	storetest.SetPolicy(h.t, h.store, id, "", func(p *policy.Policy) {
		storetest.Unbounded(p)
		if change != nil {
			change(p)
		}
	})
	h.Forget(id)
}

// ticketContext is Ana's at Acme with ticket 4711 open: Dana, its own contact, and Erik, who is not.
func ticketContext() verify.TicketContext {
	return verify.TicketContext{
		Tenant: "acme", Technician: verify.Technician{ID: "ana", Name: "Ana Ortiz", Email: "ana@acme.example"},
		Ticket:         verify.Ticket{PSA: "demo", ID: "t1", Number: "4711", Summary: "Password reset"},
		Client:         verify.Client{ID: "contoso", Name: "Contoso"},
		DefaultContact: "dana",
		Contacts: []verify.Contact{
			{ID: "dana", Name: "Dana Reyes", Channels: []verify.Channel{
				{ID: "mobile", Kind: channel.Phone, Value: "+14155554821", Capability: channel.Mobile},
				{ID: "second", Kind: channel.Phone, Value: "+14155554822"},
				{ID: "landline", Kind: channel.Phone, Value: "+14155550199", Capability: channel.Landline},
				{ID: "mail", Kind: channel.Email, Value: "dana@contoso.com"},
			}},
			{ID: "erik", Name: "Erik Holm", Channels: []verify.Channel{
				{ID: "erik-mail", Kind: channel.Email, Value: "erik@contoso.com"},
			}},
		},
	}
}

func code(contact, id string) verify.Request {
	return verify.Request{Contact: contact, Channel: id, Method: channel.SMSCode}
}

func link(contact, id string) verify.Request {
	return verify.Request{Contact: contact, Channel: id, Method: channel.EmailLink}
}

// keyed gives the request a key that none had before.
func (h *harness) keyed(r verify.Request) verify.Request {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.keys++
	r.Key = fmt.Sprintf("key-%05d", h.keys)
	return r
}

// send sends, with a new key, what must be sendable.
func (h *harness) send(d verify.TicketContext, r verify.Request) verify.Result {
	h.t.Helper()
	result, err := h.Send(ctx, d, h.keyed(r))
	if err != nil {
		h.t.Fatal(err)
	}
	return result
}

// job gives the verification's message as the courier gets it.
func (h *harness) job(id string) verify.Job {
	h.t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, kind := range []channel.Kind{channel.Phone, channel.Email} {
		jobs, err := h.store.Messages(kind).Claim(ctx, h.clock.Now(), h.clock.Now().Add(time.Hour), 1000, nil)
		if err != nil {
			h.t.Fatal(err)
		}
		for _, j := range jobs {
			h.jobs[j.ID] = j
		}
	}
	j, found := h.jobs[id]
	if !found {
		h.t.Fatalf("no message of %s is on its way", id)
	}
	return j
}

// secret gives the code or token that the end user got.
func (h *harness) secret(r verify.Result) string {
	h.t.Helper()
	return h.job(r.Verification).Secret
}

// wrong gives the code with its first digit changed.
func wrong(code string) string {
	return string((code[0]-'0'+1)%10+'0') + code[1:]
}

// events gives the contact's events of a tenant.
func (h *harness) events(tenant, contact string) []verify.Event {
	h.t.Helper()
	events, err := h.store.Recent(ctx, tenant, []string{contact}, 1000)
	if err != nil {
		h.t.Fatal(err)
	}
	return events
}

func (h *harness) kinds(tenant, contact string) []verify.EventKind {
	h.t.Helper()
	var kinds []verify.EventKind
	for _, e := range h.events(tenant, contact) {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

func count(kinds []verify.EventKind, kind verify.EventKind) (n int) {
	for _, k := range kinds {
		if k == kind {
			n++
		}
	}
	return n
}

func (h *harness) wantKinds(contact string, want ...verify.EventKind) {
	h.t.Helper()
	if got := h.kinds("acme", contact); !slices.Equal(got, want) {
		h.t.Errorf("events %v, want %v", got, want)
	}
}

// shield gives a channel's shield as it reads now.
func (h *harness) shield(contact, channel string) verify.Shield {
	h.t.Helper()
	r, err := h.ContactState(ctx, "acme", contact)
	if err != nil {
		h.t.Fatal(err)
	}
	return r.Shields[channel]
}

// wantAsRead checks that an answer is what a reading gives now.
func (h *harness) wantAsRead(got verify.Result) {
	h.t.Helper()
	h.wantAsReadOf("acme", got)
}

func (h *harness) wantAsReadOf(tenant string, got verify.Result) {
	h.t.Helper()
	r, err := h.ContactState(ctx, tenant, got.Contact)
	if err != nil {
		h.t.Fatal(err)
	}
	if got.Seq != r.Seq {
		h.t.Errorf("answered seq %d, read %d", got.Seq, r.Seq)
	}
	if s := r.Shields[got.Channel]; !sameShield(s, got.Shield) {
		h.t.Errorf("answered %+v\nread %+v", got.Shield, s)
	}
}

// sameShield compares what a pending shield reverts to, too.
func sameShield(a, b verify.Shield) bool {
	return cmp.Equal(a, b, cmp.AllowUnexported(verify.Shield{}))
}

func (h *harness) failures(tenant, contact string) (n int) {
	h.t.Helper()
	err := h.store.Write(ctx, "acme", func(tx verify.Tx) (err error) {
		is, err := tx.Standing(ctx, tenant, contact, "")
		n = is.Failures
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

// wantCode checks a refusal's code, and that it has words for people.
func wantCode(t rapid.TB, err error, want verify.Code) {
	t.Helper()
	if got := verify.CodeOf(err); got != want {
		t.Errorf("got %q (%v), want %q", got, err, want)
		return
	}
	var refusal *verify.Error
	if errors.As(err, &refusal) && refusal.Public == "" {
		t.Errorf("%q has no words for people", want)
	}
}

// wantSameRefusal checks that two refusals can't be told apart, words included.
func wantSameRefusal(t rapid.TB, a, b error) {
	t.Helper()
	var x, y *verify.Error
	if !errors.As(a, &x) || !errors.As(b, &y) || !cmp.Equal(*x, *y, cmpopts.EquateErrors()) {
		t.Errorf("refusals can be told apart:\n%+v\n%+v", a, b)
	}
}

// together runs n calls at once and gives their errors' codes, counted.
func together(n int, call func(i int) error) map[verify.Code]int {
	codes := make([]verify.Code, n)
	start := make(chan struct{})
	var done sync.WaitGroup
	for i := range n {
		done.Go(func() {
			<-start
			codes[i] = verify.CodeOf(call(i))
		})
	}
	close(start)
	done.Wait()
	counted := map[verify.Code]int{}
	for _, c := range codes {
		counted[c]++
	}
	return counted
}

func (h *harness) wantSilence() {
	h.t.Helper()
	if notifications, wakes := h.notifier.received(); len(notifications) > 0 || wakes > 0 {
		h.t.Errorf("whispered %v and woke the courier %d times about nothing", notifications, wakes)
	}
}

func (h *harness) wantNotification(contact string, seq int64) {
	h.t.Helper()
	notifications, _ := h.notifier.received()
	if want := []notification{{"acme", contact, seq}}; !slices.Equal(notifications, want) {
		h.t.Errorf("whispered %v, want %v", notifications, want)
	}
}
