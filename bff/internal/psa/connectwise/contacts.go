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
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	launchcontext "github.com/shieldpod/shieldpod/sdk/context"
)

// A client's people are taken from memory while that is fresh. Until it is stale it is still given, and read anew
// meanwhile: whoever opens the next ticket finds what is true now.
const (
	peopleFresh = time.Minute
	peopleStale = 5 * time.Minute
)

const (
	pageSize  = 500
	pagesMost = 10
)

// directory is a tenant's people as somebody may see them.
type directory struct {
	link *link
	as   identity
	of   mark // whose view it is
}

// contact is a person as ConnectWise has them.
type contact struct {
	ID           int64     `json:"id"`
	FirstName    string    `json:"firstName"`
	LastName     string    `json:"lastName"`
	Title        string    `json:"title"`
	Company      reference `json:"company"`
	InactiveFlag bool      `json:"inactiveFlag"`
	Items        []item    `json:"communicationItems"`
}

// Contacts is [psa.Adapter]'s.
func (c *Client) Contacts(ctx context.Context, t verify.Tenant, client, contact string) ([]launchcontext.Contact, error) {
	l, err := c.keyed(ctx, t)
	if err != nil {
		return nil, err
	}
	if !idShape.MatchString(client) {
		return nil, nil // nobody is there
	}
	d := directory{link: l, as: l.asKeys(), of: l.id}
	people, age, err := c.contacts(ctx, d, client)
	if err != nil {
		return nil, err
	}
	if age >= peopleFresh {
		people = without(people, contact) // who is asked for by name is told as they are now
	}
	return c.withContact(ctx, d, people, client, contact)
}

// contacts gives the people of a client, and how long ago they were read.
func (c *Client) contacts(ctx context.Context, d directory, client string) ([]launchcontext.Contact, time.Duration, error) {
	key := c.mark("people", string(d.of[:]), client)
	read := func(ctx context.Context) ([]launchcontext.Contact, error) {
		asked := c.cfg.Now()
		people, err := c.readContacts(ctx, d, client)
		if err == nil {
			c.people.learn(key, people, asked)
		}
		return people, err
	}
	people, age, known := c.people.recall(key, c.cfg.Now())
	switch {
	case known && age < peopleFresh:
		return people, age, nil
	case known && age < peopleStale:
		go func() { _, _ = once(context.WithoutCancel(ctx), &c.flights, key, read) }()
		return people, age, nil
	}
	people, err := once(ctx, &c.flights, key, read)
	return people, 0, err
}

func (c *Client) readContacts(ctx context.Context, d directory, client string) ([]launchcontext.Contact, error) {
	var people []launchcontext.Contact
	listed, err := c.listed(ctx, d, client, "")
	if err != nil {
		return nil, err
	}
	for _, one := range listed {
		if !one.InactiveFlag {
			people = append(people, d.link.person(one))
		}
	}
	// Who can be reached comes first, in case there are too many.
	slices.SortStableFunc(people, func(a, b launchcontext.Contact) int {
		return cmp.Or(
			cmp.Compare(min(1, len(b.Channels)), min(1, len(a.Channels))),
			strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)),
		)
	})
	return people, nil
}

// listed reads the active contacts of a client, or the one of that id. Who is listed without a company (the API member
// may not read it) is the client's because only the client's were asked for; unless others are listed too, which shows
// that the condition was not heeded. CodePSAMisconfigured: then nobody can tell whose they are.
func (c *Client) listed(ctx context.Context, d directory, client, id string) ([]contact, error) {
	conditions := "company/id=" + client + " and inactiveFlag=False"
	if id != "" {
		conditions = "id=" + id + " and " + conditions
	}
	var own []contact
	unnamed, foreign := false, false
	err := pages(ctx, c, d.link, request{
		method: http.MethodGet, path: "/company/contacts", as: d.as,
		query: url.Values{"conditions": {conditions}, "pageSize": {strconv.Itoa(pageSize)}},
	}, func(page []contact) bool {
		for _, one := range page {
			switch one.Company.id() {
			case client:
				own = append(own, one)
			case "":
				unnamed = true
				own = append(own, one)
			default:
				foreign = true
			}
		}
		return true
	})
	switch {
	case err != nil:
		return nil, readable(err)
	case unnamed && foreign:
		return nil, &verify.Error{
			Code: verify.CodePSAMisconfigured, Err: errNoCompany,
			Public: "ConnectWise lists contacts without their company. Ask your administrator to let Shieldpod's API member read it.",
		}
	}
	return own, nil
}

var errNoCompany = errors.New("connectwise: GET /company/contacts: contacts of other companies, and some without one: the condition was not heeded")

// withContact gives as many people as a desk takes, with the named contact among them: who is not among all of
// them is read alone, and left out if they are not the client's or inactive.
func (c *Client) withContact(ctx context.Context, d directory, people []launchcontext.Contact, client, id string) ([]launchcontext.Contact, error) {
	at := slices.IndexFunc(people, func(p launchcontext.Contact) bool { return p.ID == id })
	switch {
	case at >= 0 && at < psa.DeskContacts:
		return slices.Clip(people[:min(len(people), psa.DeskContacts)]), nil
	case at >= 0:
		return append(slices.Clone(people[:psa.DeskContacts-1]), people[at]), nil
	}
	cut := people[:min(len(people), psa.DeskContacts)]
	if !idShape.MatchString(id) {
		return slices.Clip(cut), nil
	}
	var one contact
	_, err := c.call(ctx, d.link, request{method: http.MethodGet, path: "/company/contacts/" + id, as: d.as}, &one)
	switch {
	case refusedWith(err) == http.StatusNotFound:
		return slices.Clip(cut), nil
	case err != nil:
		return nil, readable(err)
	}
	if one.Company.id() == "" && strconv.FormatInt(one.ID, 10) == id { // asked for with the condition, it can be believed
		found, err := c.listed(ctx, d, client, id)
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
		return slices.Clip(cut), nil
	}
	return append(slices.Clone(cut[:min(len(cut), psa.DeskContacts-1)]), d.link.person(one)), nil
}

func without(people []launchcontext.Contact, id string) []launchcontext.Contact {
	return slices.DeleteFunc(slices.Clone(people), func(p launchcontext.Contact) bool { return p.ID == id })
}

// readable says what it means that people may not be read: the API member, or the members who open tickets, lack a right.
func readable(err error) error {
	if refusedWith(err) == 0 {
		return err
	}
	return &verify.Error{
		Code: verify.CodePSAMisconfigured, Err: err,
		Public: "ConnectWise does not let Shieldpod read this client's contacts. Ask your administrator to run 'shieldpod doctor'.",
	}
}
