package launch

// NewTicketContext is newTicketContext, for tests.
var NewTicketContext = newTicketContext

// MaxCachedSessions bounds the result of CachedSessions.
const MaxCachedSessions = maxCachedSessions

// CachedSessions counts the cached sessions.
func (s *Service) CachedSessions() int { return s.sessionCache.Len() }
