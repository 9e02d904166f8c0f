package verify_test

import (
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/policy"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

func TestHistoryComesInPagesNewestFirst(t *testing.T) {
	h := newHarness(t)
	var want []string // oldest first
	for i := range 2*verify.HistoryPage + 20 {
		r := code("dana", "mobile")
		if i%3 == 0 {
			r = link("dana", "mail")
		}
		want = append(want, h.send(ticketContext(), r).Verification)
		h.clock.advance(time.Minute)
	}
	var before int64
	for _, size := range []int{verify.HistoryPage, verify.HistoryPage, 20} {
		entries, next, err := h.History(ctx, ticketContext(), "dana", before)
		if err != nil || len(entries) != size {
			t.Fatalf("a page of %d entries (%v), want %d", len(entries), err, size)
		}
		for _, n := range entries {
			if last := want[len(want)-1]; n.Verification != last {
				t.Fatalf("got %s, want %s", n.Verification, last)
			}
			want = want[:len(want)-1]
		}
		if (next == 0) != (len(want) == 0) {
			t.Fatalf("goes on at %d with %d entries left", next, len(want))
		}
		before = next
	}
}

func TestHistoryOfExactlyOnePageGoesNowhere(t *testing.T) {
	h := newHarness(t)
	for range verify.HistoryPage {
		h.send(ticketContext(), code("dana", "mobile"))
		h.clock.advance(time.Minute)
	}
	entries, next, err := h.History(ctx, ticketContext(), "dana", 0)
	if err != nil || len(entries) != verify.HistoryPage || next != 0 {
		t.Errorf("%d entries, next %d (%v)", len(entries), next, err)
	}
}

func TestThreat_07_HistoryIsOfTheDesksOwnContacts(t *testing.T) {
	h := newHarness(t)
	h.send(ticketContext(), code("dana", "mobile"))
	_, _, err := h.History(ctx, ticketContext(), "mallory", 0)
	wantCode(t, err, verify.CodeNotFound)
	elsewhere := ticketContext()
	elsewhere.Contacts = elsewhere.Contacts[1:]
	_, _, hidden := h.History(ctx, elsewhere, "dana", 0)
	wantSameRefusal(t, hidden, err)

	umbrella := ticketContext() // its PSA numbers contacts alike
	umbrella.Tenant = "umbrella"
	entries, next, err := h.History(ctx, umbrella, "dana", 0)
	if err != nil || len(entries) != 0 || next != 0 {
		t.Errorf("another tenant reads %v (%v)", entries, err)
	}
	pod, err := h.Pod(ctx, umbrella)
	if err != nil || len(pod.Contacts["dana"].Shields) != 0 || len(pod.Contacts["dana"].Entries) != 0 {
		t.Errorf("another tenant's pod reads %+v (%v)", pod.Contacts["dana"], err)
	}
}

func TestPodHoldsEveryContactsReading(t *testing.T) {
	h := newHarness(t)
	h.tenant("acme", func(p *policy.Policy) { p.HistoryEntries = 2 })
	first := h.send(ticketContext(), link("dana", "mail"))
	if _, err := h.Validate(ctx, h.secret(first), ""); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		h.send(ticketContext(), code("dana", "mobile"))
		h.clock.advance(time.Minute)
	}
	pod, err := h.Pod(ctx, ticketContext())
	if err != nil {
		t.Fatal(err)
	}
	if pod.Tenant.ID != "acme" || pod.Context.Ticket.ID != "t1" || !pod.Now.Equal(h.clock.Now()) || len(pod.Contacts) != 2 {
		t.Errorf("pod %+v", pod)
	}
	dana := pod.Contacts["dana"]
	if len(dana.Entries) != 2 {
		t.Errorf("%d entries, want the policy's 2", len(dana.Entries))
	}
	if s := dana.Shields["mail"]; s.State != verify.ShieldVerified {
		t.Errorf("the green is older than the entries shown, and yet it counts: %+v", s)
	}
	if s := dana.Shields["mobile"]; s.State != verify.ShieldPending {
		t.Errorf("shield %+v, want pending", s)
	}
	if erik, there := pod.Contacts["erik"]; !there || len(erik.Shields) != 0 || len(erik.Entries) != 0 {
		t.Errorf("Erik, to whom nothing happened, reads %+v, %v", erik, there)
	}
	alone, err := h.ContactState(ctx, "acme", "dana")
	if err != nil || alone.Seq != dana.Seq || len(alone.Entries) != 4 {
		t.Errorf("Dana's reading alone is %+v (%v)", alone, err)
	}
	if fit, err := h.ApplyPolicy(ctx, ticketContext(), alone); err != nil || len(fit.Entries) != 2 {
		t.Errorf("on the desk it has %d entries (%v), want the policy's 2", len(fit.Entries), err)
	}

	h.tenant("acme", func(p *policy.Policy) { p.HistoryEntries = 0 })
	pod, err = h.Pod(ctx, ticketContext())
	if dana := pod.Contacts["dana"]; err != nil || len(dana.Entries) != 0 || dana.Shields["mail"].State != verify.ShieldVerified {
		t.Errorf("with no entries shown: %+v (%v)", dana, err)
	}
}

func TestHistoryThatThePolicyDoesNotShowHasNoPagesEither(t *testing.T) {
	h := newHarness(t)
	h.send(ticketContext(), code("dana", "mobile"))
	for _, row := range []struct{ shown, want int }{{1, 1}, {0, 0}} {
		h.tenant("acme", func(p *policy.Policy) { p.HistoryEntries = row.shown })
		entries, next, err := h.History(ctx, ticketContext(), "dana", 0)
		if len(entries) != row.want || next != 0 || err != nil {
			t.Errorf("with %d shown: %d entries, next %d, %v", row.shown, len(entries), next, err)
		}
	}
}
