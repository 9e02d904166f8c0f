package launch

import (
	"context"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// Check tells why Open would refuse a context now, as a [*Refusal], and which of its channels the pod would show as not usable.
// Nothing is stored and nothing is spent. A challenge is not compared, the ticket system is not asked, and whether the
// context was used before is not known.
func (s *Service) Check(ctx context.Context, contextToken string) (hidden []string, err error) {
	if err := s.prepare(); err != nil {
		return nil, err
	}
	claims, tenant, err := s.prove(ctx, contextToken)
	if err == nil {
		err = checkOrigin(tenant, claims.Origin)
	}
	if err == nil && claims.Context.Contacts != nil {
		who := verify.Technician{ID: claims.Subject, Name: claims.Actor.Name, Email: claims.Actor.Email, Phone: claims.Actor.Phone}
		_, err = deskOf(tenant, who, claims.Context, false, s.Now(), s.Log)
	}
	if err != nil {
		return nil, explained(err, contextToken)
	}
	_, hidden, err = CheckContacts(tenant, claims.Context.PSA, claims.Context.Contacts, s.Now())
	return hidden, err
}
