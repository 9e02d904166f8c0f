package psa

import (
	"context"
	"maps"
	"slices"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// Systems calls the adapter of a ticket system where the tenant has connected it, and otherwise the directory of pushed
// contacts.
type Systems struct {
	Connections Connections
	Adapters    Registry
	Directory   Directory // nil: there is no directory
}

// Registry holds the adapters by their product's name.
type Registry map[string]Adapter

// NewRegistry registers adapters. It panics if two have one name.
func NewRegistry(adapters ...Adapter) Registry {
	r := Registry{}
	for _, a := range adapters {
		name := a.Product().Name
		if _, taken := r[name]; taken {
			panic("psa: two adapters are named " + name)
		}
		r[name] = a
	}
	return r
}

// Products lists the registered products by name.
func (r Registry) Products() []Product {
	products := make([]Product, 0, len(r))
	for _, name := range slices.Sorted(maps.Keys(r)) {
		products = append(products, r[name].Product())
	}
	return products
}

// Writers gives the adapters that write notes, by name.
func (r Registry) Writers() map[string]Writer {
	writers := map[string]Writer{}
	for name, adapter := range r {
		if w, ok := adapter.(Writer); ok {
			writers[name] = w
		}
	}
	return writers
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

// VerifyMember gives the technician of a hosted launch, as [MemberVerifier] does. CodePSAMisconfigured: no such system has hosted
// launches here.
func (s Systems) VerifyMember(ctx context.Context, t verify.Tenant, system string, m Member) (verify.Technician, error) {
	verifier, known := s.Adapters[system].(MemberVerifier)
	if !known {
		return verify.Technician{}, errNotHosted
	}
	return verifier.VerifyMember(ctx, t, m)
}

// TicketAsMember gives the ticket of a hosted launch, as [MemberVerifier] does. CodePSAMisconfigured: no such system has hosted
// launches here.
func (s Systems) TicketAsMember(
	ctx context.Context, t verify.Tenant, system string, m Member, ticket, screen string,
) (launchcontext.Context, error) {
	verifier, known := s.Adapters[system].(MemberVerifier)
	if !known {
		return launchcontext.Context{}, errNotHosted
	}
	return verifier.TicketAsMember(ctx, t, m, ticket, screen)
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

var errNotHosted = &verify.Error{
	Code: verify.CodePSAMisconfigured, Public: "This server is not connected to the ticket system. Ask your administrator to connect it.",
}

func errNotConnected(t verify.Tenant) error {
	return &verify.Error{
		Code:   verify.CodeNotFound,
		Public: t.Name + " has not connected this ticket system. Ask your administrator to connect it.",
	}
}
