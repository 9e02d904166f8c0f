package admin

import (
	"context"
	"fmt"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// PutBranding stores b, made from the version that it names, and gives it as it is then. Messages and pages follow.
// Without changes it stores nothing. CodeStaleVersion: the branding was edited since that version.
func (s *Service) PutBranding(
	ctx context.Context, by Actor, tenant string, b verify.Branding, changes []verify.Change,
) (after verify.Branding, err error) {
	err = s.perform(ctx, by, tenant, func(a *act) error {
		before, err := a.Branding(ctx, tenant)
		if err != nil {
			return err
		}
		if before.Version != b.Version {
			return &verify.Error{
				Code: verify.CodeStaleVersion, Field: "version",
				Public: fmt.Sprintf("The branding is at version %d by now. Look at what changed, and edit that.", before.Version),
			}
		}
		if after = before; len(changes) == 0 {
			return nil
		}
		after = b
		after.Tenant, after.Version, after.By, after.At = tenant, before.Version+1, by.Name, a.at
		e := verify.Event{Kind: verify.EventBrandingChanged, Version: after.Version, Changes: changes}
		return a.apply(ctx, e, func() error { return stored(a.PutBranding(ctx, after)) })
	})
	if err != nil {
		return verify.Branding{}, err
	}
	return after, nil
}
