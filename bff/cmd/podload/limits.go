package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/shieldpod/shieldpod/sdk/api"
	"github.com/shieldpod/shieldpod/sdk/client"
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

// cooldown is the shortest that a policy can set.
const cooldown = 10 * time.Second

// liftQuotas lets one technician send what a thousand would: every quota is counted as ever, none is reached.
func liftQuotas(ctx context.Context, base, key string) error {
	if key == "" {
		return nil
	}
	server, err := client.New(base, key)
	if err != nil {
		return err
	}
	now, err := server.DefaultPolicy(ctx)
	if err != nil {
		return fmt.Errorf("the policy can't be read: %w", err)
	}
	fields := now.Overrides.Fields
	for _, quota := range []**int{
		&fields.QuotaPrefixHour, &fields.QuotaTechnicianMinute, &fields.QuotaTechnicianHour, &fields.QuotaClientHour,
		&fields.QuotaCountryHour, &fields.QuotaTenantMinute, &fields.QuotaTenantDay,
	} {
		*quota = new(plenty)
	}
	fields.ResendCooldownSeconds, fields.QuotaDestinationDay = new(int(cooldown/time.Second)), new(1000)
	fields.QuotaTenantSpendDay, fields.PumpingFloorPercent = new(int64(plenty)), new(0)
	if _, err := server.SetDefaultPolicy(ctx, api.PolicyEdit{Version: now.Overrides.Version, Fields: fields}); err != nil {
		return fmt.Errorf("the quotas can't be lifted: %w", err)
	}
	return nil
}
