package connectwise

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// reference is how records name each other.
type reference struct {
	ID         int    `json:"id"`
	Identifier string `json:"identifier,omitempty"`
	Name       string `json:"name"`
}

// info is what every record says of itself.
type info struct {
	LastUpdated string `json:"lastUpdated,omitempty"`
	UpdatedBy   string `json:"updatedBy,omitempty"`
	DateEntered string `json:"dateEntered,omitempty"`
}

type company struct {
	ID          int       `json:"id"`
	Identifier  string    `json:"identifier"`
	Name        string    `json:"name"`
	Status      reference `json:"status"`
	City        string    `json:"city"`
	PhoneNumber string    `json:"phoneNumber"`
	DeletedFlag bool      `json:"deletedFlag"`
}

func (c company) ref() reference {
	return reference{ID: c.ID, Identifier: c.Identifier, Name: c.Name}
}

type contact struct {
	ID                 int             `json:"id"`
	FirstName          string          `json:"firstName"`
	LastName           string          `json:"lastName,omitempty"`
	Title              string          `json:"title,omitempty"`
	Company            reference       `json:"company"`
	InactiveFlag       bool            `json:"inactiveFlag"`
	DefaultFlag        bool            `json:"defaultFlag"`
	CommunicationItems []communication `json:"communicationItems"`
	Info               info            `json:"_info"`
}

func (c contact) Name() string { return strings.TrimSpace(c.FirstName + " " + c.LastName) }

// Default is what the contact is reached by first: "Phone" or "Email".
func (c contact) Default(kind string) communication {
	for _, item := range c.CommunicationItems {
		if item.CommunicationType == kind && item.DefaultFlag {
			return item
		}
	}
	return communication{}
}

// communication is a number or address of a contact. Its type's name is the MSP's own wording;
// numbers are as somebody typed them.
type communication struct {
	ID                int       `json:"id"`
	Type              reference `json:"type"`
	Value             string    `json:"value"`
	Extension         string    `json:"extension,omitempty"`
	DefaultFlag       bool      `json:"defaultFlag"`
	CommunicationType string    `json:"communicationType"`
}

// Records of tickets.
const (
	serviceTicket = "ServiceTicket"
	projectTicket = "ProjectTicket"
)

type ticket struct {
	ID                  int        `json:"id"`
	Summary             string     `json:"summary"`
	RecordType          string     `json:"recordType"`
	Board               reference  `json:"board"`
	Status              reference  `json:"status"`
	Priority            reference  `json:"priority"`
	Company             reference  `json:"company"`
	Contact             *reference `json:"contact,omitempty"`
	ContactName         string     `json:"contactName,omitempty"`
	ContactPhoneNumber  string     `json:"contactPhoneNumber,omitempty"`
	ContactEmailAddress string     `json:"contactEmailAddress,omitempty"`
	Owner               *reference `json:"owner,omitempty"`
	ClosedFlag          bool       `json:"closedFlag"`
	Info                info       `json:"_info"`

	Source string        `json:"-"`
	Ago    time.Duration `json:"-"` // entered, before the system was started
}

// note is in allNotes' shape, which has more than that of notes.
type note struct {
	ID                    int        `json:"id"`
	NoteType              string     `json:"noteType"`
	Ticket                reference  `json:"ticket"`
	Text                  string     `json:"text"`
	DetailDescriptionFlag bool       `json:"detailDescriptionFlag"`
	InternalAnalysisFlag  bool       `json:"internalAnalysisFlag"`
	ResolutionFlag        bool       `json:"resolutionFlag"`
	Member                *reference `json:"member,omitempty"`
	Contact               *reference `json:"contact,omitempty"`
	CreatedBy             string     `json:"createdBy"`
	DateCreated           string     `json:"dateCreated"`

	At time.Time `json:"-"`
}

// books are the records. Tickets and notes change; companies and contacts stay.
type books struct {
	companies []company
	contacts  []contact

	mu      sync.RWMutex
	tickets []ticket
	notes   map[int][]note // by ticket, oldest first
	count   int            // of notes ever written
	readers map[chan struct{}]struct{}
}

func newBooks(opened time.Time) *books {
	b := &books{companies: allCompanies(), contacts: allContacts(opened), notes: map[int][]note{}, count: 88000, readers: map[chan struct{}]struct{}{}}
	for _, c := range allCases() {
		t := c.ticket
		t.Info = info{DateEntered: stamp(opened.Add(-t.Ago)), LastUpdated: stamp(opened.Add(-t.Ago)), UpdatedBy: "AOrtiz"}
		b.tickets = append(b.tickets, t)
		for _, n := range c.notes {
			b.write(t.ID, n.note(opened))
		}
	}
	return b
}

func stamp(at time.Time) string { return at.UTC().Format(time.RFC3339) }

func (b *books) company(id int) (company, bool) {
	i := slices.IndexFunc(b.companies, func(c company) bool { return c.ID == id })
	if i < 0 {
		return company{}, false
	}
	return b.companies[i], true
}

func (b *books) contact(id int) (contact, bool) {
	i := slices.IndexFunc(b.contacts, func(c contact) bool { return c.ID == id })
	if i < 0 {
		return contact{}, false
	}
	return b.contacts[i], true
}

func (b *books) ticket(id int) (ticket, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	i := slices.IndexFunc(b.tickets, func(t ticket) bool { return t.ID == id })
	if i < 0 {
		return ticket{}, false
	}
	return b.tickets[i], true
}

// seen are the tickets that may be seen, newest first.
func (b *books) seen(may func(ticket) bool) []ticket {
	b.mu.RLock()
	defer b.mu.RUnlock()
	var seen []ticket
	for _, t := range b.tickets {
		if may(t) {
			seen = append(seen, t)
		}
	}
	return seen
}

// save sets a ticket's status.
func (b *books) save(id int, status reference, by string, at time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.tickets {
		if t := &b.tickets[i]; t.ID == id {
			t.Status, t.ClosedFlag = status, status == closed
			t.Info.LastUpdated, t.Info.UpdatedBy = stamp(at), by
		}
	}
	b.ring()
}

// write puts a note on a ticket and rings at the open screens.
func (b *books) write(ticket int, n note) note {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.count++
	n.ID, n.NoteType, n.DateCreated = b.count, "TicketNote", stamp(n.At)
	b.notes[ticket] = append(b.notes[ticket], n)
	b.ring()
	return n
}

func (b *books) notesOn(ticket int) []note {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return slices.Clone(b.notes[ticket])
}

func (b *books) ring() {
	for bell := range b.readers {
		select {
		case bell <- struct{}{}:
		default:
		}
	}
}

// watch gives a bell that rings when a ticket changes, and what ends it.
func (b *books) watch() (bell <-chan struct{}, stop func()) {
	c := make(chan struct{}, 1)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.readers[c] = struct{}{}
	return c, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.readers, c)
	}
}
