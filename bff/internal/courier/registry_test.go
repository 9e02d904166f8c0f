package courier_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// fakeAccounts holds the accounts of tenants, counts reads and can fail.
type fakeAccounts struct {
	accounts map[string][]admin.CarrierAccount
	reads    int
	err      error
}

func (s *fakeAccounts) CarrierAccounts(_ context.Context, tenant string) ([]admin.CarrierAccount, error) {
	s.reads++
	return s.accounts[tenant], s.err
}

func (s *fakeAccounts) CarrierKinds(_ context.Context, tenant string) ([]channel.Kind, error) {
	var kinds []channel.Kind
	for _, a := range s.accounts[tenant] {
		if !slices.Contains(kinds, a.Kind) {
			kinds = append(kinds, a.Kind)
		}
	}
	return kinds, s.err
}

// namedSender is a sender that returns its name as the carrier.
type namedSender string

func (n namedSender) Send(context.Context, courier.OutgoingMessage) (courier.Result, error) {
	return courier.Result{Carrier: string(n)}, nil
}

// registryHarness is a registry over fakeAccounts with a manual clock and a list of the senders built.
type registryHarness struct {
	*courier.CarrierRegistry
	accounts fakeAccounts
	now      time.Time
	built    []string
}

func account(tenant, carrier string, kind channel.Kind, secret string) admin.CarrierAccount {
	return admin.CarrierAccount{Tenant: tenant, Carrier: carrier, Kind: kind, Secret: []byte(secret)}
}

func newRegistry(t *testing.T, tenants map[string][]admin.CarrierAccount) *registryHarness {
	t.Helper()
	h := &registryHarness{accounts: fakeAccounts{accounts: tenants}, now: time.Date(2026, 3, 4, 14, 0, 0, 0, time.UTC)}
	var err error
	h.CarrierRegistry, err = courier.NewCarrierRegistry(&h.accounts, []admin.CarrierAccount{
		account("", "sendgrid", channel.Email, "platform"), account("", "vonage", channel.Phone, "platform"),
	}, func(a admin.CarrierAccount) (courier.Sender, error) {
		name := fmt.Sprintf("%s %s %s", a.Tenant, a.Carrier, a.Secret)
		h.built = append(h.built, name)
		if string(a.Secret) == "bad" {
			return nil, errors.New("this can't be used")
		}
		return namedSender(name), nil
	}, func() time.Time { return h.now })
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *registryHarness) senders(t *testing.T, tenant string, kind channel.Kind) []string {
	t.Helper()
	senders, err := h.Senders(t.Context(), tenant, kind)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range senders {
		receipt, err := s.Send(t.Context(), courier.OutgoingMessage{})
		if err != nil {
			names = append(names, "refused: "+err.Error())
			continue
		}
		names = append(names, receipt.Carrier)
	}
	return names
}

func TestATenantUsesItsOwnCarriersElseThePlatforms(t *testing.T) {
	r := newRegistry(t, map[string][]admin.CarrierAccount{
		"acme": {account("acme", "twilio", channel.Phone, "1"), account("acme", "vonage", channel.Phone, "2")},
		"sick": {account("sick", "smtp", channel.Email, "bad")},
	})
	for _, c := range []struct {
		tenant string
		kind   channel.Kind
		want   []string
	}{
		{"acme", channel.Phone, []string{"acme twilio 1", "acme vonage 2"}},
		{"acme", channel.Email, []string{" sendgrid platform"}},
		{"other", channel.Phone, []string{" vonage platform"}},
		{"sick", channel.Email, []string{"refused: this can't be used"}}, // never through the platform's account
	} {
		if got := r.senders(t, c.tenant, c.kind); !slices.Equal(got, c.want) {
			t.Errorf("%s by %s: %q, want %q", c.tenant, c.kind, got, c.want)
		}
	}
}

func TestAccountsAreCachedAndSendersAreKeptUntilTheirAccountChanges(t *testing.T) {
	r := newRegistry(t, map[string][]admin.CarrierAccount{"acme": {account("acme", "twilio", channel.Phone, "1")}})
	r.built = nil
	for range 3 {
		r.senders(t, "acme", channel.Phone)
	}
	if r.accounts.reads != 1 {
		t.Errorf("read %d times, want once", r.accounts.reads)
	}
	r.now = r.now.Add(5 * time.Second)
	r.senders(t, "acme", channel.Phone)
	if r.accounts.reads != 2 || len(r.built) != 1 {
		t.Errorf("read %d times and built %q, want twice and once", r.accounts.reads, r.built)
	}
	r.accounts.accounts["acme"][0].Secret = []byte("2")
	r.now = r.now.Add(5 * time.Second)
	if got := r.senders(t, "acme", channel.Phone); !slices.Equal(got, []string{"acme twilio 2"}) {
		t.Errorf("after a change: %q", got)
	}
}

func TestAReceiptIsCheckedByTheTenantsAccountElseThePlatforms(t *testing.T) {
	r := newRegistry(t, map[string][]admin.CarrierAccount{"acme": {account("acme", "vonage", channel.Phone, "own")}})
	for _, c := range []struct {
		tenant, carrier, want string
		code                  verify.Code
	}{
		{"acme", "vonage", "own", ""},
		{"acme", "sendgrid", "platform", ""},
		{"other", "vonage", "platform", ""},
		{"acme", "twilio", "", verify.CodeNotFound},
	} {
		a, err := r.Account(t.Context(), c.tenant, c.carrier)
		if string(a.Secret) != c.want || verify.CodeOf(err) != c.code {
			t.Errorf("%s of %s: %q, %v", c.carrier, c.tenant, a.Secret, err)
		}
	}
	r.accounts.err = &verify.Error{Code: verify.CodeUnavailable}
	if _, err := r.Account(t.Context(), "new", "vonage"); verify.CodeOf(err) != verify.CodeUnavailable {
		t.Errorf("with the database away: %v", err)
	}
}

func TestAKindOfChannelIsReachedByTheTenantsCarrierOrThePlatforms(t *testing.T) {
	build := func(admin.CarrierAccount) (courier.Sender, error) { return namedSender("x"), nil }
	texts := account("", "vonage", channel.Phone, "platform")
	mails := account("acme", "smtp", channel.Email, "own")
	for _, c := range []struct {
		name     string
		platform []admin.CarrierAccount
		own      []admin.CarrierAccount
		want     []channel.Kind
	}{
		{"neither has any", nil, nil, nil},
		{"the platform has one for texts", []admin.CarrierAccount{texts}, nil, []channel.Kind{channel.Phone}},
		{"the tenant has one for e-mail", nil, []admin.CarrierAccount{mails}, []channel.Kind{channel.Email}},
		{"each has one", []admin.CarrierAccount{texts}, []admin.CarrierAccount{mails}, []channel.Kind{channel.Email, channel.Phone}},
	} {
		accounts := &fakeAccounts{accounts: map[string][]admin.CarrierAccount{"acme": c.own}}
		b, err := courier.NewCarrierRegistry(accounts, c.platform, build, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := b.Reached(t.Context(), "acme"); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, %v, want %v", c.name, got, err, c.want)
		}
		accounts.err = errors.New("away")
		if _, err := b.Reached(t.Context(), "acme"); err == nil {
			t.Errorf("%s: what can't be read is taken for none", c.name)
		}
	}
}

func TestAccountsAreReadAgainAfterTheyAreDropped(t *testing.T) {
	r := newRegistry(t, map[string][]admin.CarrierAccount{})
	for range 2 {
		if _, err := r.Senders(t.Context(), "acme", channel.Phone); err != nil {
			t.Fatal(err)
		}
	}
	r.Invalidate("acme")
	if _, err := r.Senders(t.Context(), "acme", channel.Phone); err != nil || r.accounts.reads != 2 {
		t.Errorf("read %d times, want 2: %v", r.accounts.reads, err)
	}
}
