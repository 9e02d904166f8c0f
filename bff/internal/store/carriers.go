package store

import (
	"context"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// CarrierAccounts gives the tenant's, in the order in which those of a kind are asked; none when it has none, or
// when there is no such tenant.
func (s *Store) CarrierAccounts(ctx context.Context, tenant string) ([]verify.CarrierAccount, error) {
	var list []verify.CarrierAccount
	err := s.list(ctx, "read carriers", `
		SELECT carrier, kind, place, settings, secret FROM carriers WHERE tenant = $1 ORDER BY kind, place, carrier`, []any{tenant},
		func(row scan) error {
			a := verify.CarrierAccount{Tenant: tenant}
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

// PutCarrierAccount stores an account in place of the tenant's other one with that carrier. CodeNotFound: there is no such tenant.
func (s *Store) PutCarrierAccount(ctx context.Context, a verify.CarrierAccount) error {
	sealed, err := s.vault.seal(a.Secret, "carriers", a.Tenant, a.Carrier)
	if err != nil {
		return unavailable("put carrier", err)
	}
	return s.update(ctx, func(t *tx) error {
		n, err := t.exec(ctx, "put carrier", `
			INSERT INTO carriers (tenant, carrier, kind, place, settings, secret)
			SELECT id, $2, $3, $4, $5, $6 FROM tenants WHERE id = $1
			ON CONFLICT (tenant, carrier) DO UPDATE SET kind = $3, place = $4, settings = $5, secret = $6`,
			a.Tenant, a.Carrier, string(a.Kind), a.Priority, string(a.Settings), sealed)
		if err == nil && n == 0 {
			return errNoTenant
		}
		if err != nil {
			return err
		}
		return s.carriersChanged(ctx, t, a.Tenant, a.Carrier)
	})
}

// carriersChanged writes the event by which running servers learn of the change.
func (s *Store) carriersChanged(ctx context.Context, t *tx, tenant, carrier string) error {
	return t.Append(ctx, &verify.Event{Tenant: tenant, At: s.now(), Kind: verify.EventCarriersChanged, Carrier: carrier})
}

// CarrierKinds gives the kinds of channel for which the tenant has an account of its own.
func (s *Store) CarrierKinds(ctx context.Context, tenant string) ([]verify.ChannelKind, error) {
	var kinds []verify.ChannelKind
	err := s.list(ctx, "read carriers", `SELECT DISTINCT kind FROM carriers WHERE tenant = $1 ORDER BY kind`, []any{tenant}, func(row scan) error {
		var kind verify.ChannelKind
		err := row(&kind)
		kinds = append(kinds, kind)
		return err
	})
	return kinds, err
}

// RemoveCarrierAccount forgets the tenant's account with a carrier; false if there was none.
func (s *Store) RemoveCarrierAccount(ctx context.Context, tenant, carrier string) (removed bool, err error) {
	err = s.update(ctx, func(t *tx) error {
		n, err := t.exec(ctx, "remove carrier", `DELETE FROM carriers WHERE tenant = $1 AND carrier = $2`, tenant, carrier)
		if removed = n > 0; !removed || err != nil {
			return err
		}
		return s.carriersChanged(ctx, t, tenant, carrier)
	})
	return removed, err
}
