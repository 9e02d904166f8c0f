package verify_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/policy"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// reach is the kinds of channel that have a carrier.
type reach struct {
	kinds []channel.Kind
	err   error
}

func (r *reach) Reached(context.Context, string) ([]channel.Kind, error) { return r.kinds, r.err }

func TestRulesFollowTheCarriersWithinTwoSeconds(t *testing.T) {
	h := newHarness(t)
	carriers := &reach{kinds: []channel.Kind{channel.Email}}
	h.Reach = carriers
	h.Forget("acme")
	revision := func() string {
		t.Helper()
		r, err := h.EffectivePolicy(ctx, "acme", "contoso")
		if err != nil {
			t.Fatal(err)
		}
		return r.Revision()
	}
	without := revision()
	carriers.kinds = []channel.Kind{channel.Phone, channel.Email}
	if got := revision(); got != without {
		t.Errorf("%q at once, want %q: a request costs no query", got, without)
	}
	h.clock.advance(2 * time.Second)
	if got := revision(); got+" no phone" != without {
		t.Errorf("%q with a text carrier, %q without", got, without)
	}
	carriers.err = errors.New("the database is away")
	h.clock.advance(2 * time.Second)
	if _, err := h.EffectivePolicy(ctx, "acme", "contoso"); err == nil {
		t.Error("carriers that can't be read are taken for none")
	}
}

func TestWithoutACarrierNothingIsSent(t *testing.T) {
	h := newHarness(t)
	h.Reach = &reach{kinds: []channel.Kind{channel.Email}}
	h.Forget("acme")
	_, err := h.Send(ctx, ticketContext(), h.keyed(code("dana", "mobile")))
	refusal := new(verify.Error)
	if !errors.As(err, &refusal) || refusal.Code != verify.CodeMethodNotAllowed || refusal.Reason != verify.Code(policy.ReasonNoCarrier) || refusal.Public == "" {
		t.Errorf("%v, want %s because of %s", err, verify.CodeMethodNotAllowed, verify.Code(policy.ReasonNoCarrier))
	}
	if n := h.outgoing("acme"); n != 0 {
		t.Errorf("%d messages wait", n)
	}
}
