package demo

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/app"
	"github.com/shieldpod/shieldpod/bff/internal/policy"
)

// makeLoadTenants stores tenants like the first, so many that there are count with it, and lifts their quotas: these are
// counted as ever, and none is reached.
func makeLoadTenants(ctx context.Context, srv *app.Server, like admin.Tenant, count int) error {
	const plenty = "1000000000"
	fields := map[string]policy.FieldOverride{}
	for name, value := range map[string]string{
		"quota_prefix_hour": plenty, "quota_technician_minute": plenty, "quota_technician_hour": plenty, "quota_client_hour": plenty,
		"quota_country_hour": plenty, "quota_tenant_minute": plenty, "quota_tenant_day": plenty, "quota_tenant_spend_day": plenty,
		"quota_destination_day": "1000", "pumping_floor_percent": "0", "resend_cooldown_seconds": "10",
	} {
		fields[name] = policy.FieldOverride{Value: json.RawMessage(value), Version: 1, By: adminName}
	}
	for n := 2; n <= count; n++ {
		t := like
		t.ID = fmt.Sprintf("%s-%d", like.ID, n)
		err := srv.Store.Administer(ctx, t.ID, func(tx admin.Tx) error {
			if err := tx.PutTenant(ctx, t); err != nil {
				return err
			}
			set, err := tx.Overrides(ctx, t.ID, "")
			if err != nil || set.Version > 0 { // of an earlier run
				return err
			}
			_, err = tx.PutOverrides(ctx, policy.Overrides{Tenant: t.ID, Version: 1, By: adminName, Fields: fields})
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
