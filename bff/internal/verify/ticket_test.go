package verify_test

import (
	"strings"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/policy"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// noted is the desk of a ticket whose system takes notes.
func noted() verify.TicketContext {
	d := ticketContext()
	d.Ticket.PSA, d.TakesNotes = "connectwise", true
	return d
}

// due gives the notes that are due, under a lease that ends at once.
func (h *harness) due() []verify.NoteJob {
	h.t.Helper()
	now := h.clock.Now()
	notes, err := h.store.Notes().Claim(ctx, now, now, 9, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	return notes
}

func TestAResultGoesOntoTheTicketWhenThereIsOne(t *testing.T) {
	right := func(h *harness, r verify.Result) {
		if _, err := h.CheckCode(ctx, noted(), r.Verification, h.secret(r)); err != nil {
			h.t.Fatal(err)
		}
	}
	tests := []struct {
		name          string
		ticketContext func() verify.TicketContext
		end           func(*harness, verify.Result)
		want          string // the note's first line; empty: there is no note
	}{
		{"a success", noted, right, "Caller verification: verified"},
		{"nothing while it is open", noted, func(*harness, verify.Result) {}, ""},
		{"what nobody answered", noted, func(h *harness, _ verify.Result) { h.clock.advance(5 * time.Minute) }, "Caller verification: expired unanswered"},
		{"what the carrier refused", noted, func(h *harness, r verify.Result) {
			if err := h.RecordReport(ctx, "acme", r.Verification, verify.Report{Kind: verify.EventFailed, Reason: verify.ReasonInvalidRecipient}); err != nil {
				h.t.Fatal(err)
			}
		}, "Caller verification: failed"},
		{"nothing of what was cancelled", noted, func(h *harness, r verify.Result) {
			if _, err := h.Cancel(ctx, noted(), r.Verification); err != nil {
				h.t.Fatal(err)
			}
			h.clock.advance(time.Hour)
		}, ""},
		{"nothing on a ticket that takes none", ticketContext, right, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := newHarness(t)
			r, err := h.Send(ctx, test.ticketContext(), h.keyed(code("dana", "mobile")))
			if err != nil {
				t.Fatal(err)
			}
			test.end(h, r)
			var got string
			for _, j := range h.due() {
				text, err := h.NoteText(ctx, j)
				if err != nil {
					t.Fatal(err)
				}
				if j.System != "connectwise" || j.Ticket != "t1" || !strings.HasSuffix(text, "Verification: "+r.Verification) || !strings.Contains(text, "Contact: Dana Reyes\n") {
					t.Errorf("the note of %+v is\n%s", j, text)
				}
				got += strings.SplitN(text, "\n", 2)[0]
			}
			if got != test.want {
				t.Errorf("the ticket gets %q, want %q", got, test.want)
			}
		})
	}
}

func TestAPolicyWithoutTicketNotesWritesNone(t *testing.T) {
	h := newHarness(t)
	h.tenant("acme", func(p *policy.Policy) { p.TicketNote = false })
	if _, err := h.Send(ctx, noted(), h.keyed(code("dana", "mobile"))); err != nil {
		t.Fatal(err)
	}
	h.clock.advance(time.Hour)
	if due := h.due(); len(due) != 0 {
		t.Errorf("%d notes are due", len(due))
	}
}

func TestOnlyTheLastOfTwoSendsIsNoted(t *testing.T) {
	h := newHarness(t)
	for range 2 {
		if _, err := h.Send(ctx, noted(), h.keyed(code("dana", "mobile"))); err != nil {
			t.Fatal(err)
		}
		h.clock.advance(time.Minute)
	}
	h.clock.advance(time.Hour)
	if due := h.due(); len(due) != 1 {
		t.Errorf("%d notes are due, want 1", len(due))
	}
}

func TestTheHistoryShowsOnceThatAResultIsOnTheTicket(t *testing.T) {
	h := newHarness(t)
	if _, err := h.Send(ctx, noted(), h.keyed(code("dana", "mobile"))); err != nil {
		t.Fatal(err)
	}
	h.clock.advance(5 * time.Minute)
	job := h.due()[0]
	at := h.clock.Now()
	h.notifier.received()
	for range 2 {
		if err := h.NoteWritten(ctx, job); err != nil {
			t.Fatal(err)
		}
		h.clock.advance(time.Second)
	}
	if notifications, _ := h.notifier.received(); len(notifications) != 1 || notifications[0].contact != "dana" {
		t.Errorf("it was told as %v, want once", notifications)
	}
	entries, _, err := h.History(ctx, noted(), "dana", 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 || !entries[0].NoteWrittenAt.Equal(at) || entries[0].Outcome != verify.Expired {
		t.Errorf("the history has %+v", entries)
	}
	if due := h.due(); len(due) != 0 {
		t.Error("it is due again")
	}
}
