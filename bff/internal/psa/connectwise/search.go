package connectwise

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// maxFound limits the records of a search, per type. A longer search term finds the others.
const maxFound = 25

// Search implements [psa.Searcher]. Service tickets come before project ones.
func (c *Client) Search(ctx context.Context, t verify.Tenant, text string) ([]psa.Found, error) {
	conn, err := c.connectWithKeys(ctx, t)
	if err != nil {
		return nil, err
	}
	conditions := ticketsLike(text)
	if conditions == "" {
		return nil, nil
	}
	var all []psa.Found
	for _, path := range ticketPaths("") {
		var page []ticket
		_, err := c.call(ctx, conn, request{
			method: http.MethodPost, path: path + "search", as: conn.asKeys(), query: url.Values{"pageSize": {strconv.Itoa(maxFound)}},
			body: map[string]string{"conditions": conditions, "orderBy": "id desc"},
		}, &page)
		if err != nil {
			return nil, keysRefusal(err)
		}
		for _, one := range page {
			all = append(all, psa.Found{
				Ticket:  launchcontext.Ticket{ID: one.id(), Number: one.id(), Summary: one.Summary, URL: conn.screenOf(one.id())},
				Client:  launchcontext.Client{ID: one.Company.id(), Name: one.Company.Name},
				Contact: launchcontext.Default{ID: one.Contact.id(), Name: one.Contact.Name}, Closed: one.Closed,
			})
		}
	}
	return all, nil
}

// Clients implements [psa.Searcher].
func (c *Client) Clients(ctx context.Context, t verify.Tenant, text string) ([]launchcontext.Client, error) {
	conn, err := c.connectWithKeys(ctx, t)
	if err != nil {
		return nil, err
	}
	pattern := like(text)
	if pattern == "" {
		return nil, nil
	}
	var page []reference
	_, err = c.call(ctx, conn, request{method: http.MethodGet, path: "/company/companies", as: conn.asKeys(), query: url.Values{
		"conditions": {"name like " + pattern}, "orderBy": {"name"}, "pageSize": {strconv.Itoa(maxFound)},
	}}, &page)
	if err != nil {
		return nil, keysRefusal(err)
	}
	clients := make([]launchcontext.Client, len(page))
	for i, one := range page {
		clients[i] = launchcontext.Client{ID: one.id(), Name: one.Name}
	}
	return clients, nil
}

// ticketsLike gives the conditions for a search term; empty if the term has no letters or digits.
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

// maxPattern is in characters.
const maxPattern = 60

// like gives a quoted pattern for the operator like. ConnectWise documents no escaping, so only letters, digits and a
// few other characters are kept. Any other character becomes a wildcard.
func like(text string) string {
	var b strings.Builder
	gap, n := true, 0
	for _, r := range text {
		if n == maxPattern {
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
