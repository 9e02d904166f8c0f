// Package directory keeps the people of your clients in Shieldpod as your own product has them.
//
// Start with [New] and [Client.Sync]: it goes through a client's contacts once, pushes them in portions, and then has
// those removed who were not among them. [Client.Push] stores a few, as when one of them is edited in your product.
// Launch contexts can then leave `contacts` out.
package directory

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"slices"

	"github.com/shieldpod/shieldpod/sdk/api"
	launchcontext "github.com/shieldpod/shieldpod/sdk/context"
)

// What one request takes.
const (
	portion     = 500
	portionSize = 900 << 10 // bytes
)

// Client pushes with one tenant's API key.
type Client struct{ api *api.ClientWithResponses }

// New makes a client of the server, such as https://pod.example, that sends the API key with each request.
func New(server, key string, options ...api.ClientOption) (*Client, error) {
	options = append(slices.Clone(options), api.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+key)
		return nil
	}))
	c, err := api.NewClientWithResponses(server, options...)
	if err != nil {
		return nil, err
	}
	return &Client{api: c}, nil
}

// Report is what became of a push or a sync.
type Report struct {
	Pushed      int
	Removed     int
	Unreachable []Unreachable
}

// Unreachable is a channel that is no address and no number, and so is not shown in pods.
type Unreachable struct{ Contact, Channel string } // ids

// Refusal is what the server answered instead.
type Refusal struct{ Problem api.Problem }

// Error gives the code, the field and the words.
func (r *Refusal) Error() string {
	text := "directory: " + r.Problem.Code
	if r.Problem.Field != "" {
		text += " (" + r.Problem.Field + ")"
	}
	return text + ": " + r.Problem.Detail
}

// Sync makes the directory's contacts of the client those of the list, all of them. A contact that is not in the list is
// removed once all are pushed. When the list ends with an error, or a push fails, none is removed, and the next sync removes them.
// Contacts that other clients push meanwhile stay.
func (c *Client) Sync(ctx context.Context, system, client string, list iter.Seq2[launchcontext.Contact, error]) (Report, error) {
	var report Report
	token := rand.Text()
	var next []api.DirectoryContact
	size := 0
	for contact, err := range list {
		if err != nil {
			return report, err
		}
		card := cardOf(contact)
		text, err := json.Marshal(card)
		if err != nil {
			return report, err
		}
		if len(next) == portion || size+len(text) > portionSize {
			if err := c.put(ctx, system, client, token, next, &report); err != nil {
				return report, err
			}
			next, size = nil, 0
		}
		next, size = append(next, card), size+len(text)
	}
	if err := c.put(ctx, system, client, token, next, &report); err != nil {
		return report, err
	}
	answer, err := c.api.FinishDirectorySyncWithResponse(ctx, system, client, token)
	if err != nil {
		return report, err
	}
	if answer.JSON200 == nil {
		return report, refusal(answer.HTTPResponse, answer.ApplicationproblemJSONDefault)
	}
	report.Removed = int(answer.JSON200.Removed)
	return report, nil
}

// Push stores up to 500 contacts of the client, each in place of the one of its id, all of them or none.
func (c *Client) Push(ctx context.Context, system, client string, contacts ...launchcontext.Contact) (report Report, err error) {
	cards := make([]api.DirectoryContact, len(contacts))
	for i, contact := range contacts {
		cards[i] = cardOf(contact)
	}
	err = c.put(ctx, system, client, "", cards, &report)
	return report, err
}

// Remove removes a contact. One that is not there is removed already.
func (c *Client) Remove(ctx context.Context, system, client, contact string) error {
	answer, err := c.api.RemoveFromDirectoryWithResponse(ctx, system, client, contact)
	if err == nil && answer.StatusCode() != http.StatusNoContent {
		err = refusal(answer.HTTPResponse, answer.ApplicationproblemJSONDefault)
	}
	return err
}

func (c *Client) put(ctx context.Context, system, client, sync string, cards []api.DirectoryContact, report *Report) error {
	answer, err := c.api.PushDirectoryWithResponse(ctx, system, client, api.DirectoryPush{Sync: sync, Contacts: append([]api.DirectoryContact{}, cards...)})
	if err != nil {
		return err
	}
	if answer.JSON200 == nil {
		return refusal(answer.HTTPResponse, answer.ApplicationproblemJSONDefault)
	}
	report.Pushed += answer.JSON200.Pushed
	for _, field := range answer.JSON200.Unreachable {
		var i, j int
		if _, err := fmt.Sscanf(field, "contacts[%d].channels[%d]", &i, &j); err == nil && i < len(cards) && j < len(cards[i].Channels) {
			report.Unreachable = append(report.Unreachable, Unreachable{Contact: cards[i].Id, Channel: cards[i].Channels[j].Id})
		}
	}
	return nil
}

func cardOf(c launchcontext.Contact) api.DirectoryContact {
	card := api.DirectoryContact{Id: c.ID, Name: c.Name, Title: c.Title, Language: c.Language}
	for _, ch := range c.Channels {
		card.Channels = append(card.Channels, api.DirectoryChannel{
			Id: ch.ID, Kind: api.DirectoryChannelKind(ch.Kind), Value: ch.Value, Label: ch.Label, Mobile: ch.Mobile, ChangedAt: ch.ChangedAt,
		})
	}
	return card
}

// refusal is the server's answer; one that is none of Shieldpod's comes from something in between.
func refusal(answer *http.Response, p *api.Problem) error {
	if p == nil {
		return fmt.Errorf("directory: the answer is %s, and none of Shieldpod's", answer.Status)
	}
	return &Refusal{Problem: *p}
}
