package connectwise

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	launchcontext "github.com/shieldpod/shieldpod/sdk/context"
)

// Service and project tickets are two records of one sequence of ids.
const (
	serviceTickets = "/service/tickets/"
	projectTickets = "/project/tickets/"
)

var idShape = regexp.MustCompile(`^[1-9][0-9]{0,9}$`)

// reference is how records name each other.
type reference struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

func (r reference) id() string {
	if r.ID <= 0 {
		return ""
	}
	return strconv.FormatInt(r.ID, 10)
}

// ticket is what is read of one. What was typed on it about the caller (contactPhoneNumber, contactEmailAddress) is
// anybody's word, and not read at all: it is no destination.
type ticket struct {
	reference
	Summary string    `json:"summary"`
	Company reference `json:"company"`
	Contact reference `json:"contact"`
	Closed  bool      `json:"closedFlag"`
}

// Case reads a ticket as the member whose live session it is, and the people of its client: by the tenant's keys
// if there are any, and else as that member too. It proves nothing about who the member is: believe it together with Prove.
// CodeTicket: there is no such ticket, or that member may not see it. CodeMember: the session is nobody's.
func (c *Client) Case(ctx context.Context, t verify.Tenant, m psa.Member, id, screen string) (launchcontext.Context, error) {
	l, err := c.hosting(ctx, t)
	if err != nil {
		return launchcontext.Context{}, err
	}
	if err := fit(m); err != nil {
		return launchcontext.Context{}, err
	}
	as := l.asMember(m)
	found, err := c.ticket(ctx, l, as, id, order(screen))
	switch status := refusedWith(err); {
	case status == http.StatusUnauthorized:
		return launchcontext.Context{}, notThem(err)
	case status != 0:
		return launchcontext.Context{}, setup(err)
	case err != nil:
		return launchcontext.Context{}, err
	}
	who := directory{link: l, as: as, of: c.markMember(l, m)}
	if l.keys != (Keys{}) {
		who = directory{link: l, as: l.asKeys(), of: l.id}
	}
	return c.caseOf(ctx, who, found)
}

// Ticket is [psa.Adapter]'s: it reads by the tenant's keys.
func (c *Client) Ticket(ctx context.Context, t verify.Tenant, id string) (launchcontext.Context, error) {
	l, err := c.keyed(ctx, t)
	if err != nil {
		return launchcontext.Context{}, err
	}
	found, err := c.ticket(ctx, l, l.asKeys(), id, order(""))
	if err != nil {
		return launchcontext.Context{}, byKeys(err)
	}
	return c.caseOf(ctx, directory{link: l, as: l.asKeys(), of: l.id}, found)
}

// order is where to look for a ticket first: the screen that it is on tells which record it is of.
func order(screen string) []string {
	if strings.Contains(strings.ToLower(screen), "project") {
		return []string{projectTickets, serviceTickets}
	}
	return []string{serviceTickets, projectTickets}
}

func (c *Client) ticket(ctx context.Context, l *link, as identity, id string, paths []string) (ticket, error) {
	if !idShape.MatchString(id) {
		return ticket{}, noTicket(errors.New("connectwise: a ticket's id is a number"))
	}
	var missing error
	for _, path := range paths {
		var found ticket
		_, err := c.call(ctx, l, request{method: http.MethodGet, path: path + id, as: as}, &found)
		switch status := refusedWith(err); {
		case status == http.StatusNotFound || status == http.StatusForbidden: // maybe it is of the other record
			missing = err
			continue
		case err != nil:
			return ticket{}, err
		case found.id() != id:
			return ticket{}, down(errors.New("connectwise: the answer is another ticket"))
		}
		return found, nil
	}
	return ticket{}, noTicket(missing)
}

// caseOf tells a ticket with the people of its client. A contact who is not theirs (any more) is named, and is not among them.
func (c *Client) caseOf(ctx context.Context, d directory, t ticket) (launchcontext.Context, error) {
	if t.Company.id() == "" {
		return launchcontext.Context{}, &verify.Error{
			Code: verify.CodeTicket, Err: errors.New("connectwise: the ticket has no company"),
			Public: "This ticket has no company. Choose one in ConnectWise, and reopen the ticket.",
		}
	}
	people, _, err := c.contacts(ctx, d, t.Company.id())
	if err != nil {
		return launchcontext.Context{}, err
	}
	if people, err = c.withContact(ctx, d, people, t.Company.id(), t.Contact.id()); err != nil {
		return launchcontext.Context{}, err
	}
	return launchcontext.Context{
		PSA:      psa.ConnectWise,
		Ticket:   launchcontext.Ticket{ID: t.id(), Number: t.id(), Summary: t.Summary, URL: d.link.screenOf(t.id())},
		Client:   launchcontext.Client{ID: t.Company.id(), Name: t.Company.Name},
		Contact:  launchcontext.Default{ID: t.Contact.id(), Name: t.Contact.Name},
		Contacts: people,
	}, nil
}

// screenOf is where the ticket is looked at.
func (s Settings) screenOf(id string) string {
	at, err := s.site()
	if err != nil {
		return ""
	}
	at.Path = "/v4_6_release/services/system_io/router/openrecord.rails"
	at.RawQuery = url.Values{"locale": {"en_US"}, "companyName": {s.Company}, "recordType": {"ServiceFv"}, "recid": {id}}.Encode()
	return at.String()
}

func noTicket(err error) error {
	return &verify.Error{
		Code: verify.CodeTicket, Err: err,
		Public: "ConnectWise has no such ticket, or you may not see it. Reopen the ticket.",
	}
}
