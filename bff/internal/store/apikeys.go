package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

const apiKeyColumns = `id, tenant, name, hash, created_at`

func apiKey(row scan) (verify.APIKey, error) {
	var k verify.APIKey
	var created int64
	err := row(&k.ID, &k.Tenant, &k.Name, &k.Hash, &created)
	k.CreatedAt = fromMillis(created)
	return k, err
}

// APIKey is [verify.APIKeys]'.
func (s *Store) APIKey(ctx context.Context, id string) (k verify.APIKey, err error) {
	found := false
	err = s.list(ctx, "read API key", `SELECT `+apiKeyColumns+` FROM api_keys WHERE id = $1`, []any{id}, func(row scan) (err error) {
		found = true
		k, err = apiKey(row)
		return err
	})
	if err == nil && !found {
		err = errNoAPIKey
	}
	return k, err
}

// APIKeys lists the tenant's keys, oldest first.
func (s *Store) APIKeys(ctx context.Context, tenant string) (keys []verify.APIKey, err error) {
	err = s.list(ctx, "list API keys", `SELECT `+apiKeyColumns+` FROM api_keys WHERE tenant = $1 ORDER BY id`, []any{tenant},
		func(row scan) error {
			k, err := apiKey(row)
			keys = append(keys, k)
			return err
		})
	return keys, err
}

// PutAPIKey stores a key, in place of one of its id.
func (s *Store) PutAPIKey(ctx context.Context, k verify.APIKey) error {
	return s.update(ctx, func(t *tx) error {
		_, err := t.exec(ctx, "put API key", `
			INSERT INTO api_keys (id, tenant, name, hash, created_at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (id) DO UPDATE SET tenant = $2, name = $3, hash = $4, created_at = $5`,
			k.ID, k.Tenant, k.Name, k.Hash, millis(k.CreatedAt))
		return err
	})
}

// RemoveAPIKey revokes the key; false if the tenant has none of that id.
func (s *Store) RemoveAPIKey(ctx context.Context, tenant, id string) (removed bool, err error) {
	err = s.update(ctx, func(t *tx) error {
		n, err := t.exec(ctx, "remove API key", `DELETE FROM api_keys WHERE id = $1 AND tenant = $2`, id, tenant)
		removed = n > 0
		return err
	})
	return removed, err
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
