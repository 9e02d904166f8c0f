// Package directory serves the contacts that a vendor pushes, for ticket systems without an adapter.
//
// Start with [Directory]. Contacts reads for a launch; Push, List, Remove and Finish serve the API for vendors'
// scripts. Contacts are stored unchanged, in the shape of launch contexts. Package launch reads and cleans them at
// every launch, as it does all others.
package directory

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// MaxContacts limits the contacts of a client.
const MaxContacts = 10_000

// Cards stores the contacts, sealed.
type Cards interface {
	// PutCards stores contacts, replacing those with the same ids: all of them or none, as a part of the sync if one is
	// named. CodeInvalid: the client would have more than the limit. CodeKeyReused: the sync is finished.
	PutCards(ctx context.Context, of verify.Clientele, cards []verify.Card, sync string, most int) error
	// Cards gives the client's contact with the id own, if there is one, and up to n others with ids after the given
	// one, in order of their ids.
	Cards(ctx context.Context, of verify.Clientele, own, after string, n int) ([]verify.Card, error)
	// RemoveCard removes one contact. A missing one is no error.
	RemoveCard(ctx context.Context, of verify.Clientele, id string) error
	// FinishSync removes the contacts that were not pushed since the sync began, and gives their number. CodeNotFound:
	// there is no such sync.
	FinishSync(ctx context.Context, of verify.Clientele, sync string) (removed int64, err error)
}

var _ psa.Directory = Directory{}

// Directory is the contacts that vendors pushed. It implements [psa.Directory].
type Directory struct{ Cards Cards }

// Contacts gives the named contact, if the client has it, and enough others to fill a ticket context, by name.
// CodeNotFound: no contact of this client was pushed.
func (d Directory) Contacts(ctx context.Context, t verify.Tenant, system, client, contact string) ([]launchcontext.Contact, error) {
	cards, err := d.Cards.Cards(ctx, verify.Clientele{Tenant: t.ID, System: system, Client: client}, contact, "", psa.MaxContacts)
	if err != nil {
		return nil, err
	}
	if len(cards) == 0 {
		return nil, &verify.Error{Code: verify.CodeNotFound, Public: "The directory has nobody of this client."}
	}
	contacts := make([]launchcontext.Contact, len(cards))
	for i, c := range cards {
		if contacts[i], err = contactOf(c); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(contacts, func(a, b launchcontext.Contact) int { return cmp.Compare(a.Name, b.Name) })
	return contacts, nil
}

// Push stores contacts, replacing those with the same ids: all of them or none; with a sync's token, as a part of it.
// CodeInvalid: the client would have too many. CodeKeyReused: the sync is finished.
func (d Directory) Push(ctx context.Context, of verify.Clientele, contacts []launchcontext.Contact, sync string) error {
	cards := make([]verify.Card, len(contacts))
	for i, c := range contacts {
		body, err := json.Marshal(c)
		if err != nil {
			return err
		}
		cards[i] = verify.Card{ID: c.ID, Body: body}
	}
	return d.Cards.PutCards(ctx, of, cards, sync, MaxContacts)
}

// List gives up to n contacts with ids after the given one, in order of their ids.
func (d Directory) List(ctx context.Context, of verify.Clientele, after string, n int) ([]psa.Entry, error) {
	cards, err := d.Cards.Cards(ctx, of, "", after, n)
	if err != nil {
		return nil, err
	}
	entries := make([]psa.Entry, len(cards))
	for i, c := range cards {
		contact, err := contactOf(c)
		if err != nil {
			return nil, err
		}
		entries[i] = psa.Entry{Contact: contact, At: c.At}
	}
	return entries, nil
}

// Remove removes one contact. A missing one is no error.
func (d Directory) Remove(ctx context.Context, of verify.Clientele, id string) error {
	return d.Cards.RemoveCard(ctx, of, id)
}

// Finish removes the contacts that were not pushed since the sync began, whether in the sync or outside it, and gives
// their number. CodeNotFound: there is no such sync.
func (d Directory) Finish(ctx context.Context, of verify.Clientele, sync string) (removed int64, err error) {
	return d.Cards.FinishSync(ctx, of, sync)
}

func contactOf(c verify.Card) (contact launchcontext.Contact, err error) {
	if err = strictjson.Unmarshal(c.Body, &contact); err != nil {
		err = &verify.Error{Code: verify.CodeUnavailable, Public: "Shieldpod can't read its records right now.", Err: err}
	}
	return contact, err
}
