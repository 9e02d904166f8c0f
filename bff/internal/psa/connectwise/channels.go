package connectwise

import (
	"slices"
	"strconv"
	"strings"

	"github.com/shieldpod/shieldpod/bff/internal/text"
	launchcontext "github.com/shieldpod/shieldpod/sdk/context"
)

// item is one way to reach a contact.
type item struct {
	ID          int64     `json:"id"`
	Type        reference `json:"type"` // in the tenant's own words
	Value       string    `json:"value"`
	Extension   string    `json:"extension"`
	DefaultFlag bool      `json:"defaultFlag"`
	Kind        string    `json:"communicationType"` // Phone, Email or Fax
}

// person tells a contact with the ways to reach them, the default ones first.
func (s Settings) person(c contact) launchcontext.Contact {
	person := launchcontext.Contact{
		ID: strconv.FormatInt(c.ID, 10), Name: strings.TrimSpace(c.FirstName + " " + c.LastName), Title: c.Title,
	}
	items := slices.Clone(c.Items)
	slices.SortStableFunc(items, func(a, b item) int { return rank(a) - rank(b) })
	taken := map[int64]bool{}
	for _, it := range items {
		channel, reachable := s.channel(it)
		if reachable && !taken[it.ID] {
			taken[it.ID] = true
			person.Channels = append(person.Channels, channel)
		}
	}
	return person
}

func rank(i item) int {
	if i.DefaultFlag {
		return 0
	}
	return 1
}

// channel tells an item as a channel; false if no message reaches anybody there.
func (s Settings) channel(it item) (launchcontext.Channel, bool) {
	known := s.typeOf(it.Type.Name)
	ch := launchcontext.Channel{ID: strconv.FormatInt(it.ID, 10), Value: text.Value(it.Value), Label: it.Type.Name}
	if it.ID <= 0 || ch.Value == "" || known == TypeIgnore {
		return ch, false
	}
	switch it.Kind {
	case "Email":
		ch.Kind = launchcontext.KindEmail
	case "Phone":
		ch.Kind = launchcontext.KindPhone
		ch.Mobile = mobile(known, it.Extension)
	default:
		return ch, false
	}
	return ch, true
}

// mobile tells whether a number gets texts; nil: nobody knows. One with an extension is a switchboard's.
func mobile(t Type, extension string) *bool {
	switch {
	case text.Value(extension) != "" || t == TypeLandline:
		return new(false)
	case t == TypeMobile:
		return new(true)
	}
	return nil
}
