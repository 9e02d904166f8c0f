package client

import (
	"context"
	"net/http"

	"github.com/shieldpod/shieldpod/sdk/api"
)

// PushContacts stores contacts of a client of the ticket system, each in place of the one of its id: all of them or none.
// Package directory does the rest of a synchronisation.
func (c *Client) PushContacts(ctx context.Context, system, client string, push api.DirectoryPush) (api.DirectoryPushResult, error) {
	answer, err := c.api.PushDirectoryWithResponse(ctx, system, client, push)
	if err != nil {
		return api.DirectoryPushResult{}, err
	}
	return value(answer.JSON200, answer.HTTPResponse, answer.ApplicationproblemJSONDefault)
}

// FinishSync removes the client's contacts that were not pushed under the sync's token.
func (c *Client) FinishSync(ctx context.Context, system, client, token string) (api.DirectorySyncResult, error) {
	answer, err := c.api.FinishDirectorySyncWithResponse(ctx, system, client, token)
	if err != nil {
		return api.DirectorySyncResult{}, err
	}
	return value(answer.JSON200, answer.HTTPResponse, answer.ApplicationproblemJSONDefault)
}

// RemoveContact removes a contact. One that is not there is removed already.
func (c *Client) RemoveContact(ctx context.Context, system, client, contact string) error {
	answer, err := c.api.RemoveFromDirectoryWithResponse(ctx, system, client, contact)
	if err == nil && answer.StatusCode() != http.StatusNoContent {
		err = refusal(answer.HTTPResponse, answer.ApplicationproblemJSONDefault)
	}
	return err
}
