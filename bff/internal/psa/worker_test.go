package psa_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/jobs"
	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// harness is a worker on a real store, with a ticket system whose answers are set.
type harness struct {
	*jobs.Worker[verify.NoteJob]
	t       *testing.T
	store   *store.Store
	service *verify.Service
	log     bytes.Buffer

	mu      sync.Mutex
	now     time.Time
	n       int
	respond func(psa.Note) error
	written []psa.Note
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

func (h *harness) WriteNote(_ context.Context, _ verify.Tenant, n psa.Note) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.written = append(h.written, n)
	if h.respond != nil {
		return h.respond(n)
	}
	return nil
}

func newHarness(t *testing.T) *harness {
	t.Helper()
	h := &harness{t: t, now: time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)}
	h.store = storetest.Open(t, filepath.Join(t.TempDir(), "psa.db"), h.clock)
	h.service = storetest.Service(h.store, h.clock)
	for _, id := range []string{"acme", "umbrella"} {
		if err := storetest.PutTenant(t.Context(), h.store, verify.Tenant{ID: id, Name: id, Region: "US"}); err != nil {
			t.Fatal(err)
		}
		storetest.SetPolicy(t, h.store, id, "", storetest.Unbounded)
	}
	waker := new(jobs.Waker)
	h.Worker = psa.NewWorker(psa.WorkerConfig{
		Queue: h.store.Notes(), Waker: waker, Results: h.service, Tenants: h.store, Writers: map[string]psa.Writer{"helpdesk": h},
		Now: h.clock, Random: func() float64 { return 0 }, Log: slog.New(slog.NewTextHandler(&h.log, nil)),
	})
	h.service.Waker = waker
	return h
}

// send sends a code to a contact of the tenant, from a ticket that takes notes.
func (h *harness) send(tenant, contact string) verify.Result {
	h.t.Helper()
	h.n++
	r, err := h.service.Send(h.t.Context(), h.ticketContext(tenant, contact), verify.Request{
		Contact: contact, Channel: "mobile", Method: channel.SMSCode, Key: fmt.Sprintf("key-%08d", h.n),
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

func (h *harness) ticketContext(tenant, contact string) verify.TicketContext {
	number := fmt.Sprintf("+1415555%04d", 4821+int(contact[len(contact)-1])) // a number per contact
	return verify.TicketContext{
		Tenant: tenant, Technician: verify.Technician{ID: "ana", Name: "Ana Ortiz"}, Client: verify.Client{ID: "contoso"},
		Ticket: verify.Ticket{PSA: "helpdesk", ID: "61211", Number: "61211"}, TakesNotes: true, DefaultContact: contact,
		Contacts: []verify.Contact{{ID: contact, Name: "Dana Reyes", Channels: []verify.Channel{{ID: "mobile", Kind: channel.Phone, Value: number, Country: "US"}}}},
	}
}

// nextNoteIn gives the time until the next note is due; false if there is none.
func (h *harness) nextNoteIn() (time.Duration, bool) {
	h.t.Helper()
	at, waits, err := h.store.Notes().NextDue(h.t.Context(), nil)
	if err != nil {
		h.t.Fatal(err)
	}
	return at.Sub(h.clock()), waits
}

func (h *harness) noteWrittenAt(tenant, contact string) time.Time {
	h.t.Helper()
	entries, _, err := h.service.History(h.t.Context(), h.ticketContext(tenant, contact), contact, 0)
	if err != nil || len(entries) == 0 {
		h.t.Fatal(entries, err)
	}
	return entries[0].NoteWrittenAt
}

func TestAResultIsWrittenOnceItIsThere(t *testing.T) {
	h := newHarness(t)
	sent := h.send("acme", "dana")
	h.DoDue(t.Context())
	if len(h.written) != 0 {
		t.Fatal("it was written while it was open")
	}
	h.advance(5 * time.Minute)
	h.DoDue(t.Context())
	h.DoDue(t.Context())
	if len(h.written) != 1 || h.written[0].Ticket != "61211" || h.written[0].Verification != sent.Verification || h.written[0].Repeated ||
		!strings.HasPrefix(h.written[0].Text, "Caller verification: expired unanswered\nContact: Dana Reyes\n") || !strings.HasSuffix(h.written[0].Text, sent.Verification) {
		t.Errorf("the ticket got %+v", h.written)
	}
	if at := h.noteWrittenAt("acme", "dana"); !at.Equal(h.clock()) {
		t.Errorf("the history has it on the ticket since %v", at)
	}
	if _, waits := h.nextNoteIn(); waits {
		t.Error("it waits to be written again")
	}
	if strings.Contains(h.log.String(), "Dana") {
		t.Errorf("Row25: the log tells too much: %s", h.log.String())
	}
}

func TestATicketSystemThatFailsIsTriedAgainLessAndLessOften(t *testing.T) {
	h := newHarness(t)
	h.respond = func(psa.Note) error { return &verify.Error{Code: verify.CodePSADown, Err: errors.New("503")} }
	h.send("acme", "dana")
	h.advance(5 * time.Minute)
	wait := 5 * time.Second
	for n := 1; ; n++ {
		h.DoDue(t.Context())
		if len(h.written) != n || h.written[n-1].Repeated != (n > 1) {
			t.Fatalf("write %d: %+v", n, h.written[len(h.written)-1])
		}
		left, waits := h.nextNoteIn()
		if n == 24 {
			if waits {
				t.Error("it is tried for ever")
			}
			break
		}
		if !waits || left != wait {
			t.Fatalf("after write %d it waits %s, want %s", n, left, wait)
		}
		h.advance(left)
		wait = min(2*wait, time.Hour)
	}
	if at := h.noteWrittenAt("acme", "dana"); !at.IsZero() {
		t.Error("the history has it on the ticket")
	}
	if !strings.Contains(h.log.String(), "given up") {
		t.Error("nobody is told that it was given up")
	}
}

func TestWhatAFaultMeansForANote(t *testing.T) {
	for _, row := range []struct {
		code  verify.Code
		after time.Duration // requested by the system
		waits time.Duration // 0: dropped
	}{
		{verify.CodePSADown, 0, 5 * time.Second},
		{verify.CodePSABusy, 42 * time.Second, 42 * time.Second},
		{verify.CodePSAMisconfigured, 0, 5 * time.Second},
		{verify.CodeUnavailable, 0, 5 * time.Second},
		{verify.CodeInvalid, 0, 5 * time.Second},
		{verify.CodeTicket, 0, 0},
		{verify.CodeNotFound, 0, 0}, // the connection was removed
	} {
		h := newHarness(t)
		h.respond = func(psa.Note) error { return &verify.Error{Code: row.code, RetryAfter: row.after} }
		h.send("acme", "dana")
		h.advance(5 * time.Minute)
		h.DoDue(t.Context())
		if left, waits := h.nextNoteIn(); waits != (row.waits > 0) || waits && left != row.waits {
			t.Errorf("after %s it waits %s, %t; want %s", row.code, left, waits, row.waits)
		}
	}
}

func TestOneTenantsOutageDelaysNoOtherTenant(t *testing.T) {
	h := newHarness(t)
	for _, tenant := range []string{"acme", "umbrella"} {
		for n := range 3 {
			h.send(tenant, fmt.Sprintf("dana%d", n))
		}
	}
	acme := map[string]bool{}
	for n := range 3 {
		entries, _, err := h.service.History(t.Context(), h.ticketContext("acme", fmt.Sprintf("dana%d", n)), fmt.Sprintf("dana%d", n), 0)
		if err != nil {
			t.Fatal(err)
		}
		acme[entries[0].Verification] = true
	}
	h.respond = func(n psa.Note) error {
		if acme[n.Verification] {
			return &verify.Error{Code: verify.CodePSADown}
		}
		return nil
	}
	h.advance(5 * time.Minute)
	h.DoDue(t.Context())
	if len(h.written) != 4 {
		t.Errorf("%d notes were tried, want 3 and 1: who is down is not asked again at once", len(h.written))
	}
	h.respond = nil
	h.advance(5 * time.Second)
	h.DoDue(t.Context())
	if _, waits := h.nextNoteIn(); waits || len(h.written) != 7 {
		t.Errorf("when it was back %d notes were tried in all, want 7; one waits: %t", len(h.written), waits)
	}
}

func TestAWorkerThatDiedHasWrittenOrNot(t *testing.T) {
	h := newHarness(t)
	h.send("acme", "dana")
	h.advance(5 * time.Minute)
	if jobs, err := h.store.Notes().Claim(t.Context(), h.clock(), h.clock().Add(time.Minute), 9, nil); err != nil || len(jobs) != 1 { // and stops
		t.Fatal(jobs, err)
	}
	h.DoDue(t.Context())
	if len(h.written) != 0 {
		t.Error("it was written under somebody's lease")
	}
	h.advance(time.Minute)
	h.DoDue(t.Context())
	if len(h.written) != 1 || !h.written[0].Repeated {
		t.Errorf("it was written as %+v", h.written)
	}
}

func TestTheWorkerWakesWhenAVerificationEnds(t *testing.T) {
	h := newHarness(t)
	sent := h.send("acme", "dana")
	ctx, stop := context.WithCancel(t.Context())
	written := make(chan struct{}, 1)
	h.respond = func(psa.Note) error { written <- struct{}{}; return nil }
	var all sync.WaitGroup
	all.Go(func() { h.Run(ctx) })
	if err := h.service.RecordReport(t.Context(), "acme", sent.Verification, verify.Report{Kind: verify.EventFailed, Reason: verify.ReasonInvalidRecipient}); err != nil {
		t.Fatal(err)
	}
	<-written
	stop()
	all.Wait()
}
