package admin

import (
	"context"
	"encoding/json"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// maxPriority is the last place among the carriers of a kind.
const maxPriority = 9

// CarrierAccount is how a tenant sends by one carrier.
type CarrierAccount struct {
	Tenant   string          // empty: the platform's account, for tenants that have none of the kind
	Carrier  string          // "sendgrid"
	Kind     channel.Kind    // of channels that it reaches
	Priority int             // 1 to 9: the lowest of a kind is used first
	Settings json.RawMessage // in its adapter's shape; nothing secret in it
	Secret   []byte          // in its adapter's shape; sealed where it is stored
}

// PutCarrier stores an account in place of the tenant's other one with that carrier. With try it first signs in at the
// carrier, and stores nothing where that fails.
func (s *Service) PutCarrier(ctx context.Context, by Actor, account CarrierAccount, try bool) error {
	if account.Priority < 1 || account.Priority > maxPriority {
		return invalid("priority", "is 1 to %d", maxPriority)
	}
	if err := s.Checks.CheckCarrier(account); err != nil {
		return refused("account", err)
	}
	if try {
		if err := s.Checks.TryCarrier(ctx, account); err != nil {
			return refused("sign_in", err)
		}
	}
	return s.perform(ctx, by, account.Tenant, func(a *act) error {
		before, err := a.Carrier(ctx, account.Tenant, account.Carrier)
		if err != nil && verify.CodeOf(err) != verify.CodeNotFound {
			return err
		}
		e := verify.Event{Kind: verify.EventCarrierSet, Subject: account.Carrier, Changes: diff(carrierFacts(before), carrierFacts(account))}
		return a.apply(ctx, e, func() error { return a.PutCarrier(ctx, account) })
	})
}

// RemoveCarrier removes the tenant's account with a carrier. CodeNotFound: it has none.
func (s *Service) RemoveCarrier(ctx context.Context, by Actor, tenant, carrier string) error {
	return s.perform(ctx, by, tenant, func(a *act) error {
		before, err := a.Carrier(ctx, tenant, carrier)
		if err != nil {
			return err
		}
		e := verify.Event{Kind: verify.EventCarrierRemoved, Subject: carrier, Changes: diff(carrierFacts(before), nil)}
		return a.apply(ctx, e, func() error { return a.RemoveCarrier(ctx, tenant, carrier) })
	})
}

func carrierFacts(a CarrierAccount) []fact {
	if a.Carrier == "" {
		return nil
	}
	return append([]fact{plain("kind", a.Kind), plain("priority", a.Priority), secret("secret", a.Secret)}, members(a.Settings)...)
}
