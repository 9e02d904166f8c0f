package verify

import (
	"sync"
	"time"
)

// rulesFresh is how long what is known of a tenant's rules is taken for the truth when no whisper says otherwise.
const rulesFresh = 2 * time.Second

// rulesHeld bounds the clients whose rules are in memory: twice as many, in two generations.
const rulesHeld = 20_000

// rulebook keeps the rules that were asked for lately. They are good for as long as the ground that they
// were made on is: so one look at the store serves all clients of a tenant. Its zero value is ready.
type rulebook struct {
	mu         sync.RWMutex
	grounds    map[string]*ground // by tenant
	young, old map[rulesKey]heldRules
	drops      int // how often something was dropped: what was read before that is not kept
}

type rulesKey struct{ tenant, client string }

type heldRules struct {
	rules *Rules
	on    *ground
}

// get gives rules that are held and good, or the ground to make them on, or neither.
func (b *rulebook) get(key rulesKey, now time.Time) (*Rules, *ground) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	on := b.grounds[key.tenant]
	if on == nil {
		return nil, nil
	}
	if age := now.Sub(on.seenAt); age < 0 || age >= rulesFresh {
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

// ground gives a tenant's, however old, and what lay wants to know.
func (b *rulebook) ground(tenant string) (*ground, int) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.grounds[tenant], b.drops
}

// lay makes the ground the tenant's, as it was seen now.
func (b *rulebook) lay(on *ground, now time.Time, drops int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.drops != drops {
		return
	}
	if b.grounds == nil {
		b.grounds = map[string]*ground{}
	}
	b.grounds[on.tenant.ID], on.seenAt = on, now
}

func (b *rulebook) keep(key rulesKey, r *Rules, on *ground) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.grounds[key.tenant] != on {
		return
	}
	if b.young == nil || len(b.young) >= rulesHeld {
		b.young, b.old = map[rulesKey]heldRules{}, b.young
	}
	b.young[key] = heldRules{rules: r, on: on}
}

func (b *rulebook) drop(tenant string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.drops++
	if tenant == "" {
		clear(b.grounds)
	}
	delete(b.grounds, tenant)
}
