package courier

import (
	"context"
	"slices"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/cache"
	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// Accounts stores the carrier accounts of tenants.
type Accounts interface {
	// CarrierAccounts returns the tenant's accounts, those of one kind in order of priority.
	CarrierAccounts(ctx context.Context, tenant string) ([]admin.CarrierAccount, error)
	// CarrierKinds returns the kinds of channel for which the tenant has an account.
	CarrierKinds(ctx context.Context, tenant string) ([]channel.Kind, error)
}

// accountsTTL is how long accounts are cached, and thus the maximum delay of a change.
const accountsTTL = 5 * time.Second

// maxCachedTenants bounds the cache.
const maxCachedTenants = 10_000

// CarrierRegistry holds the carriers of every tenant. A tenant without an account of a kind uses the platform's accounts.
// Start with [NewCarrierRegistry].
type CarrierRegistry struct {
	accounts Accounts
	platform []entry
	build    func(admin.CarrierAccount) (Sender, error)
	now      func() time.Time

	fresh *cache.Cache[string, []entry] // by tenant
	last  *cache.Cache[string, []entry] // the last ones of any age, whose senders are used again
}

// entry is an account and its sender, which holds the connections to the carrier.
type entry struct {
	account admin.CarrierAccount
	sender  Sender
}

// NewCarrierRegistry returns a registry. It returns the error of build for a platform account. For a tenant's account the
// error becomes the fault of that tenant's messages.
func NewCarrierRegistry(
	accounts Accounts, platform []admin.CarrierAccount, build func(admin.CarrierAccount) (Sender, error), now func() time.Time,
) (*CarrierRegistry, error) {
	r := &CarrierRegistry{
		accounts: accounts, build: build, now: now,
		fresh: cache.New[string, []entry](maxCachedTenants, accountsTTL), last: cache.New[string, []entry](maxCachedTenants, 0),
	}
	for _, a := range platform {
		sender, err := build(a)
		if err != nil {
			return nil, err
		}
		r.platform = append(r.platform, entry{a, sender})
	}
	return r, nil
}

var (
	_ Carriers     = (*CarrierRegistry)(nil)
	_ verify.Reach = (*CarrierRegistry)(nil)
)

// Reached implements [verify.Reach]. It is not cached; the caller caches the answer.
func (r *CarrierRegistry) Reached(ctx context.Context, tenant string) ([]channel.Kind, error) {
	kinds, err := r.accounts.CarrierKinds(ctx, tenant)
	if err != nil {
		return nil, err
	}
	for _, e := range r.platform {
		if !slices.Contains(kinds, e.account.Kind) {
			kinds = append(kinds, e.account.Kind)
		}
	}
	return kinds, nil
}

// Invalidate has the tenant's accounts read again at their next use; an empty tenant stands for all tenants. The senders of
// unchanged accounts stay.
func (r *CarrierRegistry) Invalidate(tenant string) {
	r.fresh.RemoveFunc(func(id string, _ []entry) bool { return tenant == "" || id == tenant })
}

// Senders implements [Carriers].
func (r *CarrierRegistry) Senders(ctx context.Context, tenant string, kind channel.Kind) ([]Sender, error) {
	entries, err := r.entries(ctx, tenant, func(a admin.CarrierAccount) bool { return a.Kind == kind })
	if err != nil {
		return nil, err
	}
	senders := make([]Sender, len(entries))
	for i, e := range entries {
		senders[i] = e.sender
	}
	return senders, nil
}

// Account returns the account through which a carrier sends the tenant's messages: the tenant's own, else the platform's.
// CodeNotFound: neither exists.
func (r *CarrierRegistry) Account(ctx context.Context, tenant, carrier string) (admin.CarrierAccount, error) {
	entries, err := r.entries(ctx, tenant, func(a admin.CarrierAccount) bool { return a.Carrier == carrier })
	if err != nil {
		return admin.CarrierAccount{}, err
	}
	if len(entries) == 0 {
		return admin.CarrierAccount{}, &verify.Error{Code: verify.CodeNotFound, Public: "There is no account with this carrier."}
	}
	return entries[0].account, nil
}

// entries returns the tenant's entries that match, or else those of the platform.
func (r *CarrierRegistry) entries(ctx context.Context, tenant string, matches func(admin.CarrierAccount) bool) ([]entry, error) {
	own, err := r.loadEntries(ctx, tenant)
	if err != nil {
		return nil, err
	}
	mismatches := func(e entry) bool { return !matches(e.account) }
	if matching := slices.DeleteFunc(slices.Clone(own), mismatches); len(matching) > 0 {
		return matching, nil
	}
	return slices.DeleteFunc(slices.Clone(r.platform), mismatches), nil
}

// loadEntries returns the tenant's own entries, from the cache while they are fresh. A sender is rebuilt only when its
// account has changed.
func (r *CarrierRegistry) loadEntries(ctx context.Context, tenant string) ([]entry, error) {
	now := r.now()
	return r.fresh.Load(ctx, tenant, now, func() ([]entry, error) {
		accounts, err := r.accounts.CarrierAccounts(ctx, tenant)
		if err != nil {
			return nil, err
		}
		last, _, _ := r.last.Get(tenant, now)
		var entries []entry
		for _, a := range accounts {
			entries = append(entries, entry{a, r.sender(a, last)})
		}
		r.last.Put(tenant, entries, now)
		return entries, nil
	})
}

func (r *CarrierRegistry) sender(a admin.CarrierAccount, last []entry) Sender {
	for _, e := range last {
		if e.account.Carrier == a.Carrier && string(e.account.Settings) == string(a.Settings) && string(e.account.Secret) == string(a.Secret) {
			return e.sender
		}
	}
	sender, err := r.build(a)
	if err != nil {
		return unusableSender{err}
	}
	return sender
}

// unusableSender stands for a stored account from which no sender can be built.
type unusableSender struct{ err error }

func (u unusableSender) Send(context.Context, OutgoingMessage) (Result, error) {
	return Result{}, &Fault{Kind: Misconfigured, Err: u.err}
}
