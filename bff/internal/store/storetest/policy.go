package storetest

import (
	"context"
	"time"

	"pgregory.net/rapid"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/policy"
	"github.com/shieldpod/shieldpod/bff/internal/store"
)

// SetPolicy sets what the tenant, or with its id a client, has of the policy: the built-in one but for the changes.
func SetPolicy(t rapid.TB, s *store.Store, tenant, client string, change func(*policy.Policy)) {
	t.Helper()
	p := policy.Default()
	if change != nil {
		change(&p)
	}
	ctx := context.Background()
	err := s.Administer(ctx, tenant, func(tx admin.Tx) error {
		set, err := tx.Overrides(ctx, tenant, client)
		if err != nil {
			return err
		}
		set.Version++
		set.By, set.At, set.Fields = "test", time.UnixMilli(0).UTC(), map[string]policy.FieldOverride{}
		for name, value := range p.Values() {
			set.Fields[name] = policy.FieldOverride{Value: value, Version: set.Version, By: set.By, At: set.At}
		}
		_, err = tx.PutOverrides(ctx, set)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Unbounded lifts every quota: they are counted as ever, and none is reached.
func Unbounded(p *policy.Policy) {
	const plenty = 1_000_000_000
	l := &p.Limits
	for _, limit := range []*int64{
		&l.PrefixHour, &l.TechnicianMinute, &l.TechnicianHour, &l.ClientHour, &l.CountryHour,
		&l.TenantMinute, &l.TenantDay, &l.TenantSpendDay,
	} {
		*limit = plenty
	}
	l.DestinationDay, l.PumpingFloor = 1000, 0
}
