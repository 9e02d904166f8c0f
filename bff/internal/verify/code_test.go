package verify_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/policy"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

func TestAttemptTurnsTheShieldGreen(t *testing.T) {
	h := newHarness(t)
	sent := h.send(ticketContext(), code("dana", "mobile"))
	digits := h.secret(sent)
	h.clock.advance(30 * time.Second)
	h.notifier.received()
	ben := ticketContext()
	ben.Technician = verify.Technician{ID: "ben", Name: "Ben Park"} // a colleague takes over
	got, err := h.CheckCode(ctx, ben, sent.Verification, digits[:3]+" "+digits[3:])
	if err != nil {
		t.Fatal(err)
	}
	at := opening.Add(30 * time.Second)
	if s := got.Shield; s.State != verify.ShieldVerified || !s.At.Equal(at) || !s.Until.Equal(at.Add(30*time.Minute)) || s.By.ID != "ben" {
		t.Errorf("shield %+v", s)
	}
	h.wantAsRead(got)
	h.wantNotification("dana", got.Seq)
	h.wantKinds("dana", verify.EventRequested, verify.EventVerified)
}

func TestAttemptRefusals(t *testing.T) {
	tests := []struct {
		name string
		give func(*harness, *verify.TicketContext, *verify.Result, *string)
		want verify.Code
		fail bool // counts as a failure of the contact
	}{
		{"the right code at the last moment", func(h *harness, _ *verify.TicketContext, _ *verify.Result, _ *string) {
			h.clock.advance(5*time.Minute - time.Millisecond)
		}, "", false},
		{"the right code at the end of its time", func(h *harness, _ *verify.TicketContext, _ *verify.Result, _ *string) {
			h.clock.advance(5 * time.Minute)
		}, verify.CodeExpired, false},
		{"a wrong code", func(_ *harness, _ *verify.TicketContext, _ *verify.Result, typed *string) { *typed = wrong(*typed) }, verify.CodeWrongCode, true},
		{"a code with a digit more", func(_ *harness, _ *verify.TicketContext, _ *verify.Result, typed *string) { *typed += "0" }, verify.CodeInvalid, false},
		{"a code with two digits more", func(_ *harness, _ *verify.TicketContext, _ *verify.Result, typed *string) { *typed += "00" }, verify.CodeInvalid, false},
		{"a code with a digit less", func(_ *harness, _ *verify.TicketContext, _ *verify.Result, typed *string) { *typed = (*typed)[1:] }, verify.CodeInvalid, false},
		{"the right code in Arabic digits", func(_ *harness, _ *verify.TicketContext, _ *verify.Result, typed *string) {
			*typed = inScript('\u0660', *typed)
		}, "", false},
		{"a wrong code in fullwidth digits", func(_ *harness, _ *verify.TicketContext, _ *verify.Result, typed *string) {
			*typed = inScript('\uff10', wrong(*typed))
		}, verify.CodeWrongCode, true},
		{"no code", func(_ *harness, _ *verify.TicketContext, _ *verify.Result, typed *string) { *typed = "" }, verify.CodeInvalid, false},
		{"a word", func(_ *harness, _ *verify.TicketContext, _ *verify.Result, typed *string) { *typed = "please" }, verify.CodeInvalid, false},
		{"a code for a link", func(h *harness, d *verify.TicketContext, sent *verify.Result, _ *string) {
			*sent = h.send(*d, link("dana", "mail"))
		}, verify.CodeInvalid, false},
		{"a code that was used", func(h *harness, d *verify.TicketContext, sent *verify.Result, typed *string) {
			if _, err := h.CheckCode(ctx, *d, sent.Verification, *typed); err != nil {
				h.t.Fatal(err)
			}
		}, verify.CodeAlreadyUsed, false},
		{"a cancelled one", func(h *harness, d *verify.TicketContext, sent *verify.Result, _ *string) {
			if _, err := h.Cancel(ctx, *d, sent.Verification); err != nil {
				h.t.Fatal(err)
			}
		}, verify.CodeVerificationEnded, false},
		{"one whose message the carrier refused", func(h *harness, _ *verify.TicketContext, sent *verify.Result, _ *string) {
			report(h, sent.Verification, verify.EventFailed)
		}, verify.CodeVerificationEnded, false},
		{"an unknown tenant", func(_ *harness, d *verify.TicketContext, _ *verify.Result, _ *string) { d.Tenant = "nobody" }, verify.CodeNotFound, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := newHarness(t)
			d, sent := ticketContext(), h.send(ticketContext(), code("dana", "mobile"))
			typed := h.secret(sent)
			test.give(h, &d, &sent, &typed)
			before := len(h.kinds("acme", "dana"))
			got, err := h.CheckCode(ctx, d, sent.Verification, typed)
			wantCode(t, err, test.want)
			if err != nil && got.Verification != "" {
				t.Errorf("a refusal, and yet a result: %+v", got)
			}
			after := len(h.kinds("acme", "dana"))
			if told := after > before; told != (test.want == "" || test.want == verify.CodeWrongCode) {
				t.Errorf("%d events became %d", before, after)
			}
			if n := h.failures("acme", "dana"); n != map[bool]int{true: 1}[test.fail] {
				t.Errorf("%d failures counted, want %v", n, test.fail)
			}
			if s := h.shield("dana", "mobile"); test.want != "" && test.want != verify.CodeAlreadyUsed && s.State == verify.ShieldVerified {
				t.Errorf("refused, and yet green: %+v", s)
			}
		})
	}
}

// inScript writes a code in the digits of the script whose zero is given.
func inScript(zero rune, code string) string {
	return strings.Map(func(r rune) rune { return zero + r - '0' }, code)
}

// TestAttemptOfAnotherLengthSpendsNoTry types codes of every length that is not the sent one's, many times over, with
// one try left: the right code is still taken.
func TestAttemptOfAnotherLengthSpendsNoTry(t *testing.T) {
	for sentLength := 6; sentLength <= 8; sentLength++ {
		t.Run(fmt.Sprintf("a code of %d digits", sentLength), func(t *testing.T) {
			h := newHarness(t)
			h.tenant("acme", func(p *policy.Policy) { p.CodeLength, p.TriesPerCode = sentLength, 1 })
			sent := h.send(ticketContext(), code("dana", "mobile"))
			digits := h.secret(sent)
			h.tenant("acme", func(p *policy.Policy) { p.CodeLength = 6 + (sentLength+1)%3 }) // the next code's, not this one's
			for _, typed := range []string{"", "1", "12345", "123456", "1234567", "12345678", "123456789", "12345x", "\u0661\u0662"} {
				if len(typed) == sentLength && typed != "12345x" {
					continue
				}
				for range 5 {
					_, err := h.CheckCode(ctx, ticketContext(), sent.Verification, typed)
					wantCode(t, err, verify.CodeInvalid)
				}
			}
			if n := h.failures("acme", "dana"); n != 0 {
				t.Errorf("%d failures counted, want none", n)
			}
			h.wantKinds("dana", verify.EventRequested)
			_, err := h.CheckCode(ctx, ticketContext(), sent.Verification, digits)
			wantCode(t, err, "")
		})
	}
}

func TestAttemptSaysHowManyTriesRemain(t *testing.T) {
	h := newHarness(t)
	sent := h.send(ticketContext(), code("dana", "mobile"))
	digits := h.secret(sent)
	for _, want := range []struct {
		code  verify.Code
		left  int
		words string
	}{
		{verify.CodeWrongCode, 2, "That code doesn't match. 2 tries left."},
		{verify.CodeWrongCode, 1, "That code doesn't match. 1 try left."},
		{verify.CodeAlreadyUsed, 0, "That code doesn't match, and it was the last try. Send a new code."},
		{verify.CodeAlreadyUsed, 0, "This code is out of tries. Send a new one."},
	} {
		_, err := h.CheckCode(ctx, ticketContext(), sent.Verification, wrong(digits))
		refusal := err.(*verify.Error) //nolint:errorlint // a refusal is never wrapped
		if refusal.Code != want.code || refusal.TriesLeft != want.left || refusal.Public != want.words {
			t.Errorf("got %+v, want %+v", refusal, want)
		}
	}
	_, err := h.CheckCode(ctx, ticketContext(), sent.Verification, digits)
	wantCode(t, err, verify.CodeAlreadyUsed)
	h.wantKinds("dana", verify.EventRequested, verify.EventWrongCode, verify.EventWrongCode, verify.EventWrongCode, verify.EventFailed)
	if s := h.shield("dana", "mobile"); s.State != verify.ShieldFailed || s.Reason != verify.ReasonOutOfTries {
		t.Errorf("shield %+v, want failed: spent", s)
	}
}

func TestThreat_07_And8AnotherDesksVerificationReadsAsNone(t *testing.T) {
	h := newHarness(t)
	sent := h.send(ticketContext(), code("dana", "mobile"))
	digits := h.secret(sent)
	_, none := h.CheckCode(ctx, ticketContext(), "v_00000000000000000000000000", digits)
	wantCode(t, none, verify.CodeNotFound)
	tests := []struct {
		name string
		give func(*verify.TicketContext)
	}{
		{"another tenant's", func(d *verify.TicketContext) { d.Tenant = "umbrella" }},
		{"another ticket's", func(d *verify.TicketContext) { d.Ticket.ID = "t2" }},
		{"of a contact who left the ticket", func(d *verify.TicketContext) { d.Contacts = d.Contacts[1:] }},
		{"with no contacts at all", func(d *verify.TicketContext) { d.Contacts = nil }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h.notifier.received()
			d := ticketContext()
			test.give(&d)
			_, err := h.CheckCode(ctx, d, sent.Verification, digits)
			wantSameRefusal(t, err, none)
			_, err = h.Cancel(ctx, d, sent.Verification)
			wantSameRefusal(t, err, none)
			h.wantKinds("dana", verify.EventRequested)
			h.wantSilence()
		})
	}
	if n := h.failures("umbrella", "dana") + h.failures("acme", "dana"); n != 0 {
		t.Errorf("%d failures counted for codes that were never judged", n)
	}
	if _, err := h.CheckCode(ctx, ticketContext(), sent.Verification, digits); err != nil {
		t.Errorf("and it still works on its own desk: %v", err)
	}
}

func TestThreat_13_FiftyWrongCodesInParallelGetTheCapAndNoMore(t *testing.T) {
	h := newHarness(t)
	sent := h.send(ticketContext(), code("dana", "mobile"))
	digits := h.secret(sent)
	codes := together(50, func(int) error {
		_, err := h.CheckCode(ctx, ticketContext(), sent.Verification, wrong(digits))
		return err
	})
	if codes[verify.CodeWrongCode] != 2 || codes[verify.CodeAlreadyUsed] != 48 {
		t.Errorf("verdicts %v, want 2 mismatches and 48 spent", codes)
	}
	_, err := h.CheckCode(ctx, ticketContext(), sent.Verification, digits)
	wantCode(t, err, verify.CodeAlreadyUsed)
	if n := count(h.kinds("acme", "dana"), verify.EventWrongCode); n != 3 {
		t.Errorf("%d codes were judged, want the cap of 3", n)
	}
	if n := h.failures("acme", "dana"); n != 3 {
		t.Errorf("%d failures counted, want 3", n)
	}
}

func TestThreat_14_TheCapHoldsForFiveHundredTechnicians(t *testing.T) {
	h := newHarness(t)
	sent := h.send(ticketContext(), code("dana", "mobile"))
	digits := h.secret(sent)
	codes := together(500, func(i int) error {
		d := ticketContext()
		d.Technician = verify.Technician{ID: fmt.Sprintf("t%03d", i)}
		_, err := h.CheckCode(ctx, d, sent.Verification, wrong(digits))
		return err
	})
	if codes[verify.CodeWrongCode] != 2 || codes[verify.CodeAlreadyUsed] != 498 {
		t.Errorf("verdicts %v, want 2 mismatches and 498 spent", codes)
	}
	_, err := h.CheckCode(ctx, ticketContext(), sent.Verification, digits)
	wantCode(t, err, verify.CodeAlreadyUsed)
}

func TestThreat_15_FiftyRightCodesInParallelSucceedOnce(t *testing.T) {
	h := newHarness(t)
	h.tenant("acme", func(p *policy.Policy) { p.TriesPerCode = 10 })
	sent := h.send(ticketContext(), code("dana", "mobile"))
	digits := h.secret(sent)
	codes := together(50, func(int) error {
		_, err := h.CheckCode(ctx, ticketContext(), sent.Verification, digits)
		return err
	})
	if codes[""] != 1 || codes[verify.CodeAlreadyUsed] != 49 {
		t.Errorf("verdicts %v, want one success and 49 spent", codes)
	}
	h.wantKinds("dana", verify.EventRequested, verify.EventVerified)
}

func TestThreat_17_SwappedCodesAreRefused(t *testing.T) {
	h := newHarness(t)
	one, two := h.send(ticketContext(), code("dana", "mobile")), h.send(ticketContext(), code("dana", "second"))
	_, err := h.CheckCode(ctx, ticketContext(), one.Verification, h.secret(two))
	wantCode(t, err, verify.CodeWrongCode)
	_, err = h.CheckCode(ctx, ticketContext(), two.Verification, h.secret(one))
	wantCode(t, err, verify.CodeWrongCode)
	if _, err = h.CheckCode(ctx, ticketContext(), one.Verification, h.secret(one)); err != nil {
		t.Errorf("its own code: %v", err)
	}
}

func TestThreat_13_AFailureToJudgeNeverRefundsTheTry(t *testing.T) {
	for _, typed := range []func(string) string{wrong, func(right string) string { return right }} {
		h := newHarness(t)
		sent := h.send(ticketContext(), code("dana", "mobile"))
		digits := h.secret(sent)
		h.notifier.received()
		broken := h.other()
		broken.Ledger = failing{h.store}
		for range 3 {
			_, err := broken.CheckCode(ctx, ticketContext(), sent.Verification, typed(digits))
			wantCode(t, err, verify.CodeUnavailable)
		}
		h.wantSilence()
		if n := h.failures("acme", "dana"); n != 3 {
			t.Errorf("%d failures stand, want 3", n)
		}
		_, err := h.CheckCode(ctx, ticketContext(), sent.Verification, digits)
		wantCode(t, err, verify.CodeAlreadyUsed)
		h.wantKinds("dana", verify.EventRequested)
		if s := h.shield("dana", "mobile"); s.State != verify.ShieldPending {
			t.Errorf("shield %+v, want pending", s)
		}
	}
}

func TestThreat_13_FailuresAreCarriedAcrossCodesUntilTheContactIsLocked(t *testing.T) {
	h := newHarness(t)
	spend := func(channel string, tries int) {
		t.Helper()
		sent := h.send(ticketContext(), code("dana", channel))
		digits := h.secret(sent)
		for range tries {
			if _, err := h.CheckCode(ctx, ticketContext(), sent.Verification, wrong(digits)); err == nil {
				t.Fatal("a wrong code was right")
			}
		}
	}
	for _, channel := range []string{"mobile", "second", "mobile"} { // a new code, on any channel, resets nothing
		spend(channel, 3)
		h.clock.advance(time.Minute)
	}
	last := h.send(ticketContext(), code("dana", "second"))
	digits := h.secret(last)
	_, err := h.CheckCode(ctx, ticketContext(), last.Verification, wrong(digits)) // the tenth
	wantCode(t, err, verify.CodeLocked)
	_, err = h.CheckCode(ctx, ticketContext(), last.Verification, digits)
	wantCode(t, err, verify.CodeVerificationEnded)
	if s := h.shield("dana", "second"); s.State != verify.ShieldFailed || s.Reason != verify.ReasonLocked {
		t.Errorf("shield %+v, want failed: locked", s)
	}
	for _, channel := range []string{"second", "mobile"} { // locked comes before cooldown
		_, err = h.Send(ctx, ticketContext(), h.keyed(code("dana", channel)))
		wantCode(t, err, verify.CodeLocked)
	}
	h.clock.advance(24 * time.Hour) // time heals nothing
	_, err = h.Send(ctx, ticketContext(), h.keyed(code("dana", "mobile")))
	wantCode(t, err, verify.CodeLocked)

	proof := h.send(ticketContext(), link("dana", "mail")) // a success does
	if _, err := h.Validate(ctx, h.secret(proof), ""); err != nil {
		t.Fatal(err)
	}
	spend("mobile", 2)
	if n := h.failures("acme", "dana"); n != 2 {
		t.Errorf("%d failures after the success, want 2", n)
	}
}

func TestALockStopsTheOtherOpenCodesOfTheContact(t *testing.T) {
	h := newHarness(t)
	h.tenant("acme", func(p *policy.Policy) { p.FailuresBeforeLock = 3 })
	one, two := h.send(ticketContext(), code("dana", "mobile")), h.send(ticketContext(), code("dana", "second"))
	digits := h.secret(one)
	for range 3 {
		if _, err := h.CheckCode(ctx, ticketContext(), one.Verification, wrong(digits)); err == nil {
			t.Fatal("a wrong code was right")
		}
	}
	before := h.kinds("acme", "dana")
	_, err := h.CheckCode(ctx, ticketContext(), two.Verification, h.secret(two))
	wantCode(t, err, verify.CodeLocked)
	h.wantKinds("dana", before...)
	if slices.Contains(before, verify.EventVerified) || h.failures("acme", "dana") != 3 {
		t.Errorf("events %v, %d failures", before, h.failures("acme", "dana"))
	}
}
