package message

import (
	"context"
	"sync"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// shelfFresh is how long a brand that was read once is taken for the truth when nobody says otherwise.
const shelfFresh = 2 * time.Second

// shelfHeld bounds the brands in memory.
const shelfHeld = 1000

// Shelf gives every tenant's brand, taken apart once and kept for a while. All exported fields are required.
type Shelf struct {
	Tenants   verify.Tenants
	Brandings verify.Brandings
	Now       func() time.Time

	mu    sync.RWMutex
	held  map[string]heldBrand
	drops int
}

type heldBrand struct {
	brand  *Brand
	readAt time.Time
}

// Brand gives a tenant's. CodeNotFound: there is no such tenant.
func (s *Shelf) Brand(ctx context.Context, tenant string) (*Brand, error) {
	now := s.Now()
	s.mu.RLock()
	held, found := s.held[tenant]
	drops := s.drops
	s.mu.RUnlock()
	if age := now.Sub(held.readAt); found && age >= 0 && age < shelfFresh {
		return held.brand, nil
	}
	t, err := s.Tenants.Tenant(ctx, tenant)
	if err != nil {
		return nil, err
	}
	set, err := s.Brandings.Branding(ctx, tenant)
	if err != nil {
		return nil, err
	}
	b, err := Read(t, set)
	if err != nil {
		return nil, err
	}
	s.keep(b, now, drops)
	return b, nil
}

func (s *Shelf) keep(b *Brand, now time.Time, drops int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.drops != drops {
		return
	}
	if s.held == nil || len(s.held) >= shelfHeld {
		s.held = map[string]heldBrand{}
	}
	s.held[b.Tenant] = heldBrand{brand: b, readAt: now}
}

// Forget has the tenant's brand read again; an empty tenant stands for all.
func (s *Shelf) Forget(tenant string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drops++
	if tenant == "" {
		s.held = nil
		return
	}
	delete(s.held, tenant)
}
