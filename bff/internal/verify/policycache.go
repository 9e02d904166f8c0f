package verify

import (
	"sync"
	"time"
)

// policyMaxAge is how long a tenant's base policy is used without asking the store, when no change notification comes.
const policyMaxAge = 2 * time.Second

// policyCacheSize bounds each of the two generations of cached policies.
const policyCacheSize = 20_000

// policyCache holds the effective policies that were used lately. A policy is valid as long as the base policy that it
// was made from is, so that one read of the store serves all clients of a tenant. Its zero value is ready.
type policyCache struct {
	mu         sync.RWMutex
	bases      map[string]*basePolicy // by tenant
	young, old map[policyKey]cachedPolicy
	drops      int // number of invalidations: a base that was read before the last one is not stored
}

type policyKey struct{ tenant, client string }

type cachedPolicy struct {
	rules *EffectivePolicy
	on    *basePolicy
}

// get gives a valid policy, or the base policy to make it from, or neither.
func (b *policyCache) get(key policyKey, now time.Time) (*EffectivePolicy, *basePolicy) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	on := b.bases[key.tenant]
	if on == nil {
		return nil, nil
	}
	if age := now.Sub(on.seenAt); age < 0 || age >= policyMaxAge {
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
func (b *policyCache) base(tenant string) (*basePolicy, int) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.bases[tenant], b.drops
}

// setBase stores the tenant's base policy as read now, unless the cache was invalidated since the read began.
func (b *policyCache) setBase(on *basePolicy, now time.Time, drops int) {
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

func (b *policyCache) keep(key policyKey, r *EffectivePolicy, on *basePolicy) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.bases[key.tenant] != on {
		return
	}
	if b.young == nil || len(b.young) >= policyCacheSize {
		b.young, b.old = map[policyKey]cachedPolicy{}, b.young
	}
	b.young[key] = cachedPolicy{rules: r, on: on}
}

func (b *policyCache) drop(tenant string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.drops++
	if tenant == "" {
		clear(b.bases)
	}
	delete(b.bases, tenant)
}
