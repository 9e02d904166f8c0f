package launch

import (
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// NewTicketContext is newTicketContext, for tests.
func NewTicketContext(s *Service, t verify.Tenant, who verify.Technician, x launchcontext.Context, onFile bool) (verify.TicketContext, error) {
	return s.newTicketContext(t, who, x, onFile)
}

// MaxCachedSessions bounds the result of CachedSessions.
const MaxCachedSessions = maxCachedSessions

// CachedSessions counts the cached sessions.
func (s *Service) CachedSessions() int { return s.sessionCache.Len() }
