package policy

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
)

// Reader reads what a tenant's policies are made of.
type Reader interface {
	// PolicyEdits gives a number that grows with every edit of the tenant's policies, its clients' too.
	PolicyEdits(ctx context.Context, tenant string) (int64, error)
	// PolicyLevel gives what the client sets, or with an empty client the tenant; of version 0 if nothing was ever set.
	PolicyLevel(ctx context.Context, tenant, client string) (Overrides, error)
	// PolicyTenant gives the tenant by its id.
	PolicyTenant(ctx context.Context, id string) (Tenant, error)
	// NoCarrier gives the kinds of channel that the tenant's messages can't go to.
	NoCarrier(ctx context.Context, tenant string) ([]channel.Kind, error)
}

// maxAge is how long a tenant's base policy is used without asking the store, when no change notification comes.
const maxAge = 2 * time.Second

// cacheSize bounds each of the two generations of cached policies.
const cacheSize = 20_000

// Cache holds the effective policies that were used lately. A policy is valid as long as the base policy that it
// was made from is, so that one read of the store serves all clients of a tenant. Its zero value is ready.
type Cache struct {
	mu         sync.RWMutex
	bases      map[string]*basePolicy // by tenant
	young, old map[clientKey]cachedPolicy
	drops      int // number of invalidations: a base that was read before the last one is not stored
}

type clientKey struct{ tenant, client string }

type cachedPolicy struct {
	rules *Effective
	on    *basePolicy
}

// Effective gives the policy as it holds for a client: from memory, or as the reader has it. An error of the reader is
// returned as it is.
func (b *Cache) Effective(ctx context.Context, from Reader, now time.Time, tenant, client string) (*Effective, error) {
	key := clientKey{tenant, client}
	rules, on := b.get(key, now)
	if rules != nil {
		return rules, nil
	}
	if on == nil {
		var err error
		if on, err = b.load(ctx, from, tenant, now); err != nil {
			return nil, err
		}
		if rules, _ = b.get(key, now); rules != nil {
			return rules, nil
		}
	}
	level := Overrides{Tenant: tenant}
	if client != "" {
		var err error
		if level, err = from.PolicyLevel(ctx, tenant, client); err != nil {
			return nil, err
		}
	}
	rules = on.forClient(level)
	b.keep(key, rules, on)
	return rules, nil
}

// Forget has the tenant's policies read again; an empty tenant stands for all.
func (b *Cache) Forget(tenant string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.drops++
	if tenant == "" {
		clear(b.bases)
	}
	delete(b.bases, tenant)
}

// load gives the tenant's base policy: the cached one if nothing was edited since it was read.
func (b *Cache) load(ctx context.Context, from Reader, tenant string, now time.Time) (*basePolicy, error) {
	known, drops := b.base(tenant)
	edits, err := from.PolicyEdits(ctx, tenant)
	if err != nil {
		return nil, err
	}
	t, err := from.PolicyTenant(ctx, tenant)
	if err != nil {
		return nil, err
	}
	missing, err := from.NoCarrier(ctx, tenant)
	if err != nil {
		return nil, err
	}
	if known == nil || known.edits != edits || known.tenant != t || !slices.Equal(known.policy.NoCarrier, missing) {
		own, err := from.PolicyLevel(ctx, tenant, "")
		if err != nil {
			return nil, err
		}
		known = newBasePolicy(t, own, edits)
		known.policy.NoCarrier = missing
	}
	b.setBase(known, now, drops)
	return known, nil
}

// get gives a valid policy, or the base policy to make it from, or neither.
func (b *Cache) get(key clientKey, now time.Time) (*Effective, *basePolicy) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	on := b.bases[key.tenant]
	if on == nil {
		return nil, nil
	}
	if age := now.Sub(on.seenAt); age < 0 || age >= maxAge {
		return nil, nil
	}
	held, found := b.young[key]
	if !found {
		held = b.old[key]
	}
	if held.on != on {
		return nil, on
	}
	return held.rules, on
}

// base gives a tenant's base policy of any age, and the number of invalidations that setBase compares.
func (b *Cache) base(tenant string) (*basePolicy, int) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.bases[tenant], b.drops
}

// setBase stores the tenant's base policy as read now, unless the cache was invalidated since the read began.
func (b *Cache) setBase(on *basePolicy, now time.Time, drops int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.drops != drops {
		return
	}
	if b.bases == nil {
		b.bases = map[string]*basePolicy{}
	}
	b.bases[on.tenant.ID], on.seenAt = on, now
}

func (b *Cache) keep(key clientKey, r *Effective, on *basePolicy) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.bases[key.tenant] != on {
		return
	}
	if b.young == nil || len(b.young) >= cacheSize {
		b.young, b.old = map[clientKey]cachedPolicy{}, b.young
	}
	b.young[key] = cachedPolicy{rules: r, on: on}
}
