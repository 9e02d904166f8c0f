package connectwise

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// reference is a link to another record.
type reference struct {
	ID         int    `json:"id"`
	Identifier string `json:"identifier,omitempty"`
	Name       string `json:"name"`
}

// info is the metadata of a record.
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

// Default gives the contact's default item of a kind: "Phone" or "Email".
func (c contact) Default(kind string) communication {
	for _, item := range c.CommunicationItems {
		if item.CommunicationType == kind && item.DefaultFlag {
			return item
		}
	}
	return communication{}
}

// communication is a number or address of a contact. The name of its type is the MSP's own; numbers have any format.
type communication struct {
	ID                int       `json:"id"`
	Type              reference `json:"type"`
	Value             string    `json:"value"`
	Extension         string    `json:"extension,omitempty"`
	DefaultFlag       bool      `json:"defaultFlag"`
	CommunicationType string    `json:"communicationType"`
}

// Record types of tickets.
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
	Ago    time.Duration `json:"-"` // age of the ticket when the sandbox starts
}

// note has the fields of allNotes, which are more than those of notes.
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

// records are the data. Tickets and notes change; companies and contacts do not.
type records struct {
	companies []company
	contacts  []contact

	mu       sync.RWMutex
	tickets  []ticket
	notes    map[int][]note // by ticket, oldest first
	count    int            // of notes written so far
	watchers map[chan struct{}]struct{}
}

func newRecords(opened time.Time) *records {
	b := &records{companies: allCompanies(), contacts: allContacts(opened),
		notes: map[int][]note{}, count: 88000, watchers: map[chan struct{}]struct{}{}}
	for _, f := range data.Tickets {
		t := f.ticket(b.contacts)
		t.Info = info{DateEntered: stamp(opened.Add(-t.Ago)), LastUpdated: stamp(opened.Add(-t.Ago)), UpdatedBy: "AOrtiz"}
		b.tickets = append(b.tickets, t)
		for _, n := range f.Notes {
			b.addNote(t.ID, n.note(b.contacts, opened))
		}
	}
	return b
}

func stamp(at time.Time) string { return at.UTC().Format(time.RFC3339) }

func (b *records) company(id int) (company, bool) {
	i := slices.IndexFunc(b.companies, func(c company) bool { return c.ID == id })
	if i < 0 {
		return company{}, false
	}
	return b.companies[i], true
}

func (b *records) contact(id int) (contact, bool) {
	i := slices.IndexFunc(b.contacts, func(c contact) bool { return c.ID == id })
	if i < 0 {
		return contact{}, false
	}
	return b.contacts[i], true
}

func (b *records) ticket(id int) (ticket, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	i := slices.IndexFunc(b.tickets, func(t ticket) bool { return t.ID == id })
	if i < 0 {
		return ticket{}, false
	}
	return b.tickets[i], true
}

// visibleTickets gives the tickets that pass the filter, newest first.
func (b *records) visible(may func(ticket) bool) []ticket {
	b.mu.RLock()
	defer b.mu.RUnlock()
	var visible []ticket
	for _, t := range b.tickets {
		if may(t) {
			visible = append(visible, t)
		}
	}
	return visible
}

// setStatus sets a ticket's status.
func (b *records) setStatus(id int, status reference, by string, at time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.tickets {
		if t := &b.tickets[i]; t.ID == id {
			t.Status, t.ClosedFlag = status, status == named(data.Statuses, ">Closed")
			t.Info.LastUpdated, t.Info.UpdatedBy = stamp(at), by
		}
	}
	b.notify()
}

// addNote adds a note to a ticket and notifies the open screens.
func (b *records) addNote(ticket int, n note) note {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.count++
	n.ID, n.NoteType, n.DateCreated = b.count, "TicketNote", stamp(n.At)
	b.notes[ticket] = append(b.notes[ticket], n)
	b.notify()
	return n
}

func (b *records) notesOf(ticket int) []note {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return slices.Clone(b.notes[ticket])
}

func (b *records) notify() {
	for watcher := range b.watchers {
		select {
		case watcher <- struct{}{}:
		default:
		}
	}
}

// watch gives a channel that receives when a ticket changes, and a function that ends it.
func (b *records) watch() (changes <-chan struct{}, stop func()) {
	c := make(chan struct{}, 1)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.watchers[c] = struct{}{}
	return c, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.watchers, c)
	}
}
