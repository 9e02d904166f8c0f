package verify_test

import (
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

func TestCancelEndsWhatIsOpenOnce(t *testing.T) {
	h := newHarness(t)
	sent := h.send(ticketContext(), code("dana", "mobile"))
	h.notifier.received()
	got, err := h.Cancel(ctx, ticketContext(), sent.Verification)
	if err != nil {
		t.Fatal(err)
	}
	if got.Shield.State != verify.ShieldUnverified || got.Shield.Reason != verify.ReasonCancelled {
		t.Errorf("shield %+v", got.Shield)
	}
	h.wantAsRead(got)
	h.wantNotification("dana", got.Seq)
	_, err = h.Cancel(ctx, ticketContext(), sent.Verification)
	wantCode(t, err, verify.CodeVerificationEnded)

	late := h.send(ticketContext(), code("dana", "second"))
	h.clock.advance(5 * time.Minute)
	_, err = h.Cancel(ctx, ticketContext(), late.Verification)
	wantCode(t, err, verify.CodeExpired)

	used := h.send(ticketContext(), code("dana", "mobile"))
	if _, err := h.CheckCode(ctx, ticketContext(), used.Verification, h.secret(used)); err != nil {
		t.Fatal(err)
	}
	_, err = h.Cancel(ctx, ticketContext(), used.Verification)
	wantCode(t, err, verify.CodeAlreadyUsed)
	if s := h.shield("dana", "mobile"); s.State != verify.ShieldVerified {
		t.Errorf("shield %+v, want green", s)
	}
}

func TestThreat_15_CancelAndTheRightCodeInParallelHaveOneWinner(t *testing.T) {
	h := newHarness(t)
	for range 10 {
		sent := h.send(ticketContext(), code("dana", "mobile"))
		digits := h.secret(sent)
		before := len(h.kinds("acme", "dana"))
		codes := together(20, func(i int) error {
			if i%2 == 0 {
				_, err := h.Cancel(ctx, ticketContext(), sent.Verification)
				return err
			}
			_, err := h.CheckCode(ctx, ticketContext(), sent.Verification, digits)
			return err
		})
		if codes[""] != 1 || codes[verify.CodeAlreadyUsed]+codes[verify.CodeVerificationEnded] != 19 {
			t.Errorf("verdicts %v, want one that counts", codes)
		}
		if n := len(h.kinds("acme", "dana")); n != before+1 {
			t.Errorf("%d events of the end, want one", n-before)
		}
		h.clock.advance(time.Minute)
	}
}
