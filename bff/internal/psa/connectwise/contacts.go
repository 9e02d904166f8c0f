package connectwise

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/psa/rest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// A client's contacts come from the cache while they are fresh. Older ones are still used while they are read again in
// the background.
const (
	contactsFreshFor  = time.Minute
	contactsUsableFor = 5 * time.Minute
)

const pageSize = 500

// contactView is the contacts that one identity may read.
type contactView struct {
	conn  *connection
	as    credentials
	owner rest.Key // of the identity
}

// contact is a contact record of ConnectWise.
type contact struct {
	ID           int64               `json:"id"`
	FirstName    string              `json:"firstName"`
	LastName     string              `json:"lastName"`
	Title        string              `json:"title"`
	Company      reference           `json:"company"`
	InactiveFlag bool                `json:"inactiveFlag"`
	Items        []communicationItem `json:"communicationItems"`
}

// Contacts implements [psa.Adapter].
func (c *Client) Contacts(ctx context.Context, t verify.Tenant, client, contact string) ([]launchcontext.Contact, error) {
	conn, err := c.connectWithKeys(ctx, t)
	if err != nil {
		return nil, err
	}
	if !idShape.MatchString(client) {
		return nil, nil // no client has this id
	}
	d := contactView{conn: conn, as: conn.asKeys(), owner: conn.id}
	people, age, err := c.contacts(ctx, d, client)
	if err != nil {
		return nil, err
	}
	if age >= contactsFreshFor {
		people = without(people, contact) // the named contact is read again
	}
	return c.withContact(ctx, d, people, client, contact)
}

// contacts gives the contacts of a client, and their age.
func (c *Client) contacts(ctx context.Context, d contactView, client string) ([]launchcontext.Contact, time.Duration, error) {
	key := c.rest.Key("people", string(d.owner[:]), client)
	return c.contactLists.Get(ctx, key, func(ctx context.Context) ([]launchcontext.Contact, error) { return c.readContacts(ctx, d, client) })
}

func (c *Client) readContacts(ctx context.Context, d contactView, client string) ([]launchcontext.Contact, error) {
	var people []launchcontext.Contact
	list, err := c.listContacts(ctx, d, client, "")
	if err != nil {
		return nil, err
	}
	for _, one := range list {
		if !one.InactiveFlag {
			people = append(people, d.conn.contactOf(one))
		}
	}
	// Contacts with channels come first, in case there are too many.
	slices.SortStableFunc(people, func(a, b launchcontext.Contact) int {
		return cmp.Or(
			cmp.Compare(min(1, len(b.Channels)), min(1, len(a.Channels))),
			strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)),
		)
	})
	return people, nil
}

// listContacts reads the active contacts of a client, or the one with that id. Contacts without a company (the API
// member may not read it) are accepted because the condition names the client. If contacts of other companies are
// listed too, ConnectWise ignored the condition. CodePSAMisconfigured: in that case the contacts can't be assigned.
func (c *Client) listContacts(ctx context.Context, d contactView, client, id string) ([]contact, error) {
	conditions := "company/id=" + client + " and inactiveFlag=False"
	if id != "" {
		conditions = "id=" + id + " and " + conditions
	}
	var own []contact
	noCompany, otherCompany := false, false
	err := eachPage(ctx, c, d.conn, request{
		method: http.MethodGet, path: "/company/contacts", as: d.as,
		query: url.Values{"conditions": {conditions}, "pageSize": {strconv.Itoa(pageSize)}},
	}, func(page []contact) bool {
		for _, one := range page {
			switch one.Company.id() {
			case client:
				own = append(own, one)
			case "":
				noCompany = true
				own = append(own, one)
			default:
				otherCompany = true
			}
		}
		return true
	})
	switch {
	case err != nil:
		return nil, contactsRefusal(err)
	case noCompany && otherCompany:
		return nil, &verify.Error{
			Code: verify.CodePSAMisconfigured, Err: errNoCompany,
			Public: "ConnectWise lists contacts without their company. Ask your administrator to let Shieldpod's API member read it.",
		}
	}
	return own, nil
}

var errNoCompany = errors.New("connectwise: GET /company/contacts: contacts of other companies, and some without one: the condition was not heeded")

// withContact gives as many contacts as a ticket context takes, the named contact among them. A named contact that is
// not listed is read on its own, and left out if it is another client's or inactive.
func (c *Client) withContact(
	ctx context.Context, d contactView, people []launchcontext.Contact, client, id string,
) ([]launchcontext.Contact, error) {
	at := slices.IndexFunc(people, func(p launchcontext.Contact) bool { return p.ID == id })
	switch {
	case at >= 0 && at < psa.MaxContacts:
		return slices.Clip(people[:min(len(people), psa.MaxContacts)]), nil
	case at >= 0:
		return append(slices.Clone(people[:psa.MaxContacts-1]), people[at]), nil
	}
	limited := people[:min(len(people), psa.MaxContacts)]
	if !idShape.MatchString(id) {
		return slices.Clip(limited), nil
	}
	var one contact
	_, err := c.call(ctx, d.conn, request{method: http.MethodGet, path: "/company/contacts/" + id, as: d.as}, &one)
	switch {
	case rest.Status(err) == http.StatusNotFound:
		return slices.Clip(limited), nil
	case err != nil:
		return nil, contactsRefusal(err)
	}
	if one.Company.id() == "" && strconv.FormatInt(one.ID, 10) == id { // reliable if the condition is applied
		found, err := c.listContacts(ctx, d, client, id)
		if err != nil {
			return nil, err
		}
		one = contact{}
		if len(found) == 1 {
			one = found[0]
			one.Company.ID, _ = strconv.ParseInt(client, 10, 64)
		}
	}
	if strconv.FormatInt(one.ID, 10) != id || one.InactiveFlag || one.Company.id() != client {
		return slices.Clip(limited), nil
	}
	return append(slices.Clone(limited[:min(len(limited), psa.MaxContacts-1)]), d.conn.contactOf(one)), nil
}

func without(people []launchcontext.Contact, id string) []launchcontext.Contact {
	return slices.DeleteFunc(slices.Clone(people), func(p launchcontext.Contact) bool { return p.ID == id })
}

// contactsRefusal explains a refused request for contacts: the API member, or the members who open tickets, lack a
// right.
func contactsRefusal(err error) error {
	if rest.Status(err) == 0 {
		return err
	}
	return Product.ContactsRefused(err)
}
