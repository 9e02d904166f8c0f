package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

var _ verify.Connections = (*Store)(nil)

// Connection is [verify.Connections]'.
func (s *Store) Connection(ctx context.Context, tenant, system string) (verify.Connection, error) {
	c := verify.Connection{Tenant: tenant, System: system}
	var settings, sealed []byte
	err := s.get(ctx, "read connection", `SELECT settings, secret FROM connections WHERE tenant = $1 AND system = $2`,
		[]any{tenant, system}, &settings, &sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return verify.Connection{}, errNoConnection
	}
	if err != nil {
		return verify.Connection{}, err
	}
	c.Settings = settings
	if c.Secret, err = s.vault.open(sealed, "connections", tenant, system); err != nil {
		return verify.Connection{}, unavailable("read connection", err)
	}
	return c, nil
}

// PutConnection stores a connection in place of the tenant's other one to that system. CodeNotFound: there is no such tenant.
func (s *Store) PutConnection(ctx context.Context, c verify.Connection) error {
	sealed, err := s.vault.seal(c.Secret, "connections", c.Tenant, c.System)
	if err != nil {
		return unavailable("put connection", err)
	}
	return s.update(ctx, func(t *tx) error {
		n, err := t.exec(ctx, "put connection", `
			INSERT INTO connections (tenant, system, settings, secret)
			SELECT id, $2, $3, $4 FROM tenants WHERE id = $1
			ON CONFLICT (tenant, system) DO UPDATE SET settings = $3, secret = $4`, c.Tenant, c.System, string(c.Settings), sealed)
		if err == nil && n == 0 {
			return errNoTenant
		}
		return err
	})
}

// RemoveConnection deletes the connection to the system; false if there was none.
func (s *Store) RemoveConnection(ctx context.Context, tenant, system string) (removed bool, err error) {
	err = s.update(ctx, func(t *tx) error {
		n, err := t.exec(ctx, "remove connection", `DELETE FROM connections WHERE tenant = $1 AND system = $2`, tenant, system)
		removed = n > 0
		return err
	})
	return removed, err
}
