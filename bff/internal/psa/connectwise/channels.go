package connectwise

import (
	"slices"
	"strconv"
	"strings"

	"github.com/shieldpod/shieldpod/bff/internal/text"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// communicationItem is a phone number or address of a contact.
type communicationItem struct {
	ID          int64     `json:"id"`
	Type        reference `json:"type"` // with the tenant's own name
	Value       string    `json:"value"`
	Extension   string    `json:"extension"`
	DefaultFlag bool      `json:"defaultFlag"`
	Kind        string    `json:"communicationType"` // Phone, Email or Fax
}

// contactOf converts a contact with its channels, the default ones first.
func (s Settings) contactOf(c contact) launchcontext.Contact {
	out := launchcontext.Contact{
		ID: strconv.FormatInt(c.ID, 10), Name: strings.TrimSpace(c.FirstName + " " + c.LastName), Title: c.Title,
	}
	items := slices.Clone(c.Items)
	slices.SortStableFunc(items, func(a, b communicationItem) int { return defaultRank(a) - defaultRank(b) })
	seen := map[int64]bool{}
	for _, it := range items {
		channel, reachable := s.channel(it)
		if reachable && !seen[it.ID] {
			seen[it.ID] = true
			out.Channels = append(out.Channels, channel)
		}
	}
	return out
}

func defaultRank(i communicationItem) int {
	if i.DefaultFlag {
		return 0
	}
	return 1
}

// channel converts an item to a channel; false if it receives no messages.
func (s Settings) channel(it communicationItem) (launchcontext.Channel, bool) {
	itemType := s.typeOf(it.Type.Name)
	ch := launchcontext.Channel{ID: strconv.FormatInt(it.ID, 10), Value: text.Value(it.Value), Label: it.Type.Name}
	if it.ID <= 0 || ch.Value == "" || itemType == TypeIgnore {
		return ch, false
	}
	switch it.Kind {
	case "Email":
		ch.Kind = launchcontext.KindEmail
	case "Phone":
		ch.Kind = launchcontext.KindPhone
		ch.Mobile = mobile(itemType, it.Extension)
	default:
		return ch, false
	}
	return ch, true
}

// mobile reports whether a number receives texts; nil: unknown. A number with an extension belongs to a switchboard.
func mobile(t Type, extension string) *bool {
	switch {
	case text.Value(extension) != "" || t == TypeLandline:
		return new(false)
	case t == TypeMobile:
		return new(true)
	}
	return nil
}
