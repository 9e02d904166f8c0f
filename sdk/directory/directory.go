// Package directory keeps the people of your clients in Shieldpod as your own product has them.
//
// Start with [New] and [Client.Sync]: it goes through a client's contacts once, pushes them in portions, and then has
// those removed who were not among them. [Client.Push] stores a few, as when one of them is edited in your product.
// Launch contexts can then leave `contacts` out. A refusal of the server is a [client.Error].
package directory

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"iter"

	"github.com/shieldpod/shieldpod/sdk/api"
	"github.com/shieldpod/shieldpod/sdk/client"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// What one request takes.
const (
	portion     = 500
	portionSize = 900 << 10 // bytes
)

// Client pushes with one tenant's API key.
type Client struct{ server *client.Client }

// New makes a client of the server, such as https://pod.example, that sends the API key with each request.
func New(server, key string, options ...client.Option) (*Client, error) {
	c, err := client.New(server, key, options...)
	if err != nil {
		return nil, err
	}
	return &Client{server: c}, nil
}

// Report is what became of a push or a sync.
type Report struct {
	Pushed      int
	Removed     int
	Unreachable []Unreachable
}

// Unreachable is a channel that is no address and no number, and so is not shown in pods.
type Unreachable struct{ Contact, Channel string } // ids

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
	result, err := c.server.FinishSync(ctx, system, client, token)
	report.Removed = int(result.Removed)
	return report, err
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
	return c.server.RemoveContact(ctx, system, client, contact)
}

func (c *Client) put(ctx context.Context, system, client, sync string, cards []api.DirectoryContact, report *Report) error {
	result, err := c.server.PushContacts(ctx, system, client,
		api.DirectoryPush{Sync: sync, Contacts: append([]api.DirectoryContact{}, cards...)})
	if err != nil {
		return err
	}
	report.Pushed += result.Pushed
	for _, field := range result.Unreachable {
		var i, j int
		if _, err := fmt.Sscanf(field, "contacts[%d].channels[%d]", &i, &j); err == nil && i < len(cards) && j < len(cards[i].Channels) {
			report.Unreachable = append(report.Unreachable, Unreachable{Contact: cards[i].Id, Channel: cards[i].Channels[j].Id})
		}
	}
	return nil
}

func cardOf(c launchcontext.Contact) api.DirectoryContact {
	card := api.DirectoryContact{Id: c.ID, Name: c.Name, Title: c.Title, Language: c.Language, TimeZone: c.TimeZone}
	for _, ch := range c.Channels {
		card.Channels = append(card.Channels, api.DirectoryChannel{
			Id: ch.ID, Kind: api.DirectoryChannelKind(ch.Kind), Value: ch.Value, Label: ch.Label, Mobile: ch.Mobile, ChangedAt: ch.ChangedAt,
		})
	}
	return card
}
