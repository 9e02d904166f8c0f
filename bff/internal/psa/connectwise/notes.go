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
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// written is a note as it is read back.
type written struct {
	Text string `json:"text"`
}

// WriteNote is [psa.Writer]'s: an internal note that tells nobody by e-mail. ConnectWise takes no idempotency key, so what
// may have been written before is looked for first.
func (c *Client) WriteNote(ctx context.Context, t verify.Tenant, n psa.Note) error {
	l, err := c.keyed(ctx, t)
	if err != nil {
		return err
	}
	if !idShape.MatchString(n.Ticket) {
		return noTicket(errors.New("connectwise: a ticket's id is a number"))
	}
	for _, path := range order("") {
		err = c.writeNote(ctx, l, path+n.Ticket, n)
		switch refusedWith(err) {
		case http.StatusNotFound:
			continue // maybe it is of the other record
		case http.StatusBadRequest, http.StatusConflict, http.StatusUnprocessableEntity:
			return &verify.Error{Code: verify.CodeInvalid, Public: "ConnectWise does not take this note.", Err: err}
		}
		return byKeys(err)
	}
	return noTicket(err)
}

func (c *Client) writeNote(ctx context.Context, l *link, path string, n psa.Note) error {
	if n.Again {
		if found, err := c.noted(ctx, l, path, n.Verification); found || err != nil {
			return err
		}
	}
	var done written
	_, err := c.call(ctx, l, request{method: http.MethodPost, path: path + "/notes", as: l.asKeys(), body: struct {
		Text          string `json:"text"`
		Internal      bool   `json:"internalAnalysisFlag"`
		Discussion    bool   `json:"detailDescriptionFlag"`
		Resolution    bool   `json:"resolutionFlag"`
		Notifications bool   `json:"processNotifications"`
	}{Text: n.Text, Internal: true}}, &done)
	return err
}

// noted tells whether a note of this verification stands on the ticket.
func (c *Client) noted(ctx context.Context, l *link, path, verification string) (found bool, err error) {
	err = pages(ctx, c, l, request{
		method: http.MethodGet, path: path + "/allNotes", as: l.asKeys(), query: url.Values{"pageSize": {strconv.Itoa(pageSize)}},
	}, func(page []written) bool {
		found = slices.ContainsFunc(page, func(w written) bool { return strings.Contains(w.Text, verification) })
		return !found
	})
	return found, err
}
