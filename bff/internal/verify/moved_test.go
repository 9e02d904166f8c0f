package verify_test

import (
	"slices"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// moved is the desk after the ticket system has put another number under the contact's mobile.
func moved(d verify.TicketContext) verify.TicketContext {
	d.Contacts = slices.Clone(d.Contacts)
	d.Contacts[0].Channels = slices.Clone(d.Contacts[0].Channels)
	d.Contacts[0].Channels[0].Value = "+14155550666"
	return d
}

// shows is the mobile's, as a pod of this desk shows it.
func (h *harness) shows(d verify.TicketContext) verify.Shield {
	h.t.Helper()
	pod, err := h.Pod(ctx, d)
	if err != nil {
		h.t.Fatal(err)
	}
	return pod.Contacts["dana"].Shields["mobile"]
}

func TestThreat_09_GreenIsOfTheNumberThatWasProvenAndNoOther(t *testing.T) {
	h := newHarness(t)
	sent := h.send(ticketContext(), code("dana", "mobile"))
	if _, err := h.CheckCode(ctx, ticketContext(), sent.Verification, h.job(sent.Verification).Secret); err != nil {
		t.Fatal(err)
	}
	if got := h.shows(ticketContext()).State; got != verify.ShieldVerified {
		t.Fatalf("the proven number is %s", got)
	}
	if got := h.shows(moved(ticketContext())); got.State != verify.ShieldUnverified || got.ResendAt.IsZero() {
		t.Errorf("another number under the same channel reads %+v", got)
	}
	if got := h.shows(ticketContext()).State; got != verify.ShieldVerified {
		t.Errorf("and the proven one, once it is back, %s", got)
	}

	h.clock.advance(time.Minute)
	asked := h.send(moved(ticketContext()), code("dana", "mobile"))
	if under := asked.Shield.RevertsTo(); under != nil {
		t.Errorf("the new number's request reverts to %+v of the old one", under)
	}
	if _, err := h.Cancel(ctx, moved(ticketContext()), asked.Verification); err != nil {
		t.Fatal(err)
	}
	if got := h.shows(moved(ticketContext())).State; got != verify.ShieldUnverified {
		t.Errorf("once that is cancelled the new number reads %s", got)
	}
}

func TestThreat_09_AnAnswerOfBeforeShowsNoGreenOfAnotherNumber(t *testing.T) {
	h := newHarness(t)
	asked := h.keyed(code("dana", "mobile"))
	sent, err := h.Send(ctx, ticketContext(), asked)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.CheckCode(ctx, ticketContext(), sent.Verification, h.job(sent.Verification).Secret); err != nil {
		t.Fatal(err)
	}
	again, err := h.Send(ctx, moved(ticketContext()), asked)
	if err != nil || again.Verification != sent.Verification || again.Shield.State != verify.ShieldUnverified {
		t.Errorf("the same request from the desk with another number: %+v, %v", again, err)
	}
}

func TestThreat_09_ACodeProvesTheNumberThatItWasSentTo(t *testing.T) {
	h := newHarness(t)
	sent := h.send(ticketContext(), code("dana", "mobile"))
	right := h.job(sent.Verification).Secret
	if got := h.shows(moved(ticketContext())).State; got != verify.ShieldUnverified {
		t.Errorf("while it is on its way the other number reads %s", got)
	}
	_, err := h.CheckCode(ctx, moved(ticketContext()), sent.Verification, right)
	if verify.CodeOf(err) != verify.CodeWrongCode {
		t.Errorf("typed for another number: %v", err)
	}
	if _, err := h.CheckCode(ctx, ticketContext(), sent.Verification, right); err != nil {
		t.Errorf("typed for its own: %v", err)
	}
}

func TestADenialStaysInSightForEveryNumber(t *testing.T) {
	h := newHarness(t)
	toMobile := verify.Request{Contact: "dana", Channel: "mobile", Method: channel.SMSLink}
	sent := h.send(ticketContext(), toMobile)
	if _, err := h.Deny(ctx, h.job(sent.Verification).Secret); err != nil {
		t.Fatal(err)
	}
	if got := h.shows(moved(ticketContext())).State; got != verify.ShieldDenied {
		t.Errorf("after a denial another number reads %s", got)
	}
	if _, err := h.Unlock(ctx, noor, "dana"); err != nil {
		t.Fatal(err)
	}
	h.clock.advance(time.Minute)
	h.send(ticketContext(), toMobile)
	if got := h.shows(moved(ticketContext())).State; got != verify.ShieldDenied {
		t.Errorf("and while the old one is asked again, %s", got)
	}
}
