package verify_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/locale"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/webhook"
)

func TestALateDenialIsTakenForADayAfterTheLinkHasEnded(t *testing.T) {
	validate := func(h *harness, _ verify.Result, token string) {
		if _, err := h.Validate(ctx, token, ""); err != nil {
			h.t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name string
		end  func(h *harness, sent verify.Result, token string)
		was  verify.Outcome
		over verify.Code // of a denial after the day
	}{
		{"a link that was used", validate, verify.Verified, verify.CodeAlreadyUsed},
		{"a link that expired", func(h *harness, _ verify.Result, _ string) { h.clock.advance(5 * time.Minute) }, verify.Expired, verify.CodeExpired},
		{"a link that was superseded", func(h *harness, _ verify.Result, _ string) {
			h.clock.advance(time.Minute)
			h.send(ticketContext(), link("dana", "mail"))
		}, verify.Superseded, verify.CodeVerificationEnded},
		{"a link that the technician cancelled", func(h *harness, sent verify.Result, _ string) {
			if _, err := h.Cancel(ctx, ticketContext(), sent.Verification); err != nil {
				h.t.Fatal(err)
			}
		}, verify.Cancelled, verify.CodeVerificationEnded},
		{"a link that the carrier reported as failed", func(h *harness, sent verify.Result, _ string) {
			if err := h.RecordReport(ctx, "acme", sent.Verification, verify.Report{Kind: verify.EventFailed, Reason: verify.ReasonUndelivered}); err != nil {
				h.t.Fatal(err)
			}
		}, verify.Failed, verify.CodeVerificationEnded},
	} {
		for _, late := range []struct {
			name  string
			after time.Duration
			taken bool
		}{{"at once", 0, true}, {"a millisecond before the day is over", verify.DenialWindow - time.Millisecond, true}, {"after a day", verify.DenialWindow, false}} {
			t.Run(c.name+" "+late.name, func(t *testing.T) {
				h := newHarness(t)
				sent := h.send(ticketContext(), link("dana", "mail"))
				token := h.secret(sent)
				c.end(h, sent, token)
				h.clock.advance(late.after)
				before := len(h.kinds("acme", "dana"))
				page, err := h.Link(ctx, token)
				if err != nil || page.Outcome != c.was || page.CanDeny != late.taken || page.DeniedLate {
					t.Errorf("the page has %+v (%v)", page, err)
				}
				got, err := h.Deny(ctx, token)
				if !late.taken {
					wantCode(t, err, c.over)
					if after := len(h.kinds("acme", "dana")); after != before || h.shield("dana", "mail").State == verify.ShieldDenied {
						t.Errorf("a denial that is refused has left %d events", after-before)
					}
					return
				}
				if err != nil || got.Outcome != verify.Denied || !got.DeniedLate || got.CanDeny {
					t.Fatalf("got %+v (%v)", got, err)
				}
				if s := h.shield("dana", "mail"); s.State != verify.ShieldDenied || s.Verification != sent.Verification || s.By.Name != "Ana Ortiz" || s.Method != channel.EmailLink {
					t.Errorf("the shield reads %+v", s)
				}
				entries, _, err := h.History(ctx, ticketContext(), "dana", 0)
				if oldest := entries[len(entries)-1]; err != nil || oldest.Outcome != verify.Denied || oldest.DeniedAfter != c.was || !oldest.EndedAt.Equal(h.clock.Now()) {
					t.Errorf("the history has %+v (%v)", entries, err)
				}
				_, err = h.Send(ctx, ticketContext(), h.keyed(code("dana", "mobile")))
				wantCode(t, err, verify.CodeLocked)
				again, err := h.Deny(ctx, token)
				wantCode(t, err, verify.CodeVerificationEnded)
				if again.Outcome != verify.Denied || !again.DeniedLate {
					t.Errorf("afterwards the page has %+v", again)
				}
				if n := count(h.kinds("acme", "dana"), verify.EventDenied); n != 1 {
					t.Errorf("%d denials, want one", n)
				}
			})
		}
	}
}

func TestALateDenialTurnsTheGreenOfItsLinkRedAndIsAnnounced(t *testing.T) {
	h := withWebhook(t, nil)
	sent := h.send(noted(), link("dana", "mail"))
	token := h.secret(sent)
	if _, err := h.Validate(ctx, token, ""); err != nil {
		t.Fatal(err)
	}
	if s := h.shield("dana", "mail"); s.State != verify.ShieldVerified {
		t.Fatalf("the shield is %s", s.State)
	}
	first := h.due()[0]
	if err := h.NoteWritten(ctx, first); err != nil {
		t.Fatal(err)
	}
	h.clock.advance(16 * time.Minute)
	h.notifier.received()
	if _, err := h.Deny(ctx, token); err != nil {
		t.Fatal(err)
	}
	h.wantNotification("dana", 4)
	if s := h.shield("dana", "mail"); s.State != verify.ShieldDenied {
		t.Errorf("the shield is %s", s.State)
	}
	want := []webhook.Event{{
		ID: "acme-4", Type: webhook.Denied, Tenant: "acme", Seq: 4, At: opening.Add(16 * time.Minute),
		Data: webhook.Data{VerificationID: sent.Verification, ContactID: "dana", TicketID: "t1", TechnicianID: "ana", Late: true, Was: "verified"},
	}}
	told := h.told()
	if len(told) != 2 || told[0].Type != webhook.Verified {
		t.Fatalf("told of %+v, want the success and the denial", told)
	}
	if diff := cmp.Diff(want, told[1:]); diff != "" {
		t.Error(diff)
	}
	due := h.due()
	if len(due) != 1 {
		t.Fatalf("%d notes are due, want one", len(due))
	}
	text, err := h.NoteText(ctx, due[0])
	if err != nil {
		t.Fatal(err)
	}
	wantText := `Caller verification: DENIED after it was verified: the recipient says they did not ask for this
Contact: dana
Method: secure link by e-mail to d•••@contoso.com
Technician: Ana Ortiz
Requested: 2 Mar 2026, 14:00 UTC
Verified: 2 Mar 2026, 14:00 UTC
Denied: 2 Mar 2026, 14:16 UTC
Verification: ` + sent.Verification + `, denied`
	if diff := cmp.Diff(wantText, text); diff != "" || verify.NoteMarker(text) == sent.Verification {
		t.Errorf("marker %q, text (-want +got):\n%s", verify.NoteMarker(text), diff)
	}
}

func TestALateDenialEndsWhatIsUnderWayAndLeavesGreensOfOtherChannels(t *testing.T) {
	h := newHarness(t)
	proven := h.send(ticketContext(), code("dana", "second"))
	if _, err := h.CheckCode(ctx, ticketContext(), proven.Verification, h.secret(proven)); err != nil {
		t.Fatal(err)
	}
	old := h.secret(h.send(ticketContext(), link("dana", "mail")))
	h.clock.advance(5 * time.Minute)
	h.send(ticketContext(), link("dana", "mail"))
	sms := h.send(ticketContext(), code("dana", "mobile"))
	right := h.secret(sms)
	if _, err := h.Deny(ctx, old); err != nil {
		t.Fatal(err)
	}
	for channel, want := range map[string]verify.State{"mail": verify.ShieldDenied, "mobile": verify.ShieldFailed, "second": verify.ShieldVerified} {
		if got := h.shield("dana", channel).State; got != want {
			t.Errorf("%s reads %s, want %s", channel, got, want)
		}
	}
	_, err := h.CheckCode(ctx, ticketContext(), sms.Verification, right)
	wantCode(t, err, verify.CodeVerificationEnded)
}

// One mailbox has said yes to one link and no to another: its yes proves nothing.
func TestALateDenialTurnsAGreenByAnotherLinkOfTheChannelRed(t *testing.T) {
	h := newHarness(t)
	old := h.secret(h.send(ticketContext(), link("dana", "mail")))
	h.clock.advance(time.Minute)
	if _, err := h.Validate(ctx, h.secret(h.send(ticketContext(), link("dana", "mail"))), ""); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Deny(ctx, old); err != nil {
		t.Fatal(err)
	}
	if s := h.shield("dana", "mail"); s.State != verify.ShieldDenied {
		t.Errorf("the channel reads %s", s.State)
	}
	if _, err := h.Unlock(ctx, noor, "dana"); err != nil {
		t.Fatal(err)
	}
	h.clock.advance(time.Minute)
	if _, err := h.Validate(ctx, h.secret(h.send(ticketContext(), link("dana", "mail"))), ""); err != nil {
		t.Fatal(err)
	}
	if s := h.shield("dana", "mail"); s.State != verify.ShieldVerified {
		t.Errorf("after the admin and a new success it reads %s", s.State)
	}
}

func TestThreat_15_LateDenialsInParallelAreOne(t *testing.T) {
	h := newHarness(t)
	token := h.secret(h.send(ticketContext(), link("dana", "mail")))
	if _, err := h.Validate(ctx, token, ""); err != nil {
		t.Fatal(err)
	}
	codes := together(50, func(int) error { _, err := h.Deny(ctx, token); return err })
	if codes[""] != 1 || codes[verify.CodeVerificationEnded] != 49 {
		t.Errorf("verdicts %v, want one that counts", codes)
	}
	h.wantKinds("dana", verify.EventRequested, verify.EventVerified, verify.EventDenied)
}

func TestAnOlderPageOfHistoryHasItsLateDenial(t *testing.T) {
	h := newHarness(t)
	old := h.send(ticketContext(), link("dana", "mail"))
	token := h.secret(old)
	if _, err := h.Validate(ctx, token, ""); err != nil {
		t.Fatal(err)
	}
	for range verify.HistoryPage + 2 {
		h.clock.advance(10 * time.Minute)
		h.send(ticketContext(), link("dana", "mail"))
	}
	if _, err := h.Deny(ctx, token); err != nil {
		t.Fatal(err)
	}
	_, next, err := h.History(ctx, ticketContext(), "dana", 0)
	if err != nil || next == 0 {
		t.Fatalf("next page at %d (%v)", next, err)
	}
	older, _, err := h.History(ctx, ticketContext(), "dana", next)
	if err != nil {
		t.Fatal(err)
	}
	last := older[len(older)-1]
	if last.Verification != old.Verification || last.Outcome != verify.Denied || last.DeniedAfter != verify.Verified {
		t.Errorf("the first entry reads %+v", last)
	}
}

func TestALateDenialWithoutItsLedgerIsNotTaken(t *testing.T) {
	h := newHarness(t)
	token := h.secret(h.send(ticketContext(), link("dana", "mail")))
	if _, err := h.Validate(ctx, token, ""); err != nil {
		t.Fatal(err)
	}
	broken := h.other()
	broken.Ledger = failing{h.store}
	_, err := broken.Deny(ctx, token)
	wantCode(t, err, verify.CodeUnavailable)
	if got := h.kinds("acme", "dana"); len(got) != 2 {
		t.Errorf("events %v", got)
	}
	if _, err := h.Deny(ctx, token); err != nil {
		t.Errorf("and it is taken when the ledger is back: %v", err)
	}
}

func TestALateDenialOfATextedLinkNamesTheNumber(t *testing.T) {
	h := newHarness(t)
	token := h.secret(h.send(ticketContext(), verify.Request{Contact: "dana", Channel: "mobile", Method: channel.SMSLink}))
	if _, err := h.Validate(ctx, token, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Deny(ctx, token); err != nil {
		t.Fatal(err)
	}
	entries, _, err := h.History(ctx, ticketContext(), "dana", 0)
	if err != nil || len(entries) != 1 {
		t.Fatal(entries, err)
	}
	if text := verify.Note("Dana Reyes", entries[0], locale.Zone("Europe/Berlin")); !strings.Contains(text, "secure link by SMS to ••• ••• 4821\n") || !strings.Contains(text, "Denied: 2 Mar 2026, 15:00 CET\n") {
		t.Errorf("the note is\n%s", text)
	}
}
