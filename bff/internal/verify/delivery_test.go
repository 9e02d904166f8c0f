package verify_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// report records what must be recordable.
func report(h *harness, job string, kind verify.EventKind) {
	h.t.Helper()
	r := verify.Report{Kind: kind}
	switch kind {
	case verify.EventDelayed:
		r.Reason = verify.ReasonCarrierDown
	case verify.EventFailed:
		r.Reason = verify.ReasonInvalidRecipient
	case verify.EventSent:
		r.Carrier = "vonage"
	}
	if err := h.RecordReport(ctx, "acme", job, r); err != nil {
		h.t.Fatal(err)
	}
}

func TestDeliveredMovesTheStageOn(t *testing.T) {
	h := newHarness(t)
	sent := h.send(ticketContext(), code("dana", "mobile"))
	for _, step := range []struct {
		report verify.EventKind
		stage  verify.Stage
		reason verify.Code
		news   bool
	}{
		{verify.EventDelayed, verify.StageDelayed, verify.ReasonCarrierDown, true},
		{verify.EventDelayed, verify.StageDelayed, verify.ReasonCarrierDown, false},
		{verify.EventSent, verify.StageSent, "", true},
		{verify.EventIndeterminate, verify.StageSent, "", false},
		{verify.EventSent, verify.StageSent, "", false},
		{verify.EventDelivered, verify.StageDelivered, "", true},
		{verify.EventSent, verify.StageDelivered, "", false},
	} {
		h.notifier.received()
		before := len(h.kinds("acme", "dana"))
		report(h, sent.Verification, step.report)
		s := h.shield("dana", "mobile")
		if s.State != verify.ShieldPending || s.Stage != step.stage || s.Reason != step.reason {
			t.Errorf("after %s: %+v, want %s %s", step.report, s, step.stage, step.reason)
		}
		if news := len(h.kinds("acme", "dana")) > before; news != step.news {
			t.Errorf("%s: news %v, want %v", step.report, news, step.news)
		}
		if step.news {
			h.wantNotification("dana", int64(before)+1)
		} else {
			h.wantSilence()
		}
	}
	if e := h.events("acme", "dana")[2]; e.Carrier != "vonage" {
		t.Errorf("the event of its sending is %+v, want the carrier in it", e)
	}
}

func TestDeliveredFailureEndsTheVerification(t *testing.T) {
	h := newHarness(t)
	sent := h.send(ticketContext(), code("dana", "mobile"))
	digits := h.secret(sent)
	report(h, sent.Verification, verify.EventSent)
	for range 3 {
		report(h, sent.Verification, verify.EventFailed)
	}
	report(h, sent.Verification, verify.EventDelivered)
	h.wantKinds("dana", verify.EventRequested, verify.EventSent, verify.EventFailed)
	if s := h.shield("dana", "mobile"); s.State != verify.ShieldFailed || s.Reason != verify.ReasonInvalidRecipient {
		t.Errorf("shield %+v, want failed: recipient", s)
	}
	_, err := h.CheckCode(ctx, ticketContext(), sent.Verification, digits)
	wantCode(t, err, verify.CodeVerificationEnded)
}

func TestDeliveredAfterTheEndIsNoNews(t *testing.T) {
	h := newHarness(t)
	expired, cancelled := h.send(ticketContext(), link("dana", "mail")), h.send(ticketContext(), code("dana", "mobile"))
	if _, err := h.Cancel(ctx, ticketContext(), cancelled.Verification); err != nil {
		t.Fatal(err)
	}
	h.clock.advance(5 * time.Minute)
	h.notifier.received()
	before := h.kinds("acme", "dana")
	for _, kind := range []verify.EventKind{verify.EventDelayed, verify.EventIndeterminate, verify.EventSent, verify.EventDelivered, verify.EventFailed} {
		report(h, expired.Verification, kind)
		report(h, cancelled.Verification, kind)
	}
	h.wantKinds("dana", before...)
	h.wantSilence()
}

func TestDeliveredRefusals(t *testing.T) {
	h := newHarness(t)
	sent := h.send(ticketContext(), code("dana", "mobile"))
	h.notifier.received()
	none := h.RecordReport(ctx, "acme", "v_00000000000000000000000000", verify.Report{Kind: verify.EventDelivered})
	wantCode(t, none, verify.CodeNotFound)
	wantSameRefusal(t, h.RecordReport(ctx, "umbrella", sent.Verification, verify.Report{Kind: verify.EventDelivered}), none)
	wantSameRefusal(t, h.RecordReport(ctx, "umbrella", sent.Verification, verify.Report{Kind: verify.EventFailed}), none)
	for _, kind := range []verify.EventKind{
		"", "click", verify.EventRequested, verify.EventOpened, verify.EventWrongCode, verify.EventVerified, verify.EventDenied,
		verify.EventCancelled, verify.EventSuperseded,
	} {
		wantCode(t, h.RecordReport(ctx, "acme", sent.Verification, verify.Report{Kind: kind}), verify.CodeInvalid)
	}
	h.wantKinds("dana", verify.EventRequested)
	h.wantSilence()
}

// Reports of a carrier, in any order and any number, turn no shield green; a shield that was green
// or red before stays so.
func TestThreat_21_NoDeliveryReportTurnsAnythingGreen(t *testing.T) {
	h := newHarness(t)
	kinds := []verify.EventKind{verify.EventDelayed, verify.EventIndeterminate, verify.EventSent, verify.EventDelivered, verify.EventFailed}
	rapid.Check(t, func(t *rapid.T) {
		h.clock.advance(time.Hour)
		sent := h.send(ticketContext(), link("dana", "mail"))
		token := h.secret(sent)
		want := verify.ShieldPending
		for _, kind := range rapid.SliceOfN(rapid.SampledFrom(append(kinds, "opened")), 1, 12).Draw(t, "reports") {
			if kind == "opened" {
				if err := h.Opened(ctx, token); err != nil {
					t.Fatal(err)
				}
				continue
			}
			report(h, sent.Verification, kind)
			if kind == verify.EventFailed {
				want = verify.ShieldFailed
			}
		}
		if s := h.shield("dana", "mail"); s.State != want || s.Verification != sent.Verification {
			t.Fatalf("shield %+v, want %s", s, want)
		}
	})
	h.clock.advance(time.Hour)
	sent := h.send(ticketContext(), link("dana", "mail"))
	if _, err := h.Validate(ctx, h.secret(sent), ""); err != nil {
		t.Fatal(err)
	}
	green := h.shield("dana", "mail")
	before := h.kinds("acme", "dana")
	for _, kind := range kinds {
		report(h, sent.Verification, kind)
	}
	h.wantKinds("dana", before...)
	if s := h.shield("dana", "mail"); s != green || s.State != verify.ShieldVerified {
		t.Errorf("shield %+v, want %+v", s, green)
	}
}
