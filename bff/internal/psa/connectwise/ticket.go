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
	"github.com/shieldpod/shieldpod/bff/internal/psa/rest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// Service and project tickets are two record types with one sequence of ids.
const (
	serviceTickets = "/service/tickets/"
	projectTickets = "/project/tickets/"
)

var idShape = regexp.MustCompile(`^[1-9][0-9]{0,9}$`)

// reference is a link to another record.
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

// ticket holds the fields of a ticket that are used. The caller's details that were typed on it (contactPhoneNumber,
// contactEmailAddress) are unverified, so they are not read: they are no destination.
type ticket struct {
	reference
	Summary string    `json:"summary"`
	Company reference `json:"company"`
	Contact reference `json:"contact"`
	Closed  bool      `json:"closedFlag"`
}

// TicketAsMember reads a ticket as the member of the live session, and the people of its client: with the tenant's keys
// if there are any, otherwise as that member too. It does not verify the member: use it together with VerifyMember.
// CodeTicket: there is no such ticket, or that member may not see it. CodeMember: there is no such session.
func (c *Client) TicketAsMember(ctx context.Context, t verify.Tenant, m psa.Member, id, screen string) (launchcontext.Context, error) {
	conn, err := c.connectHosted(ctx, t)
	if err != nil {
		return launchcontext.Context{}, err
	}
	if err := checkMember(m); err != nil {
		return launchcontext.Context{}, err
	}
	as := conn.asMember(m)
	found, err := c.ticket(ctx, conn, as, id, ticketPaths(screen))
	switch status := rest.Status(err); {
	case status == http.StatusUnauthorized:
		return launchcontext.Context{}, Product.MemberRefused(err)
	case status != 0:
		return launchcontext.Context{}, Product.Misconfigured(err)
	case err != nil:
		return launchcontext.Context{}, err
	}
	view := contactView{conn: conn, as: as, owner: c.memberKey(conn, m)}
	if conn.keys != (Keys{}) {
		view = contactView{conn: conn, as: conn.asKeys(), owner: conn.id}
	}
	return c.contextOf(ctx, view, found)
}

// Ticket implements [psa.Adapter]. It reads with the tenant's keys.
func (c *Client) Ticket(ctx context.Context, t verify.Tenant, id string) (launchcontext.Context, error) {
	conn, err := c.connectWithKeys(ctx, t)
	if err != nil {
		return launchcontext.Context{}, err
	}
	found, err := c.ticket(ctx, conn, conn.asKeys(), id, ticketPaths(""))
	if err != nil {
		return launchcontext.Context{}, keysRefusal(err)
	}
	return c.contextOf(ctx, contactView{conn: conn, as: conn.asKeys(), owner: conn.id}, found)
}

// ticketPaths gives the order in which the record types are tried: the screen suggests the type.
func ticketPaths(screen string) []string {
	if strings.Contains(strings.ToLower(screen), "project") {
		return []string{projectTickets, serviceTickets}
	}
	return []string{serviceTickets, projectTickets}
}

func (c *Client) ticket(ctx context.Context, conn *connection, as credentials, id string, paths []string) (ticket, error) {
	if !idShape.MatchString(id) {
		return ticket{}, Product.TicketRefused(errors.New("connectwise: a ticket's id is a number"))
	}
	var missing error
	for _, path := range paths {
		var found ticket
		_, err := c.call(ctx, conn, request{method: http.MethodGet, path: path + id, as: as}, &found)
		switch status := rest.Status(err); {
		case status == http.StatusNotFound || status == http.StatusForbidden: // it may be the other type of ticket
			missing = err
			continue
		case err != nil:
			return ticket{}, err
		case found.id() != id:
			return ticket{}, Product.Down(errors.New("connectwise: the answer is another ticket"))
		}
		return found, nil
	}
	return ticket{}, Product.TicketRefused(missing)
}

// contextOf gives a ticket with the people of its client. A contact who is not the client's is named, and is not in the
// list.
func (c *Client) contextOf(ctx context.Context, d contactView, t ticket) (launchcontext.Context, error) {
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
		PSA:      Product.Name,
		Ticket:   launchcontext.Ticket{ID: t.id(), Number: t.id(), Summary: t.Summary, URL: d.conn.screenOf(t.id())},
		Client:   launchcontext.Client{ID: t.Company.id(), Name: t.Company.Name},
		Contact:  launchcontext.Default{ID: t.Contact.id(), Name: t.Contact.Name},
		Contacts: people,
	}, nil
}

// screenOf is the address of the ticket's screen.
func (s Settings) screenOf(id string) string {
	at, err := s.site()
	if err != nil {
		return ""
	}
	at.Path = "/v4_6_release/services/system_io/router/openrecord.rails"
	at.RawQuery = url.Values{"locale": {"en_US"}, "companyName": {s.Company}, "recordType": {"ServiceFv"}, "recid": {id}}.Encode()
	return at.String()
}
