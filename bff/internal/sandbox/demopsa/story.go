package demopsa

import (
	"embed"
	"fmt"
	"time"

	"github.com/shieldpod/shieldpod/sdk/launchcontext"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// The stories. Names and numbers are invented: the numbers of the United States are in exchange 555, those of Germany and
// France are reserved for films and books, and the domains are in .example, except contoso.com, which Microsoft reserves
// for examples.
//
//go:embed data/*.json
var stories embed.FS

// story is the content of a data file: a company, its technician, and the tickets, newest first. Times are ages at the
// start of the demo.
type story struct {
	Technician member                  `json:"technician"`
	Clients    []client                `json:"clients"`
	Contacts   []launchcontext.Contact `json:"contacts"`
	Changed    map[string]age          `json:"changed,omitempty"` // channels that changed, by id
	Tickets    []storyTicket           `json:"tickets"`
}

// storyTicket names its client and contacts by their ids. The first contact is the ticket's own.
type storyTicket struct {
	ticket
	Client   string   `json:"client"`
	Contacts []string `json:"contacts"`
}

// age is a duration as Go writes it: "4m".
type age time.Duration

// UnmarshalText implements [encoding.TextUnmarshaler].
func (a *age) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	*a = age(d)
	return err
}

// readStory reads a data file. It panics on a mistake in it: the files are embedded, and every test reads them.
func readStory(name string) MSP {
	content, err := stories.ReadFile("data/" + name + ".json")
	if err != nil {
		panic(err)
	}
	var s story
	if err := strictjson.Unmarshal(content, &s); err != nil {
		panic(fmt.Sprintf("%s.json: %v", name, err))
	}
	msp := MSP{technician: s.Technician, changed: s.Changed}
	clients, contacts := map[string]client{}, map[string]launchcontext.Contact{}
	for _, c := range s.Clients {
		clients[c.ID] = c
	}
	for _, c := range s.Contacts {
		contacts[c.ID] = c
	}
	for _, t := range s.Tickets {
		whole := t.ticket
		whole.Client = named(clients, t.Client)
		for _, id := range t.Contacts {
			whole.Contacts = append(whole.Contacts, named(contacts, id))
		}
		msp.tickets = append(msp.tickets, whole)
	}
	return msp
}

// named gives what a ticket refers to. It panics if the file has none of this id.
func named[T any](all map[string]T, id string) T {
	it, known := all[id]
	if !known {
		panic("the demo's data has no " + id)
	}
	return it
}
