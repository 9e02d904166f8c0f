package connectwise

import (
	_ "embed" // for the records
	"fmt"
	"time"

	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

//go:embed data/records.json
var recordsJSON []byte

// data are the sandbox's records at its start.
var data = readData()

// dataFile is the content of data/records.json. Records refer to each other by ids and names; times are ages at the start.
type dataFile struct {
	Boards             []reference     `json:"boards"`
	Statuses           []reference     `json:"statuses"`
	Priorities         []reference     `json:"priorities"`
	CommunicationTypes []reference     `json:"communication_types"`
	Companies          []companyData   `json:"companies"`
	Members            []memberData    `json:"members"`
	Contacts           []contactData   `json:"contacts"`
	Tickets            []ticketFixture `json:"tickets"` // newest first
}

type companyData struct {
	ID         int    `json:"id"`
	Identifier string `json:"identifier"`
	Name       string `json:"name"`
	City       string `json:"city"`
	Phone      string `json:"phone"`
}

type memberData struct {
	ID         int    `json:"id"`
	Identifier string `json:"identifier"`
	First      string `json:"first"`
	Last       string `json:"last"`
	Email      string `json:"email"`
	Sees       string `json:"sees,omitempty"` // all, all but hr, or no tickets
	Inactive   bool   `json:"inactive,omitempty"`
	Says       string `json:"says"`
}

type contactData struct {
	ID       int        `json:"id"`
	First    string     `json:"first"`
	Last     string     `json:"last"`
	Title    string     `json:"title"`
	Company  string     `json:"company"` // identifier
	Inactive bool       `json:"inactive,omitempty"`
	Items    []itemData `json:"items"`
}

type itemData struct {
	Kind      string `json:"kind"` // Phone, Fax or Email
	Type      string `json:"type"` // name of a communication type
	Value     string `json:"value"`
	Extension string `json:"extension,omitempty"`
}

// ticketFixture is a ticket with its notes from before the start. It has a contact, or a caller who is no contact.
type ticketFixture struct {
	ID         int           `json:"id"`
	Contact    int           `json:"contact,omitempty"`
	Caller     callerData    `json:"caller,omitzero"`
	RecordType string        `json:"record_type,omitempty"` // empty: a service ticket
	Summary    string        `json:"summary"`
	Board      string        `json:"board"`
	Status     string        `json:"status"`
	Closed     bool          `json:"closed,omitempty"`
	Priority   string        `json:"priority"`
	Source     string        `json:"source"`
	Ago        age           `json:"ago"`
	Notes      []noteFixture `json:"notes,omitempty"`
}

// callerData holds a caller's own statements.
type callerData struct {
	Company string `json:"company"`
	Name    string `json:"name"`
	Number  string `json:"number"`
}

// noteFixture is a note by a contact or a member.
type noteFixture struct {
	Contact int    `json:"contact,omitempty"`
	Member  string `json:"member,omitempty"`
	Section string `json:"section"` // discussion or internal
	Ago     age    `json:"ago"`
	Text    string `json:"text"`
}

// age is a duration as Go writes it: "4m".
type age time.Duration

// UnmarshalText implements [encoding.TextUnmarshaler].
func (a *age) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	*a = age(d)
	return err
}

// readData panics on a mistake in the file: it is embedded, and every test reads it.
func readData() (d dataFile) {
	if err := strictjson.Unmarshal(recordsJSON, &d); err != nil {
		panic(fmt.Sprintf("records.json: %v", err))
	}
	return d
}

// named gives the reference of a name. It panics if there is none.
func named(all []reference, name string) reference {
	for _, r := range all {
		if r.Name == name {
			return r
		}
	}
	panic("records.json has no " + name)
}

func (f noteFixture) note(contacts []contact, opened time.Time) note {
	n := note{Text: f.Text, At: opened.Add(-time.Duration(f.Ago)),
		DetailDescriptionFlag: f.Section == "discussion", InternalAnalysisFlag: f.Section == "internal"}
	if f.Contact != 0 {
		c := contactOf(contacts, f.Contact)
		n.Contact, n.CreatedBy = &reference{ID: c.ID, Name: c.Name()}, c.Name()
		return n
	}
	m := mustMember(f.Member)
	n.Member, n.CreatedBy = new(m.ref()), m.Identifier
	return n
}

func (f ticketFixture) ticket(contacts []contact) ticket {
	t := ticket{
		ID: f.ID, Summary: f.Summary, RecordType: f.RecordType, Board: named(data.Boards, f.Board), Status: named(data.Statuses, f.Status),
		Priority: named(data.Priorities, f.Priority), Owner: new(anaOrtiz.ref()),
		ClosedFlag: f.Closed, Source: f.Source, Ago: time.Duration(f.Ago),
	}
	if t.RecordType == "" {
		t.RecordType = serviceTicket
	}
	if f.Contact == 0 {
		t.Company, t.ContactName, t.ContactPhoneNumber = companyOf(f.Caller.Company).ref(), f.Caller.Name, f.Caller.Number
		return t
	}
	c := contactOf(contacts, f.Contact)
	t.Company, t.Contact = c.Company, &reference{ID: c.ID, Name: c.Name()}
	t.ContactName, t.ContactPhoneNumber, t.ContactEmailAddress = c.Name(), c.Default("Phone").Value, c.Default("Email").Value
	return t
}

func contactOf(contacts []contact, id int) contact {
	for _, c := range contacts {
		if c.ID == id {
			return c
		}
	}
	panic(fmt.Sprintf("records.json has no contact %d", id))
}

func companyOf(identifier string) company {
	for _, c := range allCompanies() {
		if c.Identifier == identifier {
			return c
		}
	}
	panic("records.json has no company " + identifier)
}
