package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
)

// Connection gives the tenant's connection to a ticket system. CodeNotFound: it has none.
func (s *Store) Connection(ctx context.Context, tenant, system string) (admin.Connection, error) {
	return s.readConnection(ctx, s, tenant, system)
}

func (s *Store) readConnection(ctx context.Context, from reader, tenant, system string) (admin.Connection, error) {
	c := admin.Connection{Tenant: tenant, System: system}
	var settings, sealed []byte
	err := from.get(ctx, "read connection", `SELECT settings, secret FROM connections WHERE tenant = $1 AND system = $2`,
		[]any{tenant, system}, &settings, &sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return admin.Connection{}, errNoConnection
	}
	if err != nil {
		return admin.Connection{}, err
	}
	c.Settings = settings
	if c.Secret, err = s.vault.open(sealed, "connections", tenant, system); err != nil {
		return admin.Connection{}, unavailable("read connection", err)
	}
	return c, nil
}

// Connection is [admin.ConnectionRecords]'.
func (t *tx) Connection(ctx context.Context, tenant, system string) (admin.Connection, error) {
	return t.store.readConnection(ctx, t, tenant, system)
}

// PutConnection is [admin.ConnectionRecords]'.
func (t *tx) PutConnection(ctx context.Context, c admin.Connection) error {
	sealed, err := t.store.vault.seal(c.Secret, "connections", c.Tenant, c.System)
	if err != nil {
		return t.fail("put connection", err)
	}
	n, err := t.exec(ctx, "put connection", `
		INSERT INTO connections (tenant, system, settings, secret)
		SELECT id, $2, $3, $4 FROM tenants WHERE id = $1
		ON CONFLICT (tenant, system) DO UPDATE SET settings = $3, secret = $4`, c.Tenant, c.System, string(c.Settings), sealed)
	if err == nil && n == 0 {
		return errNoTenant
	}
	return err
}

// RemoveConnection is [admin.ConnectionRecords]'.
func (t *tx) RemoveConnection(ctx context.Context, tenant, system string) error {
	_, err := t.exec(ctx, "remove connection", `DELETE FROM connections WHERE tenant = $1 AND system = $2`, tenant, system)
	return err
}
