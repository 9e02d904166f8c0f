package verify_test

import (
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

func TestAClockThatIsSetBackMakesNoGreenAndNoCooldownLonger(t *testing.T) {
	for _, c := range []struct {
		name  string
		back  time.Duration
		state verify.State
	}{
		{"by nothing", 0, verify.ShieldVerified},
		{"by less than clocks differ", 9 * time.Second, verify.ShieldVerified},
		{"by more than clocks differ", 11 * time.Second, verify.ShieldUnverified},
		{"by half of the green's time", 15 * time.Minute, verify.ShieldUnverified},
		{"by an hour", time.Hour, verify.ShieldUnverified},
		{"by a day", 24 * time.Hour, verify.ShieldUnverified},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHarness(t)
			if _, err := h.Validate(ctx, h.secret(h.send(ticketContext(), link("dana", "mail"))), ""); err != nil {
				t.Fatal(err)
			}
			h.clock.advance(-c.back)
			pod, err := h.Pod(ctx, ticketContext())
			if err != nil {
				t.Fatal(err)
			}
			s, now := pod.Contacts["dana"].Shields["mail"], h.clock.Now()
			if s.State != c.state {
				t.Errorf("the shield reads %s, want %s", s.State, c.state)
			}
			if s.State == verify.ShieldVerified && s.Until.Sub(now) > 30*time.Minute || s.ResendAt.Sub(now) > time.Minute {
				t.Errorf("it lasts for %s, and the next message may go in %s", s.Until.Sub(now), s.ResendAt.Sub(now))
			}
		})
	}
}

func TestAGreenDoesNotComeBackWhenTheClockReadsItsTimeAgain(t *testing.T) {
	h := newHarness(t)
	if _, err := h.Validate(ctx, h.secret(h.send(ticketContext(), link("dana", "mail"))), ""); err != nil {
		t.Fatal(err)
	}
	h.clock.advance(-time.Hour)
	h.send(ticketContext(), code("dana", "mobile")) // what happens to the contact meanwhile is the evidence
	h.clock.advance(time.Hour + time.Minute)
	if s := h.shield("dana", "mail"); s.State != verify.ShieldUnverified {
		t.Errorf("the shield reads %s", s.State)
	}
}
