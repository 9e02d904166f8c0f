// Package directory stands in for a ticket system that can't be asked: its vendor pushes the people of each client here.
//
// Start with [Directory]. Contacts reads for a launch; Push, List, Remove and Finish are what the API lets a vendor's
// script do. Contacts are kept as they came, in the shape of launch contexts, and read for use at every launch, by
// the same reader as all others.
package directory

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	launchcontext "github.com/shieldpod/shieldpod/sdk/context"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// ClientMost is how many contacts a client can have.
const ClientMost = 10_000

// Cards keeps the contacts, sealed.
type Cards interface {
	// PutCards stores cards in place of those of the same ids, all of them or none, as a part of the sync if one is named.
	// CodeInvalid: the client would have more than the most. CodeKeyReused: the sync is finished.
	PutCards(ctx context.Context, of verify.Clientele, cards []verify.Card, sync string, most int) error
	// Cards gives the client's own card of the given id, if it has one, and up to n others in order of their ids, after
	// the given one.
	Cards(ctx context.Context, of verify.Clientele, own, after string, n int) ([]verify.Card, error)
	// RemoveCard removes one. One that is not there is removed already.
	RemoveCard(ctx context.Context, of verify.Clientele, id string) error
	// FinishSync removes the cards that nothing has pushed since the sync began, and tells how many.
	// CodeNotFound: nothing was pushed in such a sync.
	FinishSync(ctx context.Context, of verify.Clientele, sync string) (removed int64, err error)
}

// Directory is the contacts that vendors pushed.
type Directory struct{ Cards Cards }

// Contacts gives the named contact, if the client has it, and of the others as many as a desk takes, by name.
// CodeNotFound: nobody of this client was pushed.
func (d Directory) Contacts(ctx context.Context, t verify.Tenant, system, client, contact string) ([]launchcontext.Contact, error) {
	cards, err := d.Cards.Cards(ctx, verify.Clientele{Tenant: t.ID, System: system, Client: client}, contact, "", psa.DeskContacts)
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

// Push stores contacts in place of those of the same ids, all of them or none; with a sync's token, as a part of it.
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
	return d.Cards.PutCards(ctx, of, cards, sync, ClientMost)
}

// List gives up to n contacts in order of their ids, after the given one.
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

// Remove removes one. One that is not there is removed already.
func (d Directory) Remove(ctx context.Context, of verify.Clientele, id string) error {
	return d.Cards.RemoveCard(ctx, of, id)
}

// Finish removes the contacts that nothing has pushed since the sync began, whether in the sync or beside it, and tells
// how many. CodeNotFound: nothing was pushed in such a sync.
func (d Directory) Finish(ctx context.Context, of verify.Clientele, sync string) (removed int64, err error) {
	return d.Cards.FinishSync(ctx, of, sync)
}

func contactOf(c verify.Card) (contact launchcontext.Contact, err error) {
	if err = strictjson.Unmarshal(c.Body, &contact); err != nil {
		err = &verify.Error{Code: verify.CodeUnavailable, Public: "Shieldpod can't read its records right now.", Err: err}
	}
	return contact, err
}
