package psa

import (
	"context"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// Systems calls the adapter of a ticket system where the tenant has connected it, and otherwise the directory of pushed
// contacts.
type Systems struct {
	Connections Connections
	Adapters    map[string]Adapter // by the system's name in launch contexts
	Directory   Directory          // nil: there is no directory
}

// Ticket gives a ticket with its client and contacts. CodeNotFound: the tenant has not connected this system.
func (s Systems) Ticket(ctx context.Context, t verify.Tenant, system, ticket string) (launchcontext.Context, error) {
	adapter, known := s.Adapters[system]
	if !known {
		return launchcontext.Context{}, errNotConnected(t)
	}
	return adapter.Ticket(ctx, t, ticket)
}

// Contacts gives the people of a client, as [Adapter] does. CodeNotFound: neither an adapter nor the directory has
// them.
func (s Systems) Contacts(ctx context.Context, t verify.Tenant, system, client, contact string) ([]launchcontext.Contact, error) {
	if adapter, known := s.Adapters[system]; known {
		contacts, err := adapter.Contacts(ctx, t, client, contact)
		if verify.CodeOf(err) != verify.CodeNotFound {
			return contacts, err
		}
	}
	if s.Directory == nil {
		return nil, errNotConnected(t)
	}
	return s.Directory.Contacts(ctx, t, system, client, contact)
}

// TakesNotes reports whether results are written to the system's tickets.
func (s Systems) TakesNotes(ctx context.Context, t verify.Tenant, system string) (bool, error) {
	if _, known := s.Adapters[system].(Writer); !known {
		return false, nil
	}
	c, err := s.Connections.Connection(ctx, t.ID, system)
	if verify.CodeOf(err) == verify.CodeNotFound {
		return false, nil
	}
	return err == nil && len(c.Secret) > 0, err
}

func errNotConnected(t verify.Tenant) error {
	return &verify.Error{
		Code:   verify.CodeNotFound,
		Public: t.Name + " has not connected this ticket system. Ask your administrator to connect it.",
	}
}
