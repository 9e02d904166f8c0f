package courier

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// Accounts keeps the carriers' accounts of tenants.
type Accounts interface {
	// CarrierAccounts gives the tenant's, in the order in which those of a kind are asked.
	CarrierAccounts(ctx context.Context, tenant string) ([]verify.CarrierAccount, error)
	// CarrierKinds gives the kinds of channel for which the tenant has an account.
	CarrierKinds(ctx context.Context, tenant string) ([]verify.ChannelKind, error)
}

// bookFresh is how long accounts that were read are taken for the truth: a change holds no later than that.
const bookFresh = 5 * time.Second

// bookSize bounds the tenants that are kept.
const bookSize = 10_000

// Book is the carriers of tenants, each of which may have accounts of its own. A tenant that has none of a kind
// sends by the house's. Start with [NewBook].
type Book struct {
	accounts Accounts
	house    []entry
	build    func(verify.CarrierAccount) (Sender, error)
	now      func() time.Time

	mu   sync.Mutex
	kept map[string]page
}

type page struct {
	readAt  time.Time
	entries []entry
}

// entry is an account and its sender, which keeps the connections to the carrier.
type entry struct {
	account verify.CarrierAccount
	sender  Sender
}

// NewBook makes a book. What build refuses of the house's accounts is refused here; of a tenant's it stands in the
// way of that tenant's messages, which are told of it.
func NewBook(accounts Accounts, house []verify.CarrierAccount, build func(verify.CarrierAccount) (Sender, error), now func() time.Time) (*Book, error) {
	b := &Book{accounts: accounts, build: build, now: now, kept: map[string]page{}}
	for _, a := range house {
		sender, err := build(a)
		if err != nil {
			return nil, err
		}
		b.house = append(b.house, entry{a, sender})
	}
	return b, nil
}

var (
	_ Carriers     = (*Book)(nil)
	_ verify.Reach = (*Book)(nil)
)

// Reached is [verify.Reach]'s. It is read each time: who asks keeps the answer.
func (b *Book) Reached(ctx context.Context, tenant string) ([]verify.ChannelKind, error) {
	kinds, err := b.accounts.CarrierKinds(ctx, tenant)
	if err != nil {
		return nil, err
	}
	for _, e := range b.house {
		if !slices.Contains(kinds, e.account.Kind) {
			kinds = append(kinds, e.account.Kind)
		}
	}
	return kinds, nil
}

// Forget has the tenant's accounts read again; an empty tenant stands for all.
func (b *Book) Forget(tenant string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if tenant == "" {
		for one, p := range b.kept {
			p.readAt = time.Time{}
			b.kept[one] = p
		}
		return
	}
	if p, known := b.kept[tenant]; known {
		p.readAt = time.Time{}
		b.kept[tenant] = p
	}
}

// Senders is [Carriers]'.
func (b *Book) Senders(ctx context.Context, tenant string, kind verify.ChannelKind) ([]Sender, error) {
	entries, err := b.entries(ctx, tenant, func(a verify.CarrierAccount) bool { return a.Kind == kind })
	if err != nil {
		return nil, err
	}
	senders := make([]Sender, len(entries))
	for i, e := range entries {
		senders[i] = e.sender
	}
	return senders, nil
}

// Account gives the account with a carrier that the tenant's messages may have gone by: its own, or else the house's.
// CodeNotFound: neither has one.
func (b *Book) Account(ctx context.Context, tenant, carrier string) (verify.CarrierAccount, error) {
	entries, err := b.entries(ctx, tenant, func(a verify.CarrierAccount) bool { return a.Carrier == carrier })
	if err != nil {
		return verify.CarrierAccount{}, err
	}
	if len(entries) == 0 {
		return verify.CarrierAccount{}, &verify.Error{Code: verify.CodeNotFound, Public: "There is no account with this carrier."}
	}
	return entries[0].account, nil
}

// entries gives those of the tenant that fit, or else those of the house.
func (b *Book) entries(ctx context.Context, tenant string, fits func(verify.CarrierAccount) bool) ([]entry, error) {
	own, err := b.read(ctx, tenant)
	if err != nil {
		return nil, err
	}
	unfit := func(e entry) bool { return !fits(e.account) }
	if chosen := slices.DeleteFunc(slices.Clone(own), unfit); len(chosen) > 0 {
		return chosen, nil
	}
	return slices.DeleteFunc(slices.Clone(b.house), unfit), nil
}

// read gives the tenant's own, read lately. A sender is made anew only when its account has changed.
func (b *Book) read(ctx context.Context, tenant string) ([]entry, error) {
	now := b.now()
	b.mu.Lock()
	old, known := b.kept[tenant]
	b.mu.Unlock()
	if age := now.Sub(old.readAt); known && age >= 0 && age < bookFresh {
		return old.entries, nil
	}
	accounts, err := b.accounts.CarrierAccounts(ctx, tenant)
	if err != nil {
		return nil, err
	}
	next := page{readAt: now}
	for _, a := range accounts {
		next.entries = append(next.entries, entry{a, b.sender(a, old.entries)})
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.kept) >= bookSize {
		clear(b.kept)
	}
	b.kept[tenant] = next
	return next.entries, nil
}

func (b *Book) sender(a verify.CarrierAccount, old []entry) Sender {
	for _, e := range old {
		if e.account.Carrier == a.Carrier && string(e.account.Settings) == string(a.Settings) && string(e.account.Secret) == string(a.Secret) {
			return e.sender
		}
	}
	sender, err := b.build(a)
	if err != nil {
		return unusable{err}
	}
	return sender
}

// unusable is an account that was stored and can't be used.
type unusable struct{ why error }

func (u unusable) Send(context.Context, Parcel) (Receipt, error) {
	return Receipt{}, &Fault{Kind: Setup, Err: u.why}
}
