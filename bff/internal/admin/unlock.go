package admin

import (
	"context"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// UnlockResult is what Unlock has cleared.
type UnlockResult struct {
	Failures     int  // wrong codes in a row
	Denied       bool // the lock by the contact's own "I did not ask for this"
	Suppressions int  // numbers that a carrier reported to take no texts
}

// Unlock clears a contact's wrong codes, denial and suppressed numbers, and gives what was cleared.
func (s *Service) Unlock(ctx context.Context, by Actor, tenant, contact string) (cleared UnlockResult, err error) {
	err = s.perform(ctx, by, tenant, func(a *act) error {
		before, err := a.Standing(ctx, tenant, contact, "")
		if err != nil {
			return err
		}
		cleared = UnlockResult{Failures: before.Failures, Denied: before.Denied}
		if err := a.ClearFailures(ctx, tenant, contact); err != nil {
			return err
		}
		if cleared.Suppressions, err = a.ClearSuppressions(ctx, tenant, contact); err != nil {
			return err
		}
		facts := []fact{plain("failures", cleared.Failures), plain("denied", cleared.Denied), plain("suppressions", cleared.Suppressions)}
		e := verify.Event{Kind: verify.EventUnlocked, Contact: contact, Failures: cleared.Failures, Changes: diff(facts, nil)}
		return a.apply(ctx, e, func() error {
			if !cleared.Denied {
				return nil
			}
			return a.SetDenied(ctx, tenant, contact, false)
		})
	})
	if err != nil {
		return UnlockResult{}, err
	}
	return cleared, nil
}
