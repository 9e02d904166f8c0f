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

// Checked is the client by which an OpenID provider is asked.
var Checked = checked
