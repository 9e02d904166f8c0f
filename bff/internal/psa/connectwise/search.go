package connectwise

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
	launchcontext "github.com/shieldpod/shieldpod/sdk/context"
)

// found is how much of each record a search gives: who finds more, says more.
const foundMost = 25

// Found is a ticket as a list shows it.
type Found struct {
	Ticket  launchcontext.Ticket
	Client  launchcontext.Client
	Contact launchcontext.Default
	Closed  bool
}

// Search finds tickets by their number, or by words of their summary, client or contact: the newest first, service tickets
// before project ones. Text with nothing to look for finds nothing.
func (c *Client) Search(ctx context.Context, t verify.Tenant, text string) ([]Found, error) {
	l, err := c.keyed(ctx, t)
	if err != nil {
		return nil, err
	}
	conditions := ticketsLike(text)
	if conditions == "" {
		return nil, nil
	}
	var all []Found
	for _, path := range order("") {
		var page []ticket
		_, err := c.call(ctx, l, request{
			method: http.MethodPost, path: path + "search", as: l.asKeys(), query: url.Values{"pageSize": {strconv.Itoa(foundMost)}},
			body: map[string]string{"conditions": conditions, "orderBy": "id desc"},
		}, &page)
		if err != nil {
			return nil, byKeys(err)
		}
		for _, one := range page {
			all = append(all, Found{
				Ticket:  launchcontext.Ticket{ID: one.id(), Number: one.id(), Summary: one.Summary, URL: l.screenOf(one.id())},
				Client:  launchcontext.Client{ID: one.Company.id(), Name: one.Company.Name},
				Contact: launchcontext.Default{ID: one.Contact.id(), Name: one.Contact.Name}, Closed: one.Closed,
			})
		}
	}
	return all, nil
}

// Companies finds clients by a part of their name.
func (c *Client) Companies(ctx context.Context, t verify.Tenant, text string) ([]launchcontext.Client, error) {
	l, err := c.keyed(ctx, t)
	if err != nil {
		return nil, err
	}
	pattern := like(text)
	if pattern == "" {
		return nil, nil
	}
	var page []reference
	_, err = c.call(ctx, l, request{method: http.MethodGet, path: "/company/companies", as: l.asKeys(), query: url.Values{
		"conditions": {"name like " + pattern}, "orderBy": {"name"}, "pageSize": {strconv.Itoa(foundMost)},
	}}, &page)
	if err != nil {
		return nil, byKeys(err)
	}
	clients := make([]launchcontext.Client, len(page))
	for i, one := range page {
		clients[i] = launchcontext.Client{ID: one.id(), Name: one.Name}
	}
	return clients, nil
}

// ticketsLike gives the conditions for what somebody typed; empty if there is nothing to look for.
func ticketsLike(text string) string {
	if number := strings.TrimPrefix(strings.TrimSpace(text), "#"); idShape.MatchString(number) {
		return "id=" + number
	}
	pattern := like(text)
	if pattern == "" {
		return ""
	}
	return "summary like " + pattern + " or company/name like " + pattern + " or contact/name like " + pattern
}

// likeMost is in characters.
const likeMost = 60

// like gives a quoted pattern for like. ConnectWise tells of no way to escape anything, so only letters, digits and a few
// marks come through; all else stands for any text, as if nobody had typed it.
func like(text string) string {
	var b strings.Builder
	gap, n := true, 0
	for _, r := range text {
		if n == likeMost {
			break
		}
		n++
		if unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) || strings.ContainsRune("-.@", r) {
			gap = false
			b.WriteRune(r)
		} else if !gap {
			gap = true
			b.WriteByte('%')
		}
	}
	inner := strings.Trim(b.String(), "%")
	if inner == "" {
		return ""
	}
	return `"%` + inner + `%"`
}
