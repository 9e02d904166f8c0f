package courier_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// at is a carrier that fails in one way, and counts how often it is asked.
func at(asked *int, f courier.Fault) courier.Sender {
	return sender(func(context.Context, courier.Parcel) (courier.Receipt, error) {
		*asked++
		return courier.Receipt{}, &f
	})
}

func TestTheNextCarrierIsAskedWhenOneIsAtFaultAndNeverWhenTheRecipientIs(t *testing.T) {
	busy := courier.Fault{Kind: courier.Busy, Err: errors.New("busy")}
	setup := courier.Fault{Kind: courier.Setup, Err: errors.New("setup")}
	for _, c := range []struct {
		name  string
		first courier.Fault
		asked int // of the second carrier
		want  []string
	}{
		{"the first one is busy", busy, 1, []string{"v1 report sent reason= carrier=pigeon to acme", "v1 settle sent ref=ring-7 cause="}},
		{"the first one refuses our account", setup, 1, []string{"v1 report sent reason= carrier=pigeon to acme", "v1 settle sent ref=ring-7 cause="}},
		{
			"the recipient is at fault", courier.Fault{Kind: courier.Refused, Reason: verify.ReasonInvalidRecipient, Err: errors.New("no such number")}, 0,
			[]string{"v1 report failed reason=invalid_recipient carrier= to acme", "v1 settle failed ref= cause=no such number"},
		},
		{
			"the first one can't send to such a recipient", courier.Fault{Kind: courier.Unsupported, Reason: verify.ReasonAddressForm, Err: errors.New("form")}, 1,
			[]string{"v1 report sent reason= carrier=pigeon to acme", "v1 settle sent ref=ring-7 cause="},
		},
		{
			"the first one may have taken it", courier.Fault{Kind: courier.Unsure, Err: errors.New("hung up")}, 0,
			[]string{"v1 report indeterminate reason=indeterminate carrier= to acme", "v1 settle unknown ref= cause=hung up"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := &fakeOutbox{}
				o.put(textJob("v1"))
				first, second := 0, 0
				spare := sender(func(ctx context.Context, p courier.Parcel) (courier.Receipt, error) {
					second++
					return takes(ctx, p)
				})
				run(t, o, takes, func(config *courier.Config) {
					config.Carriers = courier.Fixed{verify.Phone: {at(&first, c.first), spare}}
				})
				pass(time.Second)
				if first != 1 || second != c.asked {
					t.Errorf("asked %d and %d times, want 1 and %d", first, second, c.asked)
				}
				if diff := cmp.Diff(c.want, o.written()); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

func TestAMessageWaitsAsLongAsOneOfItsCarriersMayTakeItLater(t *testing.T) {
	busy := func(after time.Duration) courier.Fault {
		return courier.Fault{Kind: courier.Busy, RetryAfter: after, Err: errors.New("busy")}
	}
	setup := courier.Fault{Kind: courier.Setup, Err: errors.New("setup")}
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
				o.put(textJob("v1"))
				asked := 0
				run(t, o, takes, func(config *courier.Config) {
					config.Carriers = courier.Fixed{verify.Phone: {at(&asked, c.first), at(&asked, c.second)}}
				})
				pass(time.Millisecond)
				if got := o.written(); len(got) == 0 || got[0] != c.want {
					t.Errorf("%q, want first %q", got, c.want)
				}
			})
		})
	}
}

// nobody is the carriers that can't be read.
type nobody struct{}

func (nobody) Senders(context.Context, string, verify.ChannelKind) ([]courier.Sender, error) {
	return nil, errors.New("the database is away")
}

func TestWithoutACarrierTheTechnicianIsToldAndWithoutTheListOfThemTheMessageWaits(t *testing.T) {
	for name, c := range map[string]struct {
		carriers courier.Carriers
		want     string
	}{
		"none is set up":    {courier.Fixed{}, "v1 report failed reason=carrier_misconfigured"},
		"none can be found": {nobody{}, "v1 retry in"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := &fakeOutbox{}
				o.put(textJob("v1"))
				run(t, o, takes, func(config *courier.Config) { config.Carriers = c.carriers })
				pass(time.Millisecond)
				if got := o.written(); len(got) == 0 || !strings.HasPrefix(got[0], c.want) {
					t.Errorf("%q, want first %q…", got, c.want)
				}
			})
		})
	}
}
