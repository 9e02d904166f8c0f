package verify

import (
	"context"
	"slices"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/policy"
)

// EffectivePolicy gives the policy as it holds for a client: from memory, or as it is stored.
func (s *Service) EffectivePolicy(ctx context.Context, tenant, client string) (*policy.Effective, error) {
	return s.policies.Effective(ctx, policyReader{s}, s.Now(), tenant, client)
}

// Forget has the tenant's policies read again; an empty tenant stands for all.
func (s *Service) Forget(tenant string) { s.policies.Forget(tenant) }

// PolicyList gives up to n settings after the client given: the tenant's own first, then its clients', by id; true if
// there are more.
func (s *Service) PolicyList(ctx context.Context, tenant, after string, n int) ([]policy.Overrides, bool, error) {
	var list []policy.Overrides
	if after == "" {
		own, err := s.Policies.PolicyLevel(ctx, tenant, "")
		if err != nil {
			return nil, false, err
		}
		list, n = append(list, own), n-1
	}
	clients, err := s.Policies.PolicyPage(ctx, tenant, after, n+1)
	if err != nil {
		return nil, false, err
	}
	return append(list, clients[:min(n, len(clients))]...), len(clients) > n, nil
}

// policyReader reads the policies from the service's ports.
type policyReader struct{ s *Service }

var _ policy.Reader = policyReader{}

// PolicyEdits implements [policy.Reader].
func (p policyReader) PolicyEdits(ctx context.Context, tenant string) (int64, error) {
	return p.s.Policies.PolicyEdits(ctx, tenant)
}

// PolicyLevel implements [policy.Reader].
func (p policyReader) PolicyLevel(ctx context.Context, tenant, client string) (policy.Overrides, error) {
	return p.s.Policies.PolicyLevel(ctx, tenant, client)
}

// PolicyTenant implements [policy.Reader].
func (p policyReader) PolicyTenant(ctx context.Context, id string) (policy.Tenant, error) {
	t, err := p.s.Tenants.Tenant(ctx, id)
	return t.ForPolicy(), err
}

// NoCarrier implements [policy.Reader].
func (p policyReader) NoCarrier(ctx context.Context, tenant string) ([]channel.Kind, error) {
	if p.s.Reach == nil {
		return nil, nil
	}
	reached, err := p.s.Reach.Reached(ctx, tenant)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc([]channel.Kind{channel.Email, channel.Phone},
		func(k channel.Kind) bool { return slices.Contains(reached, k) }), nil
}
