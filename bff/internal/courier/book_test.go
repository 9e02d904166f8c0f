package courier_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// shelf has the accounts of tenants, counts how often they are read, and may be away.
type shelf struct {
	accounts map[string][]verify.CarrierAccount
	reads    int
	err      error
}

func (s *shelf) CarrierAccounts(_ context.Context, tenant string) ([]verify.CarrierAccount, error) {
	s.reads++
	return s.accounts[tenant], s.err
}

func (s *shelf) CarrierKinds(_ context.Context, tenant string) ([]verify.ChannelKind, error) {
	var kinds []verify.ChannelKind
	for _, a := range s.accounts[tenant] {
		if !slices.Contains(kinds, a.Kind) {
			kinds = append(kinds, a.Kind)
		}
	}
	return kinds, s.err
}

// named is a sender that says whose it is.
type named string

func (n named) Send(context.Context, courier.Parcel) (courier.Receipt, error) {
	return courier.Receipt{Carrier: string(n)}, nil
}

// bookRig is a book over a shelf, with a clock that is set, and a count of what was built.
type bookRig struct {
	*courier.Book
	shelf shelf
	now   time.Time
	built []string
}

func account(tenant, carrier string, kind verify.ChannelKind, secret string) verify.CarrierAccount {
	return verify.CarrierAccount{Tenant: tenant, Carrier: carrier, Kind: kind, Secret: []byte(secret)}
}

func newBook(t *testing.T, tenants map[string][]verify.CarrierAccount) *bookRig {
	t.Helper()
	r := &bookRig{shelf: shelf{accounts: tenants}, now: time.Date(2026, 3, 4, 14, 0, 0, 0, time.UTC)}
	var err error
	r.Book, err = courier.NewBook(&r.shelf, []verify.CarrierAccount{
		account("", "sendgrid", verify.Email, "house"), account("", "vonage", verify.Phone, "house"),
	}, func(a verify.CarrierAccount) (courier.Sender, error) {
		name := fmt.Sprintf("%s %s %s", a.Tenant, a.Carrier, a.Secret)
		r.built = append(r.built, name)
		if string(a.Secret) == "bad" {
			return nil, errors.New("this can't be used")
		}
		return named(name), nil
	}, func() time.Time { return r.now })
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *bookRig) senders(t *testing.T, tenant string, kind verify.ChannelKind) []string {
	t.Helper()
	senders, err := r.Senders(t.Context(), tenant, kind)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range senders {
		receipt, err := s.Send(t.Context(), courier.Parcel{})
		if err != nil {
			names = append(names, "refused: "+err.Error())
			continue
		}
		names = append(names, receipt.Carrier)
	}
	return names
}

func TestATenantSendsByItsOwnCarriersAndByTheHousesWhereItHasNone(t *testing.T) {
	r := newBook(t, map[string][]verify.CarrierAccount{
		"acme": {account("acme", "twilio", verify.Phone, "1"), account("acme", "vonage", verify.Phone, "2")},
		"sick": {account("sick", "smtp", verify.Email, "bad")},
	})
	for _, c := range []struct {
		tenant string
		kind   verify.ChannelKind
		want   []string
	}{
		{"acme", verify.Phone, []string{"acme twilio 1", "acme vonage 2"}},
		{"acme", verify.Email, []string{" sendgrid house"}},
		{"other", verify.Phone, []string{" vonage house"}},
		{"sick", verify.Email, []string{"refused: this can't be used"}}, // and never by the house's in its name
	} {
		if got := r.senders(t, c.tenant, c.kind); !slices.Equal(got, c.want) {
			t.Errorf("%s by %s: %q, want %q", c.tenant, c.kind, got, c.want)
		}
	}
}

func TestAnAccountIsReadNowAndThenAndItsSenderIsKeptUntilItChanges(t *testing.T) {
	r := newBook(t, map[string][]verify.CarrierAccount{"acme": {account("acme", "twilio", verify.Phone, "1")}})
	r.built = nil
	for range 3 {
		r.senders(t, "acme", verify.Phone)
	}
	if r.shelf.reads != 1 {
		t.Errorf("read %d times, want once", r.shelf.reads)
	}
	r.now = r.now.Add(5 * time.Second)
	r.senders(t, "acme", verify.Phone)
	if r.shelf.reads != 2 || len(r.built) != 1 {
		t.Errorf("read %d times and built %q, want twice and once", r.shelf.reads, r.built)
	}
	r.shelf.accounts["acme"][0].Secret = []byte("2")
	r.now = r.now.Add(5 * time.Second)
	if got := r.senders(t, "acme", verify.Phone); !slices.Equal(got, []string{"acme twilio 2"}) {
		t.Errorf("after a change: %q", got)
	}
}

func TestWhichAccountAReceiptIsCheckedBy(t *testing.T) {
	r := newBook(t, map[string][]verify.CarrierAccount{"acme": {account("acme", "vonage", verify.Phone, "own")}})
	for _, c := range []struct {
		tenant, carrier, want string
		code                  verify.Code
	}{
		{"acme", "vonage", "own", ""},
		{"acme", "sendgrid", "house", ""},
		{"other", "vonage", "house", ""},
		{"acme", "twilio", "", verify.CodeNotFound},
	} {
		a, err := r.Account(t.Context(), c.tenant, c.carrier)
		if string(a.Secret) != c.want || verify.CodeOf(err) != c.code {
			t.Errorf("%s of %s: %q, %v", c.carrier, c.tenant, a.Secret, err)
		}
	}
	r.shelf.err = &verify.Error{Code: verify.CodeUnavailable}
	if _, err := r.Account(t.Context(), "new", "vonage"); verify.CodeOf(err) != verify.CodeUnavailable {
		t.Errorf("with the database away: %v", err)
	}
}

func TestAKindOfChannelIsReachedByTheTenantsCarrierOrThePlatforms(t *testing.T) {
	build := func(verify.CarrierAccount) (courier.Sender, error) { return named("x"), nil }
	texts := account("", "vonage", verify.Phone, "platform")
	mails := account("acme", "smtp", verify.Email, "own")
	for _, c := range []struct {
		name     string
		platform []verify.CarrierAccount
		own      []verify.CarrierAccount
		want     []verify.ChannelKind
	}{
		{"neither has any", nil, nil, nil},
		{"the platform has one for texts", []verify.CarrierAccount{texts}, nil, []verify.ChannelKind{verify.Phone}},
		{"the tenant has one for e-mail", nil, []verify.CarrierAccount{mails}, []verify.ChannelKind{verify.Email}},
		{"each has one", []verify.CarrierAccount{texts}, []verify.CarrierAccount{mails}, []verify.ChannelKind{verify.Email, verify.Phone}},
	} {
		accounts := &shelf{accounts: map[string][]verify.CarrierAccount{"acme": c.own}}
		b, err := courier.NewBook(accounts, c.platform, build, time.Now)
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

func TestAccountsAreReadAgainOnceTheyAreForgotten(t *testing.T) {
	r := newBook(t, map[string][]verify.CarrierAccount{})
	for range 2 {
		if _, err := r.Senders(t.Context(), "acme", verify.Phone); err != nil {
			t.Fatal(err)
		}
	}
	r.Forget("acme")
	if _, err := r.Senders(t.Context(), "acme", verify.Phone); err != nil || r.shelf.reads != 2 {
		t.Errorf("read %d times, want 2: %v", r.shelf.reads, err)
	}
}
