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

var roles = map[string]role{"": everything, "all but hr": noHR, "no tickets": noTickets}

var (
	members = func() []member {
		all := make([]member, len(data.Members))
		for i, m := range data.Members {
			all[i] = member{
				ID: m.ID, Identifier: m.Identifier, First: m.First, Last: m.Last,
				Email: m.Email, InactiveFlag: m.Inactive, Sees: roles[m.Sees], Says: m.Says,
			}
		}
		return all
	}()
	anaOrtiz = mustMember("AOrtiz") // signed in where no other member is
	leePark  = mustMember("LPark")
	// integration owns the vendor's API keys.
	integration = member{ID: 190, Identifier: "Shieldpod", First: "Shieldpod", Last: "API"}
	// confidential is the board that the role noHR does not see.
	confidential = named(data.Boards, "HR, confidential")
)

func mustMember(identifier string) member {
	m, known := memberNamed(identifier)
	if !known {
		panic("records.json has no member " + identifier)
	}
	return m
}

func memberNamed(identifier string) (member, bool) {
	i := slices.IndexFunc(members, func(m member) bool { return strings.EqualFold(m.Identifier, identifier) })
	if i < 0 {
		return member{}, false
	}
	return members[i], true
}

// may reports whether the member may see this ticket.
func (m member) may(t ticket) bool {
	return m.Sees == everything || m.Sees == noHR && t.Board != confidential
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
