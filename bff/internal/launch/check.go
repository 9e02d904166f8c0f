package launch

import (
	"context"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// Check reports why Open would refuse a context now, as a [*Refusal], and which of its channels the pod would show as
// not usable. Nothing is stored, and the context stays unused. Check compares no challenge, does not ask the ticket
// system, and does not know whether the context was used before.
func (s *Service) Check(ctx context.Context, contextToken string) (unusable []string, err error) {
	if err := s.prepare(); err != nil {
		return nil, err
	}
	claims, tenant, err := s.verifyToken(ctx, contextToken)
	if err == nil {
		err = checkOrigin(tenant.Tenant, claims.Origin)
	}
	if err == nil && claims.Context.Contacts != nil {
		who := verify.Technician{ID: claims.Subject, Name: claims.Actor.Name, Email: claims.Actor.Email, Phone: claims.Actor.Phone}
		_, err = s.newTicketContext(tenant.Tenant, who, claims.Context, false)
	}
	if err != nil {
		return nil, asRefusal(err, contextToken)
	}
	_, unusable, err = s.CheckContacts(tenant.Tenant, claims.Context.PSA, claims.Context.Contacts, s.Now())
	return unusable, err
}
