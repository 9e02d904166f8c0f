package policy

import (
	"encoding/json"
	"fmt"
	"time"
)

// Effective is the policy as it holds for one client. It is shared: read it, don't write to it.
type Effective struct {
	Policy
	Version Version

	tenant Tenant
	levels [2]Overrides // the tenant's, the client's
}

// Revision tells the rules that pods show apart: the version of the policy, and which carriers are missing.
func (r *Effective) Revision() string {
	revision := r.Version.String()
	for _, kind := range r.NoCarrier {
		revision += " no " + string(kind)
	}
	return revision
}

// Tenant is what policies depend on of a tenant.
type Tenant struct {
	ID     string
	Name   string // as explanations say it
	Region string // whose numbers get texts where no level sets countries: ISO 3166
}

// resolve merges the levels, field by field.
func resolve(t Tenant, own, client Overrides) *Effective {
	return newBasePolicy(t, own, 0).forClient(client)
}

// basePolicy is the policy of a tenant without the overrides of its clients.
type basePolicy struct {
	tenant Tenant
	own    Overrides
	policy Policy
	edits  int64     // number of the last edit that it contains
	seenAt time.Time // when the store last confirmed it; guarded by the cache's lock
}

func newBasePolicy(t Tenant, own Overrides, edits int64) *basePolicy {
	g := &basePolicy{tenant: t, policy: Default(), edits: edits}
	g.own = own.apply(&g.policy)
	return g
}

// forClient gives the effective policy of a client with these overrides.
func (g *basePolicy) forClient(client Overrides) *Effective {
	r := &Effective{Policy: g.policy, Version: Version{Tenant: g.own.Version, Client: client.Version}, tenant: g.tenant}
	r.levels = [2]Overrides{g.own, client.apply(&r.Policy)}
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
func (r *Effective) Explain(field, clientName string) Explanation {
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

// AllValues is every field's value as it holds.
func (r *Effective) AllValues() map[string]json.RawMessage { return r.values() }

// Level is what the client sets; of the tenant's own rules, what the tenant sets.
func (r *Effective) Level(client string) Overrides {
	if client == "" {
		return r.levels[0]
	}
	return r.levels[1]
}

// Of is the policy of a client under a tenant's settings; with empty settings of a client it is the tenant's.
func Of(t Tenant, own, client Overrides) Policy { return resolve(t, own, client).Policy }
