package courier_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// failingSender returns a carrier that fails with f and counts its calls.
func failingSender(calls *int, f courier.Fault) courier.Sender {
	return senderFunc(func(context.Context, courier.OutgoingMessage) (courier.Result, error) {
		*calls++
		return courier.Result{}, &f
	})
}

func TestTheNextCarrierIsTriedAfterAFaultOfTheCarrierOnly(t *testing.T) {
	busy := courier.Fault{Kind: courier.Temporary, Err: errors.New("busy")}
	setup := courier.Fault{Kind: courier.Misconfigured, Err: errors.New("setup")}
	for _, c := range []struct {
		name  string
		first courier.Fault
		calls int // of the second carrier
		want  []string
	}{
		{"the first one has a temporary fault", busy, 1, []string{"v1 report sent reason= carrier=pigeon to acme", "v1 settle sent ref=ring-7 cause="}},
		{"the first one refuses our account", setup, 1, []string{"v1 report sent reason= carrier=pigeon to acme", "v1 settle sent ref=ring-7 cause="}},
		{
			"the recipient is at fault", courier.Fault{Kind: courier.Rejected, Reason: verify.ReasonInvalidRecipient, Err: errors.New("no such number")}, 0,
			[]string{"v1 report failed reason=invalid_recipient carrier= to acme", "v1 settle failed ref= cause=no such number"},
		},
		{
			"the first one can't send to such a recipient", courier.Fault{Kind: courier.Unsupported, Reason: verify.ReasonAddressForm, Err: errors.New("form")}, 1,
			[]string{"v1 report sent reason= carrier=pigeon to acme", "v1 settle sent ref=ring-7 cause="},
		},
		{
			"the first one may have taken it", courier.Fault{Kind: courier.Indeterminate, Err: errors.New("hung up")}, 0,
			[]string{"v1 report indeterminate reason=indeterminate carrier= to acme", "v1 settle indeterminate ref= cause=hung up"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := &fakeOutbox{}
				o.enqueue(textJob("v1"))
				first, second := 0, 0
				spare := senderFunc(func(ctx context.Context, p courier.OutgoingMessage) (courier.Result, error) {
					second++
					return accept(ctx, p)
				})
				runCourier(t, o, accept, func(config *courier.Config) {
					config.Carriers = staticCarriers{channel.Phone: {failingSender(&first, c.first), spare}}
				})
				advance(time.Second)
				if first != 1 || second != c.calls {
					t.Errorf("asked %d and %d times, want 1 and %d", first, second, c.calls)
				}
				if diff := cmp.Diff(c.want, o.written()); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

func TestAMessageWaitsWhileOneCarrierMayAcceptItLater(t *testing.T) {
	busy := func(after time.Duration) courier.Fault {
		return courier.Fault{Kind: courier.Temporary, RetryAfter: after, Err: errors.New("busy")}
	}
	setup := courier.Fault{Kind: courier.Misconfigured, Err: errors.New("setup")}
	form := courier.Fault{Kind: courier.Unsupported, Reason: verify.ReasonAddressForm, Err: errors.New("form")}
	for _, c := range []struct {
		name          string
		first, second courier.Fault
		want          string
	}{
		{"both busy: until the earlier one asks for", busy(40 * time.Second), busy(20 * time.Second), "v1 retry in 20.5s: busy; busy"},
		{"one refuses our account: until the other one asks for", setup, busy(20 * time.Second), "v1 retry in 20.5s: setup; busy"},
		{"the same the other way round", busy(20 * time.Second), setup, "v1 retry in 20.5s: busy; setup"},
		{"neither can send to such a recipient: the reason is that", form, form, "v1 report failed reason=address_not_supported carrier= to acme"},
		{"one can't, and one is busy: until the other one asks for", form, busy(20 * time.Second), "v1 retry in 20.5s: form; busy"},
		{"one can't, and one refuses our account: the reason is the account", form, setup, "v1 report failed reason=carrier_misconfigured carrier= to acme"},
		{"the same the other way round again", setup, form, "v1 report failed reason=carrier_misconfigured carrier= to acme"},
		{"both refuse our account: not at all", setup, setup, "v1 report failed reason=carrier_misconfigured carrier= to acme"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := &fakeOutbox{}
				o.enqueue(textJob("v1"))
				calls := 0
				runCourier(t, o, accept, func(config *courier.Config) {
					config.Carriers = staticCarriers{channel.Phone: {failingSender(&calls, c.first), failingSender(&calls, c.second)}}
				})
				advance(time.Millisecond)
				if got := o.written(); len(got) == 0 || got[0] != c.want {
					t.Errorf("%q, want first %q", got, c.want)
				}
			})
		})
	}
}

// failingCarriers fails to return the carriers.
type failingCarriers struct{}

func (failingCarriers) Senders(context.Context, string, channel.Kind) ([]courier.Sender, error) {
	return nil, errors.New("the database is away")
}

func TestWithoutACarrierTheMessageFailsAndWithoutTheListItWaits(t *testing.T) {
	for name, c := range map[string]struct {
		carriers courier.Carriers
		want     string
	}{
		"none is set up":    {staticCarriers{}, "v1 report failed reason=carrier_misconfigured"},
		"none can be found": {failingCarriers{}, "v1 retry in"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := &fakeOutbox{}
				o.enqueue(textJob("v1"))
				runCourier(t, o, accept, func(config *courier.Config) { config.Carriers = c.carriers })
				advance(time.Millisecond)
				if got := o.written(); len(got) == 0 || !strings.HasPrefix(got[0], c.want) {
					t.Errorf("%q, want first %q…", got, c.want)
				}
			})
		})
	}
}
