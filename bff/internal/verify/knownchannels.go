package verify

import (
	"context"
	"slices"
	"time"
)

// KnownChannel is a destination of a contact, and the time since which it is known.
type KnownChannel struct {
	Destination string    `json:"destination"`    // keyed hash
	Since       time.Time `json:"since,omitzero"` // zero: since the contact was seen first
}

// FlagChangedChannels flags the channels that the ticket system changed: those with a destination that none of the contact's
// channels had at the last launch, and those that the ticket system reports as changed. It also gives the destinations
// to store for the next launch, of the contacts whose destinations changed.
func (s *Service) FlagChangedChannels(ctx context.Context, d TicketContext) (TicketContext, map[string][]KnownChannel, error) {
	ids := make([]string, len(d.Contacts))
	for i, c := range d.Contacts {
		ids[i] = c.ID
	}
	known, err := s.KnownChannels.KnownChannels(ctx, d.Tenant, ids)
	if err != nil {
		return TicketContext{}, nil, err
	}
	now, fresh := s.now(), map[string][]KnownChannel{}
	d.Contacts = slices.Clone(d.Contacts)
	for i, c := range d.Contacts {
		before, seen := known[c.ID]
		after := make([]KnownChannel, 0, len(c.Channels))
		c.Channels = slices.Clone(c.Channels)
		for j, ch := range c.Channels {
			if ch.Unusable != "" {
				continue // it has no destination
			}
			sighting := knownOrNew(before, seen, s.Keys.destination(d.Tenant, ch), now)
			after = append(after, sighting)
			if sighting.Since.After(ch.ChangedAt) {
				c.Channels[j].ChangedAt = sighting.Since
			}
		}
		d.Contacts[i] = c
		if !seen || !slices.Equal(before, after) {
			fresh[c.ID] = after
		}
	}
	return d, fresh, nil
}

// knownOrNew finds a destination among those that were seen before, or takes it as new since now.
func knownOrNew(before []KnownChannel, seen bool, destination string, now time.Time) KnownChannel {
	for _, s := range before {
		if s.Destination == destination {
			return s
		}
	}
	if !seen {
		now = time.Time{}
	}
	return KnownChannel{Destination: destination, Since: now}
}
