package launch

// For the tests that look inside.
var DeskOf = deskOf

// RecallSize bounds what Remembered counts.
const RecallSize = recallSize

// Remembered counts the sessions in memory.
func (s *Service) Remembered() int {
	s.recent.mu.Lock()
	defer s.recent.mu.Unlock()
	return len(s.recent.young) + len(s.recent.old)
}
