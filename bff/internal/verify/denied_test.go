package verify_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/policy"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

var noor = administrator{Tenant: "acme", Actor: admin.Actor{Kind: verify.ActorAPIKey, ID: "key-1", Name: "Noor Haddad"}}

func TestADenialLocksTheContactUntilAnAdminClearsIt(t *testing.T) {
	h := newHarness(t)
	token := h.secret(h.send(ticketContext(), link("dana", "mail")))
	if _, err := h.Deny(ctx, token); err != nil {
		t.Fatal(err)
	}
	h.clock.advance(2 * time.Minute)
	for _, r := range []verify.Request{code("dana", "mobile"), link("dana", "mail"), {Contact: "dana", Channel: "second", Method: channel.SMSLink}} {
		_, err := h.Send(ctx, ticketContext(), h.keyed(r))
		wantCode(t, err, verify.CodeLocked)
		var refusal *verify.Error
		if !errors.As(err, &refusal) || refusal.Reason != verify.ReasonDenied {
			t.Errorf("%s: %+v, want the reason %q", r.Method, refusal, verify.ReasonDenied)
		}
	}
	if _, err := h.Send(ctx, ticketContext(), h.keyed(link("erik", "erik-mail"))); err != nil {
		wantCode(t, err, verify.CodeNoteRequired) // Erik is not locked for what Dana said
	}
	other := noor
	other.Tenant = "umbrella"
	if was, err := h.Unlock(ctx, other, "dana"); err != nil || was != (admin.UnlockResult{}) {
		t.Errorf("another tenant's admin cleared %+v (%v)", was, err)
	}
	was, err := h.Unlock(ctx, noor, "dana")
	if want := (admin.UnlockResult{Denied: true}); err != nil || was != want {
		t.Errorf("cleared %+v (%v), want %+v", was, err, want)
	}
	h.wantKinds("dana", verify.EventRequested, verify.EventDenied, verify.EventUnlocked)
	if _, err := h.Send(ctx, ticketContext(), h.keyed(link("dana", "mail"))); err != nil {
		t.Errorf("unlocked, and yet: %v", err)
	}
	if was, err := h.Unlock(ctx, noor, "dana"); err != nil || was != (admin.UnlockResult{}) {
		t.Errorf("cleared once more: %+v (%v)", was, err)
	}
}

func TestADenialEndsWhatElseIsUnderWay(t *testing.T) {
	h := newHarness(t)
	d := ticketContext()
	sms := h.send(d, code("dana", "mobile"))
	mail := h.send(d, link("dana", "mail"))
	right := h.secret(sms)
	if _, err := h.Deny(ctx, h.secret(mail)); err != nil {
		t.Fatal(err)
	}
	_, err := h.CheckCode(ctx, d, sms.Verification, right)
	wantCode(t, err, verify.CodeVerificationEnded)
	h.wantKinds("dana", verify.EventRequested, verify.EventRequested, verify.EventFailed, verify.EventDenied)
	if s := h.shield("dana", "mobile"); s.State != verify.ShieldFailed || s.Reason != verify.ReasonDenied {
		t.Errorf("the other channel reads %s, %q", s.State, s.Reason)
	}
	if s := h.shield("dana", "mail"); s.State != verify.ShieldDenied {
		t.Errorf("the denied channel reads %s", s.State)
	}
}

func TestOfADenialAndTheRightCodeAtOnceOneStands(t *testing.T) {
	h := newHarness(t)
	d := ticketContext()
	sms := h.send(d, code("dana", "mobile"))
	mail := h.send(d, link("dana", "mail"))
	right, token := h.secret(sms), h.secret(mail)
	together(2, func(i int) error {
		if i == 0 {
			_, err := h.CheckCode(ctx, d, sms.Verification, right)
			return err
		}
		_, err := h.Deny(ctx, token)
		return err
	})
	if got := h.shield("dana", "mail").State; got != verify.ShieldDenied {
		t.Errorf("the denial is lost: %s", got)
	}
	kinds := h.kinds("acme", "dana")
	verified, failed := slices.Contains(kinds, verify.EventVerified), slices.Contains(kinds, verify.EventFailed)
	if verified == failed {
		t.Errorf("the code both stands and fell, or neither: %v", kinds)
	}
}

func TestOptionsOfALockedContactSayWhy(t *testing.T) {
	d := ticketContext()
	dana, _ := d.Contact("dana")
	mobile, _ := dana.Channel("mobile")
	for _, o := range d.Options(policy.Default(), dana, mobile, verify.ContactState{Denied: true}, opening) {
		if o.Refusal != verify.ReasonDenied {
			t.Errorf("%s is refused for %q, want %q", o.Method, o.Refusal, verify.ReasonDenied)
		}
	}
}
