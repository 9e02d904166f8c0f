package demopsa

import "github.com/shieldpod/shieldpod/sdk/launchcontext"

// ticket is a ticket of the demo.
type ticket struct {
	ID       string                  `json:"id"`
	Subject  string                  `json:"subject"`
	Status   string                  `json:"status"`
	Priority string                  `json:"priority"`
	Board    string                  `json:"board"`
	Source   string                  `json:"source"`
	Ago      age                     `json:"ago"`
	Client   client                  `json:"-"`
	Contacts []launchcontext.Contact `json:"-"` // the first one is the ticket's own
	Thread   []entry                 `json:"thread"`
}

// Contact is the ticket's own contact.
func (t ticket) Contact() launchcontext.Contact { return t.Contacts[0] }

type client struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Site     string `json:"site"`
	Contract string `json:"contract"`
}

// entry is one message or note on a ticket.
type entry struct {
	Who  string `json:"who"`
	Kind string `json:"kind"` // customer, technician, note (internal) or system
	Ago  age    `json:"ago"`
	Text string `json:"text"`
}

// Names gives the reader of each address and mobile number of both companies. Landlines have none.
func Names() map[string]string {
	names := map[string]string{}
	for _, company := range []MSP{Acme, Nordlicht} {
		for _, t := range company.tickets {
			for _, who := range t.Contacts {
				for _, ch := range who.Channels {
					if ch.Mobile == nil || *ch.Mobile {
						names[ch.Value] = who.Name
					}
				}
			}
		}
	}
	return names
}
