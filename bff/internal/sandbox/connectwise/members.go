package connectwise

import (
	"crypto/rand"
	"encoding/hex"
	"slices"
	"strings"
	"sync"
)

// member is a user of the ticket system. The role determines the visible tickets.
type member struct {
	ID           int
	Identifier   string
	First, Last  string
	Email        string
	InactiveFlag bool
	Sees         role
	Says         string // description for the list of members
}

func (m member) Name() string   { return m.First + " " + m.Last }
func (m member) ref() reference { return reference{ID: m.ID, Identifier: m.Identifier, Name: m.Name()} }

// role determines which tickets a member may see.
type role int

const (
	everything role = iota
	noHR            // excluded from the board of confidential tickets, which do not exist for them
	noTickets       // no right to tickets at all
)

var (
	anaOrtiz = member{ID: 154, Identifier: "AOrtiz", First: "Ana", Last: "Ortiz", Email: "ana.ortiz@acme-it.example", Says: "technician"}
	leePark  = member{ID: 161, Identifier: "LPark", First: "Lee", Last: "Park", Email: "lee.park@acme-it.example", Sees: noHR, Says: "not on the HR board"}
	samNovak = member{ID: 170, Identifier: "SNovak", First: "Sam", Last: "Novak", Email: "sam.novak@acme-it.example", Sees: noTickets, Says: "sales, no right to tickets"}
	robin    = member{ID: 112, Identifier: "RFrost", First: "Robin", Last: "Frost", Email: "robin.frost@acme-it.example", InactiveFlag: true, Says: "inactive, session still open"}
	// integration owns the vendor's API keys.
	integration = member{ID: 190, Identifier: "Shieldpod", First: "Shieldpod", Last: "API"}

	members = []member{anaOrtiz, leePark, samNovak, robin}
)

func memberNamed(identifier string) (member, bool) {
	i := slices.IndexFunc(members, func(m member) bool { return strings.EqualFold(m.Identifier, identifier) })
	if i < 0 {
		return member{}, false
	}
	return members[i], true
}

// may reports whether the member may see this ticket.
func (m member) may(t ticket) bool {
	return m.Sees == everything || m.Sees == noHR && t.Board != hr
}

// browser is the memberContext of sessions of a browser.
const browser = "web"

// sessions are the members' live sessions, by hash.
type sessions struct {
	mu   sync.Mutex
	live map[string]member
}

func newSessions() *sessions { return &sessions{live: map[string]member{}} }

func (s *sessions) begin(m member) (hash string) {
	var raw [16]byte
	rand.Read(raw[:]) //nolint:errcheck // never fails
	hash = hex.EncodeToString(raw[:])
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live[hash] = m
	return hash
}

func (s *sessions) end(hash string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.live, hash)
}

// of gives the member of a session. The cookies' other values do not matter.
func (s *sessions) of(hash string) (member, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, live := s.live[hash]
	return m, live
}
