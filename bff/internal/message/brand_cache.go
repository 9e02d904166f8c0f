package message

import (
	"context"
	"sync"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// brandTTL is how long a brand is cached without an invalidation.
const brandTTL = 2 * time.Second

// maxCachedBrands bounds the cache.
const maxCachedBrands = 1000

// BrandCache caches the parsed brands of tenants for a short time. All exported fields are required.
type BrandCache struct {
	Tenants   verify.Tenants
	Brandings verify.Brandings
	Now       func() time.Time

	mu         sync.RWMutex
	cached     map[string]cachedBrand
	generation int
}

type cachedBrand struct {
	brand  *Brand
	readAt time.Time
}

// Brand returns the tenant's brand. CodeNotFound: the tenant does not exist.
func (s *BrandCache) Brand(ctx context.Context, tenant string) (*Brand, error) {
	now := s.Now()
	s.mu.RLock()
	entry, found := s.cached[tenant]
	generation := s.generation
	s.mu.RUnlock()
	if age := now.Sub(entry.readAt); found && age >= 0 && age < brandTTL {
		return entry.brand, nil
	}
	t, err := s.Tenants.Tenant(ctx, tenant)
	if err != nil {
		return nil, err
	}
	branding, err := s.Brandings.Branding(ctx, tenant)
	if err != nil {
		return nil, err
	}
	b, err := BrandOf(t, branding)
	if err != nil {
		return nil, err
	}
	s.store(b, now, generation)
	return b, nil
}

func (s *BrandCache) store(b *Brand, now time.Time, generation int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.generation != generation {
		return
	}
	if s.cached == nil || len(s.cached) >= maxCachedBrands {
		s.cached = map[string]cachedBrand{}
	}
	s.cached[b.Tenant] = cachedBrand{brand: b, readAt: now}
}

// Invalidate drops the tenant's cached brand; an empty tenant drops all.
func (s *BrandCache) Invalidate(tenant string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.generation++
	if tenant == "" {
		s.cached = nil
		return
	}
	delete(s.cached, tenant)
}
