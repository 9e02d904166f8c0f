package verify_test

import (
	"errors"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// wantMark sends a text and wants it refused for the reason, or to go out.
func (h *harness) wantMark(d verify.TicketContext, r verify.Request, want verify.Code) {
	h.t.Helper()
	_, err := h.Send(ctx, d, h.keyed(r))
	if want == "" {
		if err != nil {
			h.t.Errorf("%s to %s: %v", r.Method, r.Channel, err)
		}
		return
	}
	var refusal *verify.Error
	if !errors.As(err, &refusal) || refusal.Code != verify.CodeMethodNotAllowed || refusal.Reason != want {
		h.t.Errorf("%s to %s: %v, want it refused for %q", r.Method, r.Channel, err, want)
	}
}

func TestANumberThatCarriersSayGetsNoTextsGetsNoMoreUntilItChanges(t *testing.T) {
	for _, reason := range []verify.Code{verify.ReasonOptedOut, verify.ReasonLandline} {
		t.Run(string(reason), func(t *testing.T) {
			h := newHarness(t)
			d := ticketContext()
			sent := h.send(d, code("dana", "mobile"))
			if err := h.RecordReport(ctx, "acme", sent.Verification, verify.Report{Kind: verify.EventFailed, Reason: reason}); err != nil {
				t.Fatal(err)
			}
			if s := h.shield("dana", "mobile"); s.State != verify.ShieldFailed || s.Reason != reason {
				t.Errorf("the shield reads %s %q", s.State, s.Reason)
			}
			h.clock.advance(2 * time.Minute)
			h.wantMark(d, code("dana", "mobile"), reason)
			h.wantMark(d, verify.Request{Contact: "dana", Channel: "mobile", Method: channel.SMSLink}, reason)
			h.wantMark(d, link("dana", "mail"), "") // an e-mail is another matter
			h.wantOptions(d, "mobile", reason)
			moved := ticketContext()
			moved.Contacts[0].Channels[0].Value = "+14155550111"
			h.wantOptions(moved, "mobile", "")
			h.wantMark(moved, code("dana", "mobile"), "")
		})
	}
}

// wantOptions wants every method of the contact's channel to be refused for the reason, or offered.
func (h *harness) wantOptions(d verify.TicketContext, channel string, want verify.Code) {
	h.t.Helper()
	pod, err := h.Pod(ctx, d)
	if err != nil {
		h.t.Fatal(err)
	}
	c, _ := d.Contact("dana")
	ch, _ := c.Channel(channel)
	for _, o := range d.Options(pod.Rules.Policy, c, ch, pod.Contacts["dana"], pod.Now) {
		if o.Refusal != want {
			h.t.Errorf("%s is refused for %q, want %q", o.Method, o.Refusal, want)
		}
	}
}

func TestAnAdminClearsTheMarksOfAContactsNumbers(t *testing.T) {
	h := newHarness(t)
	d := ticketContext()
	sent := h.send(d, code("dana", "mobile"))
	if err := h.RecordReport(ctx, "acme", sent.Verification, verify.Report{Kind: verify.EventFailed, Reason: verify.ReasonOptedOut}); err != nil {
		t.Fatal(err)
	}
	h.clock.advance(2 * time.Minute)
	was, err := h.Unlock(ctx, noor, "dana")
	if want := (admin.UnlockResult{Suppressions: 1}); err != nil || was != want {
		t.Errorf("cleared %+v (%v), want %+v", was, err, want)
	}
	h.wantOptions(d, "mobile", "")
	h.wantMark(d, code("dana", "mobile"), "")
}

func TestAFailureThatIsOfTheMomentMarksNothing(t *testing.T) {
	for _, reason := range []verify.Code{verify.ReasonInvalidRecipient, verify.ReasonBlocked, verify.ReasonUndelivered, verify.ReasonCarrierSet} {
		h := newHarness(t)
		d := ticketContext()
		sent := h.send(d, code("dana", "mobile"))
		if err := h.RecordReport(ctx, "acme", sent.Verification, verify.Report{Kind: verify.EventFailed, Reason: reason}); err != nil {
			t.Fatal(err)
		}
		h.clock.advance(2 * time.Minute)
		h.wantMark(d, code("dana", "mobile"), "")
	}
}

func TestThreat_20_ABatchOfReportsIsWrittenWholeAndTheUnknownArePassedOver(t *testing.T) {
	h := newHarness(t)
	d := ticketContext()
	sms, mail := h.send(d, code("dana", "mobile")), h.send(d, link("dana", "mail"))
	unknown, err := h.RecordReports(ctx, "acme", []verify.JobReport{
		{Job: sms.Verification, Report: verify.Report{Kind: verify.EventSent, Carrier: "vonage"}},
		{Job: "v_nobody", Report: verify.Report{Kind: verify.EventDelivered}},
		{Job: mail.Verification, Report: verify.Report{Kind: verify.EventFailed, Reason: verify.ReasonMailboxFull}},
		{Job: sms.Verification, Report: verify.Report{Kind: verify.EventDelivered}},
		{Job: sms.Verification, Report: verify.Report{Kind: verify.EventSent, Carrier: "vonage"}}, // late
		{Job: mail.Verification, Report: verify.Report{Kind: verify.EventDelivered}},              // after the end
	})
	if unknown != 1 || err != nil {
		t.Fatalf("%d unknown (%v), want 1", unknown, err)
	}
	h.wantKinds("dana", verify.EventRequested, verify.EventRequested, verify.EventSent, verify.EventFailed, verify.EventDelivered)
	if unknown, err := h.RecordReports(ctx, "umbrella", []verify.JobReport{{Job: sms.Verification, Report: verify.Report{Kind: verify.EventDelivered}}}); unknown != 1 || err != nil {
		t.Errorf("another tenant's: %d unknown (%v), want 1", unknown, err)
	}
	_, err = h.RecordReports(ctx, "acme", []verify.JobReport{
		{Job: sms.Verification, Report: verify.Report{Kind: verify.EventFailed, Reason: verify.ReasonBlocked}},
		{Job: sms.Verification, Report: verify.Report{Kind: verify.EventVerified}},
	})
	wantCode(t, err, verify.CodeInvalid)
	h.wantKinds("dana", verify.EventRequested, verify.EventRequested, verify.EventSent, verify.EventFailed, verify.EventDelivered) // all or nothing
}
