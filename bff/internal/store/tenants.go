package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// tenantFresh is how long a tenant read once is taken for the truth, and so
// how long another node may go on with settings that were just changed.
const tenantFresh = 2 * time.Second

// maxCachedTenants bounds the tenants in memory: every request asks for one.
const maxCachedTenants = 10_000

// Tenant is [verify.Tenants]'. A change made by another process is seen within two seconds.
// What it gives is shared: read it, don't write to its lists.
func (s *Store) Tenant(ctx context.Context, id string) (verify.Tenant, error) {
	t, err := s.TenantSettings(ctx, id)
	return t.Tenant, err
}

// TenantSettings is Tenant with whom the tenant trusts. CodeNotFound: there is no such tenant.
func (s *Store) TenantSettings(ctx context.Context, id string) (admin.Tenant, error) {
	return s.tenants.Load(ctx, id, s.now(), func() (admin.Tenant, error) { return s.readTenant(ctx, s, id) })
}

func (s *Store) readTenant(ctx context.Context, from reader, id string) (admin.Tenant, error) {
	t := admin.Tenant{Tenant: verify.Tenant{ID: id}}
	var signIn string
	err := from.get(ctx, "read tenant", `
		SELECT name, region, procedure_url, webhook_url, webhook_secret, signin, signin_secret FROM tenants WHERE id = $1`, []any{id},
		&t.Name, &t.Region, &t.ProcedureURL, &t.Webhook.URL, &t.Webhook.Secret, &signIn, &t.SignIn.Secret)
	if errors.Is(err, sql.ErrNoRows) {
		return admin.Tenant{}, errNoTenant
	}
	if err != nil {
		return admin.Tenant{}, err
	}
	if err := errors.Join(s.unsealWebhook(id, &t.Webhook), s.readSignIn(id, signIn, &t.SignIn)); err != nil {
		return admin.Tenant{}, unavailable("read tenant", err)
	}
	err = from.list(ctx, "read origins", `SELECT origin FROM tenant_origins WHERE tenant = $1 ORDER BY position`, []any{id},
		func(row scan) error {
			var origin string
			err := row(&origin)
			t.Origins = append(t.Origins, origin)
			return err
		})
	if err != nil {
		return admin.Tenant{}, err
	}
	err = from.list(ctx, "read keys", `
		SELECT issuer, id, algorithm, material FROM signing_keys WHERE tenant = $1 ORDER BY position`, []any{id},
		func(row scan) error {
			var k admin.SigningKey
			err := row(&k.Issuer, &k.ID, &k.Algorithm, &k.Material)
			if err == nil && secret(k) {
				k.Material, err = s.vault.open(k.Material, "signing_keys", id, k.Issuer, k.ID)
			}
			t.Keys = append(t.Keys, k)
			return err
		})
	if err != nil {
		return t, err
	}
	t.Issuers, err = readIssuers(ctx, from, id)
	return t, err
}

// secret tells whether the key's material is one to hide: of the others it is public.
func secret(k admin.SigningKey) bool { return k.Algorithm == "HS256" }

// TenantList gives every tenant, in order of their ids.
func (s *Store) TenantList(ctx context.Context) ([]admin.Tenant, error) {
	var ids []string
	err := s.list(ctx, "list tenants", `SELECT id FROM tenants ORDER BY id`, nil, func(row scan) error {
		var id string
		err := row(&id)
		ids = append(ids, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	tenants := make([]admin.Tenant, len(ids))
	for i, id := range ids {
		if tenants[i], err = s.readTenant(ctx, s, id); err != nil {
			return nil, err
		}
	}
	return tenants, nil
}

// Tenant is [admin.TenantRecords]'.
func (t *tx) Tenant(ctx context.Context, id string) (admin.Tenant, error) {
	return t.store.readTenant(ctx, t, id)
}

// PutTenant is [admin.TenantRecords]'.
func (t *tx) PutTenant(ctx context.Context, v admin.Tenant) error {
	s := t.store
	var hook []byte
	var err error
	if v.Webhook.URL != "" {
		if hook, err = s.vault.seal(v.Webhook.Secret, "webhooks", v.ID); err != nil {
			return t.fail("put tenant", err)
		}
	}
	signIn, signInSecret, err := s.writeSignIn(v.ID, v.SignIn)
	if err != nil {
		return t.fail("put tenant", err)
	}
	materials := make([][]byte, len(v.Keys))
	for i, k := range v.Keys {
		materials[i] = k.Material
		if secret(k) {
			if materials[i], err = s.vault.seal(k.Material, "signing_keys", v.ID, k.Issuer, k.ID); err != nil {
				return t.fail("put tenant", err)
			}
		}
	}
	_, err = t.exec(ctx, "put tenant", `
		INSERT INTO tenants (id, name, region, procedure_url, webhook_url, webhook_secret, signin, signin_secret)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO UPDATE SET
		name = $2, region = $3, procedure_url = $4, webhook_url = $5, webhook_secret = $6, signin = $7, signin_secret = $8`,
		v.ID, v.Name, v.Region, v.ProcedureURL, v.Webhook.URL, hook, signIn, signInSecret)
	if err != nil {
		return err
	}
	return t.putLists(ctx, v, materials)
}

func (t *tx) putLists(ctx context.Context, v admin.Tenant, materials [][]byte) error {
	for _, text := range []string{
		`DELETE FROM tenant_origins WHERE tenant = $1`, `DELETE FROM signing_keys WHERE tenant = $1`, `DELETE FROM issuers WHERE tenant = $1`,
	} {
		if _, err := t.exec(ctx, "put tenant", text, v.ID); err != nil {
			return err
		}
	}
	for i, origin := range v.Origins {
		_, err := t.exec(ctx, "put origin", `
			INSERT INTO tenant_origins (tenant, position, origin) VALUES ($1, $2, $3)`, v.ID, i, origin)
		if err != nil {
			return err
		}
	}
	for i, k := range v.Keys {
		_, err := t.exec(ctx, "put key", `
			INSERT INTO signing_keys (tenant, position, issuer, id, algorithm, material) VALUES ($1, $2, $3, $4, $5, $6)`,
			v.ID, i, k.Issuer, k.ID, k.Algorithm, materials[i])
		if err != nil {
			return err
		}
	}
	return t.putIssuers(ctx, v)
}
