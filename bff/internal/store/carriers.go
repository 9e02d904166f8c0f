package store

import (
	"context"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/channel"
)

// CarrierAccounts gives the tenant's, in the order in which those of a kind are asked; none when it has none, or
// when there is no such tenant.
func (s *Store) CarrierAccounts(ctx context.Context, tenant string) ([]admin.CarrierAccount, error) {
	return s.readCarriers(ctx, s, tenant)
}

func (s *Store) readCarriers(ctx context.Context, from reader, tenant string) (list []admin.CarrierAccount, err error) {
	err = from.list(ctx, "read carriers", `
		SELECT carrier, kind, priority, settings, secret FROM carriers WHERE tenant = $1 ORDER BY kind, priority, carrier`, []any{tenant},
		func(row scan) error {
			a := admin.CarrierAccount{Tenant: tenant}
			var settings, sealed []byte
			if err := row(&a.Carrier, &a.Kind, &a.Priority, &settings, &sealed); err != nil {
				return err
			}
			a.Settings = settings
			var err error
			if a.Secret, err = s.vault.open(sealed, "carriers", tenant, a.Carrier); err != nil {
				return unavailable("read carriers", err)
			}
			list = append(list, a)
			return nil
		})
	return list, err
}

// Carrier is [admin.CarrierRecords]'.
func (t *tx) Carrier(ctx context.Context, tenant, carrier string) (admin.CarrierAccount, error) {
	all, err := t.store.readCarriers(ctx, t, tenant)
	for _, a := range all {
		if a.Carrier == carrier {
			return a, err
		}
	}
	if err == nil {
		err = errNoCarrier
	}
	return admin.CarrierAccount{}, err
}

// PutCarrier is [admin.CarrierRecords]'.
func (t *tx) PutCarrier(ctx context.Context, a admin.CarrierAccount) error {
	sealed, err := t.store.vault.seal(a.Secret, "carriers", a.Tenant, a.Carrier)
	if err != nil {
		return t.fail("put carrier", err)
	}
	n, err := t.exec(ctx, "put carrier", `
		INSERT INTO carriers (tenant, carrier, kind, priority, settings, secret)
		SELECT id, $2, $3, $4, $5, $6 FROM tenants WHERE id = $1
		ON CONFLICT (tenant, carrier) DO UPDATE SET kind = $3, priority = $4, settings = $5, secret = $6`,
		a.Tenant, a.Carrier, string(a.Kind), a.Priority, string(a.Settings), sealed)
	if err == nil && n == 0 {
		return errNoTenant
	}
	return err
}

// RemoveCarrier is [admin.CarrierRecords]'.
func (t *tx) RemoveCarrier(ctx context.Context, tenant, carrier string) error {
	_, err := t.exec(ctx, "remove carrier", `DELETE FROM carriers WHERE tenant = $1 AND carrier = $2`, tenant, carrier)
	return err
}

// CarrierKinds gives the kinds of channel for which the tenant has an account of its own.
func (s *Store) CarrierKinds(ctx context.Context, tenant string) ([]channel.Kind, error) {
	var kinds []channel.Kind
	err := s.list(ctx, "read carriers", `SELECT DISTINCT kind FROM carriers WHERE tenant = $1 ORDER BY kind`, []any{tenant}, func(row scan) error {
		var kind channel.Kind
		err := row(&kind)
		kinds = append(kinds, kind)
		return err
	})
	return kinds, err
}
