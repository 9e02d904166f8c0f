package message

import (
	"context"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/cache"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// brandTTL is how long a brand is cached without an invalidation.
const brandTTL = 2 * time.Second

// maxCachedBrands bounds the cache.
const maxCachedBrands = 1000

// BrandCache caches the parsed brands of tenants for a short time.
// Start with [NewBrandCache].
type BrandCache struct {
	tenants   verify.Tenants
	brandings verify.Brandings
	now       func() time.Time
	brands    *cache.Cache[string, *Brand]
}

// NewBrandCache returns an empty cache.
func NewBrandCache(tenants verify.Tenants, brandings verify.Brandings, now func() time.Time) *BrandCache {
	return &BrandCache{tenants: tenants, brandings: brandings, now: now, brands: cache.New[string, *Brand](maxCachedBrands, brandTTL)}
}

// Brand returns the tenant's brand. CodeNotFound: the tenant does not exist.
func (s *BrandCache) Brand(ctx context.Context, tenant string) (*Brand, error) {
	return s.brands.Load(ctx, tenant, s.now(), func() (*Brand, error) {
		t, err := s.tenants.Tenant(ctx, tenant)
		if err != nil {
			return nil, err
		}
		branding, err := s.brandings.Branding(ctx, tenant)
		if err != nil {
			return nil, err
		}
		return BrandOf(t, branding)
	})
}

// Invalidate drops the tenant's cached brand; an empty tenant drops all.
func (s *BrandCache) Invalidate(tenant string) {
	s.brands.RemoveFunc(func(id string, _ *Brand) bool { return tenant == "" || id == tenant })
}
