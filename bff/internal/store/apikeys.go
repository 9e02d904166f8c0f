package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

const apiKeyColumns = `id, tenant, name, hash, scopes, created_at, expires_at, used_at`

func apiKey(row scan) (admin.APIKey, error) {
	var k admin.APIKey
	var scopes string
	var created, expires, used int64
	err := row(&k.ID, &k.Tenant, &k.Name, &k.Hash, &scopes, &created, &expires, &used)
	for scope := range strings.FieldsSeq(scopes) {
		k.Scopes = append(k.Scopes, admin.Scope(scope))
	}
	k.CreatedAt, k.ExpiresAt, k.UsedAt = fromMillis(created), fromMillis(expires), fromMillis(used)
	return k, err
}

func readAPIKey(ctx context.Context, from reader, id string) (k admin.APIKey, err error) {
	found := false
	err = from.list(ctx, "read API key", `SELECT `+apiKeyColumns+` FROM api_keys WHERE id = $1`, []any{id}, func(row scan) (err error) {
		found = true
		k, err = apiKey(row)
		return err
	})
	if err == nil && !found {
		err = errNoAPIKey
	}
	return k, err
}

// APIKey is [admin.APIKeys]'.
func (s *Store) APIKey(ctx context.Context, id string) (admin.APIKey, error) {
	return readAPIKey(ctx, s, id)
}

// APIKeys lists the tenant's keys, oldest first.
func (s *Store) APIKeys(ctx context.Context, tenant string) (keys []admin.APIKey, err error) {
	err = s.list(ctx, "list API keys", `SELECT `+apiKeyColumns+` FROM api_keys WHERE tenant = $1 ORDER BY id`, []any{tenant},
		func(row scan) error {
			k, err := apiKey(row)
			keys = append(keys, k)
			return err
		})
	return keys, err
}

// UseAPIKey is [admin.APIKeys]'.
func (s *Store) UseAPIKey(ctx context.Context, id string, at, unlessSince time.Time) error {
	return s.update(ctx, func(t *tx) error {
		_, err := t.exec(ctx, "use API key", `UPDATE api_keys SET used_at = $2 WHERE id = $1 AND used_at <= $3`,
			id, millis(at), millis(unlessSince))
		return err
	})
}

// APIKey is [admin.APIKeyRecords]'.
func (t *tx) APIKey(ctx context.Context, id string) (admin.APIKey, error) {
	return readAPIKey(ctx, t, id)
}

// PutAPIKey is [admin.APIKeyRecords]'.
func (t *tx) PutAPIKey(ctx context.Context, k admin.APIKey) error {
	var scopes strings.Builder
	for _, scope := range k.Scopes {
		scopes.WriteString(string(scope) + " ")
	}
	_, err := t.exec(ctx, "put API key", `
		INSERT INTO api_keys (id, tenant, name, hash, scopes, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (id) DO UPDATE SET tenant = $2, name = $3, hash = $4, scopes = $5, created_at = $6, expires_at = $7`,
		k.ID, k.Tenant, k.Name, k.Hash, strings.TrimSpace(scopes.String()), millis(k.CreatedAt), millis(k.ExpiresAt))
	return err
}

// RemoveAPIKey is [admin.APIKeyRecords]'.
func (t *tx) RemoveAPIKey(ctx context.Context, tenant, id string) error {
	_, err := t.exec(ctx, "remove API key", `DELETE FROM api_keys WHERE id = $1 AND tenant = $2`, id, tenant)
	return err
}

// Webhook gives where the tenant's alerts are posted, and the secret that they are signed under.
func (s *Store) Webhook(ctx context.Context, tenant string) (verify.Webhook, error) {
	var hook verify.Webhook
	err := s.get(ctx, "read webhook", `SELECT webhook_url, webhook_secret FROM tenants WHERE id = $1`, []any{tenant}, &hook.URL, &hook.Secret)
	if errors.Is(err, sql.ErrNoRows) {
		return hook, errNoTenant
	}
	if err == nil {
		err = s.unsealWebhook(tenant, &hook)
	}
	return hook, err
}

func (s *Store) unsealWebhook(tenant string, hook *verify.Webhook) (err error) {
	if hook.URL == "" {
		return nil
	}
	if hook.Secret, err = s.vault.open(hook.Secret, "webhooks", tenant); err != nil {
		return unavailable("read webhook", err)
	}
	return nil
}
