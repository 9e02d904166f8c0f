package verify_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/policy"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

func TestThreat_11_LookingALinkUpChangesNothing(t *testing.T) {
	h := newHarness(t)
	sent := h.send(ticketContext(), link("dana", "mail"))
	token := h.secret(sent)
	h.notifier.received()
	together(100, func(int) error {
		got, err := h.Link(ctx, token)
		want := verify.Link{Tenant: got.Tenant, Technician: "Ana Ortiz", Ticket: "4711", Language: "en", ExpiresAt: opening.Add(5 * time.Minute), TimeZone: "UTC", CanDeny: true}
		if diff := cmp.Diff(want, got); err != nil || got.Tenant.ID != "acme" || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		return nil
	})
	h.wantKinds("dana", verify.EventRequested)
	h.wantSilence()
}

func TestOpenedIsToldOnceAndProvesNothing(t *testing.T) {
	h := newHarness(t)
	sent := h.send(ticketContext(), link("dana", "mail"))
	token := h.secret(sent)
	if codes := together(20, func(int) error { return h.Opened(ctx, token) }); codes[""] != 20 {
		t.Errorf("verdicts %v", codes)
	}
	h.wantKinds("dana", verify.EventRequested, verify.EventOpened)
	if s := h.shield("dana", "mail"); s.State != verify.ShieldPending || s.Stage != verify.StageOpened {
		t.Errorf("shield %+v, want pending and opened", s)
	}
	wantCode(t, h.Opened(ctx, strings.Repeat("A", 43)), verify.CodeNotFound)
	h.clock.advance(5 * time.Minute)
	if err := h.Opened(ctx, token); err != nil {
		t.Errorf("an expired link that is opened: %v", err)
	}
	h.wantKinds("dana", verify.EventRequested, verify.EventOpened)
}

func TestValidateAndDenyEndTheLink(t *testing.T) {
	for _, first := range []struct {
		name    string
		do      func(*harness, string) (verify.Link, error)
		outcome verify.Outcome
		event   verify.EventKind
		state   verify.State
		again   verify.Code
	}{
		{"validate", func(h *harness, token string) (verify.Link, error) { return h.Validate(ctx, token, "") },
			verify.Verified, verify.EventVerified, verify.ShieldVerified, verify.CodeAlreadyUsed},
		{"deny", func(h *harness, token string) (verify.Link, error) { return h.Deny(ctx, token) },
			verify.Denied, verify.EventDenied, verify.ShieldDenied, verify.CodeVerificationEnded},
	} {
		t.Run(first.name, func(t *testing.T) {
			h := newHarness(t)
			sent := h.send(ticketContext(), link("dana", "mail"))
			token := h.secret(sent)
			h.notifier.received()
			got, err := first.do(h, token)
			if err != nil || got.Outcome != first.outcome {
				t.Fatalf("got %+v (%v), want %s", got, err, first.outcome)
			}
			h.wantNotification("dana", 2)
			s := h.shield("dana", "mail")
			if s.State != first.state || s.By.ID != "ana" {
				t.Errorf("shield %+v, want %s", s, first.state)
			}
			got, err = first.do(h, token)
			if first.outcome == verify.Verified {
				got, err = h.Validate(ctx, token, "")
			}
			wantCode(t, err, first.again)
			if got.Outcome != first.outcome {
				t.Errorf("the page would say %q, want %q", got.Outcome, first.outcome)
			}
			h.wantKinds("dana", verify.EventRequested, first.event)
			h.wantSilence()
		})
	}
}

func TestThreat_16_AnExpiredLinkIsRefused(t *testing.T) {
	h := newHarness(t)
	h.tenant("acme", func(p *policy.Policy) { p.LinkValidity = 7 * time.Minute })
	sent := h.send(ticketContext(), link("dana", "mail"))
	token := h.secret(sent)
	h.clock.advance(7 * time.Minute)
	got, err := h.Validate(ctx, token, "")
	wantCode(t, err, verify.CodeExpired)
	if got.Outcome != verify.Expired {
		t.Errorf("the page would say %q, want expired", got.Outcome)
	}
	h.wantKinds("dana", verify.EventRequested)
}

func TestAnEndedLinkSaysWhatBecameOfIt(t *testing.T) {
	h := newHarness(t)
	sent := h.send(ticketContext(), link("dana", "mail"))
	token := h.secret(sent)
	if _, err := h.Cancel(ctx, ticketContext(), sent.Verification); err != nil {
		t.Fatal(err)
	}
	got, err := h.Validate(ctx, token, "")
	wantCode(t, err, verify.CodeVerificationEnded)
	if got.Outcome != verify.Cancelled {
		t.Errorf("the page would say %q, want cancelled", got.Outcome)
	}
}

func TestLinksThatAreNone(t *testing.T) {
	h := newHarness(t)
	sent := h.send(ticketContext(), link("dana", "mail"))
	texted := h.send(ticketContext(), code("dana", "mobile"))
	token := h.secret(sent)
	_, none := h.Link(ctx, strings.Repeat("A", 43))
	wantCode(t, none, verify.CodeNotFound)
	for name, give := range map[string]string{
		"nothing":           "",
		"a token cut short": token[:42],
		"a token and more":  token + "A",
		"another token":     "A" + token[1:43],
		"a megabyte":        strings.Repeat("A", 1<<20),
		"a code":            h.secret(texted),
		"a verification":    sent.Verification,
		"no base64":         strings.Repeat("\x00", 43),
		"a query":           "' OR 1=1 --                                ",
	} {
		if give == token {
			continue // the first letter was an A
		}
		for verb, do := range map[string]func() error{
			"Link":     func() error { _, err := h.Link(ctx, give); return err },
			"Validate": func() error { _, err := h.Validate(ctx, give, ""); return err },
			"Deny":     func() error { _, err := h.Deny(ctx, give); return err },
			"Opened":   func() error { return h.Opened(ctx, give) },
		} {
			t.Run(verb+" of "+name, func(t *testing.T) { wantSameRefusal(t, do(), none) })
		}
	}
	h.wantKinds("dana", verify.EventRequested, verify.EventRequested)
}

// The denial stands, before and after a Validate.
func TestThreat_15_OfValidateAndDenyInParallelTheDenialStands(t *testing.T) {
	h := newHarness(t)
	for range 10 {
		sent := h.send(ticketContext(), link("dana", "mail"))
		token := h.secret(sent)
		before := len(h.kinds("acme", "dana"))
		codes := together(50, func(i int) error {
			if i%2 == 0 {
				_, err := h.Validate(ctx, token, "")
				return err
			}
			_, err := h.Deny(ctx, token)
			return err
		})
		kinds := h.kinds("acme", "dana")[before:]
		yes, no := count(kinds, verify.EventVerified), count(kinds, verify.EventDenied)
		if yes > 1 || no != 1 || codes[""] != yes+no || codes[verify.CodeAlreadyUsed]+codes[verify.CodeVerificationEnded] != 50-yes-no {
			t.Errorf("verdicts %v and events %v, want one denial, and at most one success before it", codes, kinds)
		}
		if s := h.shield("dana", "mail"); s.State != verify.ShieldDenied {
			t.Errorf("the shield is %s", s.State)
		}
		if _, err := h.Unlock(ctx, noor, "dana"); err != nil {
			t.Fatal(err)
		}
		h.clock.advance(time.Minute)
	}
}

func TestValidateWithoutLedgerTurnsNothingGreen(t *testing.T) {
	h := newHarness(t)
	sent := h.send(ticketContext(), link("dana", "mail"))
	token := h.secret(sent)
	h.notifier.received()
	broken := h.other()
	broken.Ledger = failing{h.store}
	_, err := broken.Validate(ctx, token, "")
	wantCode(t, err, verify.CodeUnavailable)
	h.wantKinds("dana", verify.EventRequested)
	h.wantSilence()
	if _, err := h.Validate(ctx, token, ""); err != nil {
		t.Errorf("and it works when the ledger is back: %v", err)
	}
}

func TestValidateReportsItsResultEvenIfALaterReadFails(t *testing.T) {
	h := newHarness(t)
	sent := h.send(ticketContext(), link("dana", "mail"))
	brief := h.other()
	brief.Ledger = &readOnce{Ledger: h.store}
	got, err := brief.Validate(ctx, h.secret(sent), "")
	if err != nil || got.Outcome != verify.Verified || got.Technician != "Ana Ortiz" {
		t.Errorf("got %+v (%v), want verified", got, err)
	}
	h.wantKinds("dana", verify.EventRequested, verify.EventVerified)
}

// readOnce is a ledger whose readers go away after one reading.
type readOnce struct {
	verify.Ledger
	read bool
}

func (r *readOnce) Recent(ctx context.Context, tenant string, contacts []string, n int) ([]verify.Event, error) {
	if r.read {
		return nil, errGone
	}
	r.read = true
	return r.Ledger.Recent(ctx, tenant, contacts, n)
}
