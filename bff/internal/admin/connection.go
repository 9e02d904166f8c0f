package admin

import (
	"context"
	"encoding/json"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// Connection is how a tenant's ticket system is reached.
type Connection struct {
	Tenant   string
	System   string          // by its name in launch contexts
	Settings json.RawMessage // in its adapter's shape; nothing secret in it
	Secret   []byte          // in its adapter's shape; sealed where it is stored; empty: there are no keys
}

// PutConnection stores a connection in place of the tenant's other one to that system. CodeInvalid: the settings or the
// secret can't work.
func (s *Service) PutConnection(ctx context.Context, by Actor, c Connection) error {
	if err := s.Checks.CheckConnection(c); err != nil {
		return refused("connection", err)
	}
	return s.perform(ctx, by, c.Tenant, func(a *act) error {
		before, err := a.Connection(ctx, c.Tenant, c.System)
		if err != nil && verify.CodeOf(err) != verify.CodeNotFound {
			return err
		}
		e := verify.Event{Kind: verify.EventConnectionSet, Subject: c.System, Changes: diff(connectionFacts(before), connectionFacts(c))}
		return a.apply(ctx, e, func() error { return a.PutConnection(ctx, c) })
	})
}

// RemoveConnection removes the tenant's connection to a system. CodeNotFound: it has none.
func (s *Service) RemoveConnection(ctx context.Context, by Actor, tenant, system string) error {
	return s.perform(ctx, by, tenant, func(a *act) error {
		before, err := a.Connection(ctx, tenant, system)
		if err != nil {
			return err
		}
		e := verify.Event{Kind: verify.EventConnectionRemoved, Subject: system, Changes: diff(connectionFacts(before), nil)}
		return a.apply(ctx, e, func() error { return a.RemoveConnection(ctx, tenant, system) })
	})
}

func connectionFacts(c Connection) []fact {
	if c.System == "" {
		return nil
	}
	return append([]fact{secret("secret", c.Secret)}, members(c.Settings)...)
}
