package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"github.com/shieldpod/shieldpod/sdk/api"
)

// apiKey is the admin's: as given, or the demo's own. Without one the tenant's quotas stay as they are.
func (c *runCmd) apiKey() (string, error) {
	if c.APIKey != "" || c.DemoData == "" {
		return c.APIKey, nil
	}
	data, err := os.ReadFile(filepath.Join(c.DemoData, "demo.json"))
	if err != nil {
		return "", fmt.Errorf("--demo-data: %w", err)
	}
	var credentials struct {
		APIKey string `json:"api_key"`
	}
	err = json.Unmarshal(data, &credentials)
	return credentials.APIKey, err
}

// plenty is more than any run sends.
const plenty = 1_000_000_000

// liftQuotas lets one technician send what a thousand would: every quota is counted as ever, none is reached.
func liftQuotas(ctx context.Context, base, key string) error {
	if key == "" {
		return nil
	}
	client, err := api.NewClientWithResponses(base, api.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+key)
		return nil
	}))
	if err != nil {
		return err
	}
	now, err := client.GetDefaultPolicyWithResponse(ctx)
	if err != nil {
		return err
	}
	if now.JSON200 == nil {
		return fmt.Errorf("the policy can't be read: %s", now.Status())
	}
	fields := now.JSON200.Overrides.Fields
	for _, quota := range []**int{
		&fields.QuotaPrefixHour, &fields.QuotaTechnicianMinute, &fields.QuotaTechnicianHour, &fields.QuotaClientHour,
		&fields.QuotaCountryHour, &fields.QuotaTenantMinute, &fields.QuotaTenantDay,
	} {
		*quota = new(plenty)
	}
	fields.QuotaTenantSpendDay, fields.PumpingFloorPercent = new(int64(plenty)), new(0)
	edited, err := client.PutDefaultPolicyWithResponse(ctx, api.PolicyEdit{Version: now.JSON200.Overrides.Version, Fields: fields})
	if err == nil && edited.JSON200 == nil {
		err = fmt.Errorf("the quotas can't be lifted: %s %s", edited.Status(), edited.Body)
	}
	return err
}
