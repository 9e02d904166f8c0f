package connectwise

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/psa/rest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// noteText is a note as the API returns it.
type noteText struct {
	Text string `json:"text"`
}

// WriteNote implements [psa.Writer]. It writes an internal note that sends no e-mail. ConnectWise has no idempotency
// keys, so a repeated call first looks for the note.
func (c *Client) WriteNote(ctx context.Context, t verify.Tenant, n psa.Note) error {
	conn, err := c.connectWithKeys(ctx, t)
	if err != nil {
		return err
	}
	if !idShape.MatchString(n.Ticket) {
		return Product.TicketRefused(errors.New("connectwise: a ticket's id is a number"))
	}
	for _, path := range ticketPaths("") {
		err = c.writeNote(ctx, conn, path+n.Ticket, n)
		switch rest.Status(err) {
		case http.StatusNotFound:
			continue // it may be the other type of ticket
		case http.StatusBadRequest, http.StatusConflict, http.StatusUnprocessableEntity:
			return Product.NoteRefused(err)
		}
		return keysRefusal(err)
	}
	return Product.TicketRefused(err)
}

func (c *Client) writeNote(ctx context.Context, conn *connection, path string, n psa.Note) error {
	if n.Repeated {
		if found, err := c.hasNote(ctx, conn, path, n.Verification); found || err != nil {
			return err
		}
	}
	var created noteText
	_, err := c.call(ctx, conn, request{method: http.MethodPost, path: path + "/notes", as: conn.asKeys(), body: struct {
		Text          string `json:"text"`
		Internal      bool   `json:"internalAnalysisFlag"`
		Discussion    bool   `json:"detailDescriptionFlag"`
		Resolution    bool   `json:"resolutionFlag"`
		Notifications bool   `json:"processNotifications"`
	}{Text: n.Text, Internal: true}}, &created)
	return err
}

// hasNote reports whether the ticket has a note of this verification.
func (c *Client) hasNote(ctx context.Context, conn *connection, path, verification string) (found bool, err error) {
	err = eachPage(ctx, c, conn, request{
		method: http.MethodGet, path: path + "/allNotes", as: conn.asKeys(), query: url.Values{"pageSize": {strconv.Itoa(pageSize)}},
	}, func(page []noteText) bool {
		found = slices.ContainsFunc(page, func(w noteText) bool { return strings.Contains(w.Text, verification) })
		return !found
	})
	return found, err
}
