package verify

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"
)

// Rules are a policy as it holds for one client. They are shared: read them, don't write to them.
type Rules struct {
	Policy
	Version PolicyVersion

	tenant Tenant
	levels [2]Settings // the tenant's, the client's
}

// rulesFresh is how long rules that were read once are taken for the truth when no whisper says otherwise.
const rulesFresh = 2 * time.Second

// rulesHeld bounds the clients whose rules are in memory: twice as many, in two generations.
const rulesHeld = 20_000

// rulebook keeps the rules that were asked for lately. Its zero value is ready.
type rulebook struct {
	mu         sync.RWMutex
	young, old map[rulesKey]heldRules
	drops      int // how often something was dropped: what was read before that is not kept
}

type rulesKey struct{ tenant, client string }

type heldRules struct {
	rules  *Rules
	readAt time.Time
}

func (b *rulebook) get(key rulesKey, now time.Time) (*Rules, int, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	held, found := b.young[key]
	if !found {
		held, found = b.old[key]
	}
	age := now.Sub(held.readAt)
	return held.rules, b.drops, found && age >= 0 && age < rulesFresh
}

func (b *rulebook) keep(key rulesKey, r *Rules, now time.Time, drops int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.drops != drops {
		return
	}
	if b.young == nil || len(b.young) >= rulesHeld {
		b.young, b.old = map[rulesKey]heldRules{}, b.young
	}
	b.young[key] = heldRules{rules: r, readAt: now}
}

func (b *rulebook) drop(tenant string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.drops++
	for _, generation := range []map[rulesKey]heldRules{b.young, b.old} {
		for key := range generation {
			if key.tenant == tenant || tenant == "" {
				delete(generation, key)
			}
		}
	}
}

// Rules gives the policy as it holds for a client: from memory, or as it is stored.
func (s *Service) Rules(ctx context.Context, tenant, client string) (*Rules, error) {
	key, now := rulesKey{tenant, client}, s.Now()
	rules, drops, fresh := s.rules.get(key, now)
	if fresh {
		return rules, nil
	}
	t, err := s.Tenants.Tenant(ctx, tenant)
	if err != nil {
		return nil, err
	}
	own, clients, err := s.Policies.PolicyLevels(ctx, tenant, client)
	if err != nil {
		return nil, err
	}
	rules = resolve(t, own, clients)
	s.rules.keep(key, rules, now, drops)
	return rules, nil
}

// Forget has the tenant's rules read again; an empty tenant stands for all.
func (s *Service) Forget(tenant string) { s.rules.drop(tenant) }

// resolve lays the levels over each other, field by field.
func resolve(t Tenant, own, client Settings) *Rules {
	r := &Rules{
		Policy: DefaultPolicy(), Version: PolicyVersion{Tenant: own.Version, Client: client.Version},
		tenant: t, levels: [2]Settings{own, client},
	}
	for _, level := range r.levels {
		for _, name := range level.apply(&r.Policy) {
			delete(level.Fields, name)
		}
	}
	if len(r.SMSCountries) == 0 {
		r.SMSCountries = []string{t.Region}
	}
	return r
}

// Source is the level that gave a field its value.
type Source string

// The sources.
const (
	Builtin  Source = "builtin"
	ByTenant Source = "tenant"
	ByClient Source = "client"
)

// Explanation says where a field's value comes from.
type Explanation struct {
	Field   string
	Source  Source
	Version int64 // of the level, when it got this value; 0: built in
	By      string
	At      time.Time
	Text    string // a sentence
}

// Explain says where a field's value comes from. clientName is for a client that has none in its settings.
func (r *Rules) Explain(field, clientName string) Explanation {
	if s, set := r.levels[1].Fields[field]; set {
		if r.levels[1].Name != "" {
			clientName = r.levels[1].Name
		}
		if clientName == "" {
			clientName = "client " + r.levels[1].Client
		}
		return s.explained(field, ByClient, clientName+"'s policy")
	}
	if s, set := r.levels[0].Fields[field]; set {
		return s.explained(field, ByTenant, r.tenant.Name+"'s default policy")
	}
	return Explanation{Field: field, Source: Builtin, Text: "Shieldpod's own default."}
}

func (s Setting) explained(field string, source Source, whose string) Explanation {
	return Explanation{
		Field: field, Source: source, Version: s.Version, By: s.By, At: s.At,
		Text: fmt.Sprintf("Set by %s, version %d, by %s on %s.", whose, s.Version, s.By, s.At.UTC().Format("2 Jan 2006")),
	}
}

// Effective is every field's value as it holds.
func (r *Rules) Effective() map[string]json.RawMessage { return r.values() }

// Level is what the client sets; of the tenant's own rules, what the tenant sets.
func (r *Rules) Level(client string) Settings {
	if client == "" {
		return r.levels[0]
	}
	return r.levels[1]
}
