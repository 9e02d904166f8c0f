package store

import (
	"context"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// Suppress is [verify.Deliveries]'.
func (t *tx) Suppress(ctx context.Context, v verify.Verification, reason verify.Code, at time.Time) error {
	if err := t.lockTenant(ctx, v.Tenant); err != nil {
		return err
	}
	return t.put(ctx, "suppress destination", `
		INSERT INTO suppressions (tenant, destination, contact, reason, at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (tenant, destination) DO UPDATE SET contact = $3, reason = $4, at = $5`,
		v.Tenant, v.Destination, v.Contact, string(reason), millis(at))
}

// ClearSuppressions is [admin.Locks]'.
func (t *tx) ClearSuppressions(ctx context.Context, tenant, contact string) (int, error) {
	if err := t.lockTenant(ctx, tenant); err != nil {
		return 0, err
	}
	n, err := t.exec(ctx, "clear suppressions", `DELETE FROM suppressions WHERE tenant = $1 AND contact = $2`, tenant, contact)
	return int(n), err
}
