package storetest

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// Admin gives the service of administrative acts on the store. Its checks refuse nothing.
func Admin(s *store.Store, now func() time.Time) *admin.Service {
	return &admin.Service{Ledger: s, Tenants: s, Sessions: s, APIKeys: s, Checks: NoChecks{}, Now: now, Entropy: rand.Reader}
}

// NoChecks implements [admin.Checks] and refuses nothing.
type NoChecks struct{}

var _ admin.Checks = NoChecks{}

// CheckSecret accepts the secret.
func (NoChecks) CheckSecret([]byte) error { return nil }

// CheckKeys accepts the keys.
func (NoChecks) CheckKeys([]admin.SigningKey) error { return nil }

// CheckIssuers accepts the issuers.
func (NoChecks) CheckIssuers([]admin.Issuer, []admin.SigningKey) error { return nil }

// CheckSignIn accepts the sign-in.
func (NoChecks) CheckSignIn(admin.SignIn) error { return nil }

// CheckCarrier accepts the account.
func (NoChecks) CheckCarrier(admin.CarrierAccount) error { return nil }

// TryCarrier signs in nowhere.
func (NoChecks) TryCarrier(context.Context, admin.CarrierAccount) error { return nil }

// CheckConnection accepts the connection.
func (NoChecks) CheckConnection(admin.Connection) error { return nil }

// CheckName accepts the name.
func (NoChecks) CheckName(string, int) error { return nil }

// CheckRegion accepts the region.
func (NoChecks) CheckRegion(string) error { return nil }

// CheckOrigin accepts the origin.
func (NoChecks) CheckOrigin(string) error { return nil }

// CheckURL accepts the URL.
func (NoChecks) CheckURL(string) error { return nil }

// The other functions of this file write records without validation and without an event, for tests that need them as a
// setting. Acts are [admin.Service]'s.

// PutTenant stores a tenant that trusts no signer.
func PutTenant(ctx context.Context, s *store.Store, t verify.Tenant) error {
	return PutTenantSettings(ctx, s, admin.Tenant{Tenant: t})
}

// PutTenantSettings stores a tenant.
func PutTenantSettings(ctx context.Context, s *store.Store, t admin.Tenant) error {
	return s.Administer(ctx, t.ID, func(tx admin.Tx) error { return tx.PutTenant(ctx, t) })
}

// PutCarrier stores a carrier account.
func PutCarrier(ctx context.Context, s *store.Store, a admin.CarrierAccount) error {
	return s.Administer(ctx, a.Tenant, func(tx admin.Tx) error { return tx.PutCarrier(ctx, a) })
}

// RemoveCarrier removes a carrier account, and tells whether there was one.
func RemoveCarrier(ctx context.Context, s *store.Store, tenant, carrier string) (removed bool, err error) {
	err = s.Administer(ctx, tenant, func(tx admin.Tx) error {
		_, err := tx.Carrier(ctx, tenant, carrier)
		if removed = err == nil; err != nil && verify.CodeOf(err) != verify.CodeNotFound {
			return err
		}
		return tx.RemoveCarrier(ctx, tenant, carrier)
	})
	return removed, err
}

// PutConnection stores a connection to a ticket system.
func PutConnection(ctx context.Context, s *store.Store, c admin.Connection) error {
	return s.Administer(ctx, c.Tenant, func(tx admin.Tx) error { return tx.PutConnection(ctx, c) })
}

// RemoveConnection removes a connection, and tells whether there was one.
func RemoveConnection(ctx context.Context, s *store.Store, tenant, system string) (removed bool, err error) {
	err = s.Administer(ctx, tenant, func(tx admin.Tx) error {
		_, err := tx.Connection(ctx, tenant, system)
		if removed = err == nil; err != nil && verify.CodeOf(err) != verify.CodeNotFound {
			return err
		}
		return tx.RemoveConnection(ctx, tenant, system)
	})
	return removed, err
}

// PutAPIKey stores an API key.
func PutAPIKey(ctx context.Context, s *store.Store, k admin.APIKey) error {
	return s.Administer(ctx, k.Tenant, func(tx admin.Tx) error { return tx.PutAPIKey(ctx, k) })
}

// EndSessions ends a tenant's sessions, those of one technician if one is named, and gives their number.
func EndSessions(ctx context.Context, s *store.Store, tenant, technician string) (ended int64, err error) {
	ids, err := s.SessionIDs(ctx, tenant, technician)
	if err != nil {
		return 0, err
	}
	err = s.Administer(ctx, tenant, func(tx admin.Tx) error {
		ended, err = tx.EndSessions(ctx, tenant, ids)
		return err
	})
	return ended, err
}
