package verify

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// EffectivePolicy are a policy as it holds for one client. They are shared: read them, don't write to them.
type EffectivePolicy struct {
	Policy
	Version PolicyVersion

	tenant Tenant
	levels [2]PolicyOverrides // the tenant's, the client's
}

// EffectivePolicy gives the policy as it holds for a client: from memory, or as it is stored.
func (s *Service) EffectivePolicy(ctx context.Context, tenant, client string) (*EffectivePolicy, error) {
	key, now := policyKey{tenant, client}, s.Now()
	rules, on := s.rules.get(key, now)
	if rules != nil {
		return rules, nil
	}
	if on == nil {
		var err error
		if on, err = s.loadBasePolicy(ctx, tenant, now); err != nil {
			return nil, err
		}
		if rules, _ = s.rules.get(key, now); rules != nil {
			return rules, nil
		}
	}
	level := PolicyOverrides{Tenant: tenant}
	if client != "" {
		var err error
		if level, err = s.Policies.PolicyLevel(ctx, tenant, client); err != nil {
			return nil, err
		}
	}
	rules = on.forClient(level)
	s.rules.keep(key, rules, on)
	return rules, nil
}

// loadBasePolicy gives the tenant's base policy: the cached one if nothing was edited since it was read.
func (s *Service) loadBasePolicy(ctx context.Context, tenant string, now time.Time) (*basePolicy, error) {
	known, drops := s.rules.base(tenant)
	edits, err := s.Policies.PolicyEdits(ctx, tenant)
	if err != nil {
		return nil, err
	}
	t, err := s.Tenants.Tenant(ctx, tenant)
	if err != nil {
		return nil, err
	}
	missing, err := s.noCarrier(ctx, tenant)
	if err != nil {
		return nil, err
	}
	if known == nil || known.edits != edits || known.tenant.Name != t.Name || known.tenant.Region != t.Region || !slices.Equal(known.policy.NoCarrier, missing) {
		own, err := s.Policies.PolicyLevel(ctx, tenant, "")
		if err != nil {
			return nil, err
		}
		known = newBasePolicy(t, own, edits)
		known.policy.NoCarrier = missing
	}
	s.rules.setBase(known, now, drops)
	return known, nil
}

// noCarrier gives the kinds of channel that the tenant's messages can't go to.
func (s *Service) noCarrier(ctx context.Context, tenant string) ([]ChannelKind, error) {
	if s.Reach == nil {
		return nil, nil
	}
	reached, err := s.Reach.Reached(ctx, tenant)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc([]ChannelKind{Email, Phone}, func(k ChannelKind) bool { return slices.Contains(reached, k) }), nil
}

// Revision tells the rules that pods show apart: the version of the policy, and which carriers are missing.
func (r *EffectivePolicy) Revision() string {
	revision := r.Version.String()
	for _, kind := range r.NoCarrier {
		revision += " no " + string(kind)
	}
	return revision
}

// Forget has the tenant's rules read again; an empty tenant stands for all.
func (s *Service) Forget(tenant string) { s.rules.drop(tenant) }

// resolve merges the levels, field by field.
func resolve(t Tenant, own, client PolicyOverrides) *EffectivePolicy {
	return newBasePolicy(t, own, 0).forClient(client)
}

// basePolicy is the policy of a tenant without the overrides of its clients.
type basePolicy struct {
	tenant Tenant
	own    PolicyOverrides
	policy Policy
	edits  int64     // number of the last edit that it contains
	seenAt time.Time // when the store last confirmed it; guarded by the cache's lock
}

func newBasePolicy(t Tenant, own PolicyOverrides, edits int64) *basePolicy {
	g := &basePolicy{tenant: t, policy: DefaultPolicy(), edits: edits}
	g.own = own.apply(&g.policy)
	return g
}

// forClient gives the effective policy of a client with these overrides.
func (g *basePolicy) forClient(client PolicyOverrides) *EffectivePolicy {
	r := &EffectivePolicy{Policy: g.policy, Version: PolicyVersion{Tenant: g.own.Version, Client: client.Version}, tenant: g.tenant}
	r.levels = [2]PolicyOverrides{g.own, client.apply(&r.Policy)}
	if len(r.SMSCountries) == 0 {
		r.SMSCountries = []string{g.tenant.Region}
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
func (r *EffectivePolicy) Explain(field, clientName string) Explanation {
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

func (s FieldOverride) explained(field string, source Source, whose string) Explanation {
	return Explanation{
		Field: field, Source: source, Version: s.Version, By: s.By, At: s.At,
		Text: fmt.Sprintf("Set by %s, version %d, by %s on %s.", whose, s.Version, s.By, s.At.UTC().Format("2 Jan 2006")),
	}
}

// Effective is every field's value as it holds.
func (r *EffectivePolicy) Effective() map[string]json.RawMessage { return r.values() }

// Level is what the client sets; of the tenant's own rules, what the tenant sets.
func (r *EffectivePolicy) Level(client string) PolicyOverrides {
	if client == "" {
		return r.levels[0]
	}
	return r.levels[1]
}

// PolicyOf is the policy of a client under a tenant's settings; with empty settings of a client it is the tenant's.
func PolicyOf(t Tenant, own, client PolicyOverrides) Policy { return resolve(t, own, client).Policy }

// PolicyList gives up to n settings after the client given: the tenant's own first, then its clients', by id; true if
// there are more.
func (s *Service) PolicyList(ctx context.Context, tenant, after string, n int) ([]PolicyOverrides, bool, error) {
	var list []PolicyOverrides
	if after == "" {
		own, err := s.Policies.PolicyLevel(ctx, tenant, "")
		if err != nil {
			return nil, false, err
		}
		list, n = append(list, own), n-1
	}
	clients, err := s.Policies.PolicyPage(ctx, tenant, after, n+1)
	if err != nil {
		return nil, false, err
	}
	return append(list, clients[:min(n, len(clients))]...), len(clients) > n, nil
}
