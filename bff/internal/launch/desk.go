package launch

import (
	"fmt"
	"net/url"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
	launchcontext "github.com/shieldpod/shieldpod/sdk/context"
)

// Bounds of what a context says, in characters; the context's own size bounds the number of contacts.
const (
	maxID      = 128
	maxName    = 120
	maxLabel   = 60
	maxSummary = 250
	maxURL     = 2048
)

// deskOf is what a proven context vouches for.
func deskOf(tenant verify.Tenant, c launchcontext.Claims, now time.Time) (verify.Desk, error) {
	if c.Context.Contacts == nil {
		return verify.Desk{}, &verify.Error{
			Code: verify.CodeContextInvalid, Field: "ctx.contacts", Err: fmt.Errorf("no contacts, and no connection to read them by"),
			Public: "The ticket came without its contacts, and " + tenant.Name + " has no connection to the ticket system to read them from. Ask your administrator to connect it, or the ticket system's vendor to send them.",
		}
	}
	r := reader{region: tenant.Region, now: now}
	x := c.Context
	d := verify.Desk{
		Tenant: tenant.ID,
		Technician: verify.Technician{
			ID: r.id("sub", c.Subject), Name: clean(c.Actor.Name, maxName), Email: r.email("act.email", c.Actor.Email), Phone: r.phone("act.phone", c.Actor.Phone),
		},
		Ticket: verify.Ticket{
			PSA: r.name("ctx.psa", x.PSA, maxLabel), ID: r.id("ctx.ticket.id", x.Ticket.ID), Number: clean(x.Ticket.Number, maxLabel),
			Summary: clean(x.Ticket.Summary, maxSummary), URL: r.url("ctx.ticket.url", x.Ticket.URL),
		},
		Client:         verify.Client{ID: r.id("ctx.client.id", x.Client.ID), Name: r.name("ctx.client.name", x.Client.Name, maxName)},
		Contacts:       r.contacts(x.Contacts),
		DefaultContact: r.id("ctx.contact.id", x.Contact.ID),
	}
	if d.Ticket.Number == "" {
		d.Ticket.Number = d.Ticket.ID
	}
	if _, among := d.Contact(d.DefaultContact); !among {
		r.refuse("ctx.contact.id", "is not among ctx.contacts")
	}
	return d, r.fault
}

// reader maps values and keeps the first fault.
type reader struct {
	region string // of numbers written without a country
	now    time.Time
	fault  error
}

func (r *reader) refuse(field, why string) {
	if r.fault == nil {
		r.fault = unusable(field, why)
	}
}

func (r *reader) id(field, value string) string {
	if value == "" || len(value) > maxID || value != clean(value, maxID) {
		r.refuse(field, fmt.Sprintf("must be 1 to %d visible characters", maxID))
	}
	return value
}

func (r *reader) name(field, value string, most int) string {
	name := clean(value, most)
	if name == "" {
		r.refuse(field, "has nothing to read in it")
	}
	return name
}

func (r *reader) email(field, value string) string {
	if value == "" {
		return ""
	}
	address, ok := email(value)
	if !ok {
		r.refuse(field, "is not an e-mail address")
	}
	return address
}

func (r *reader) phone(field, value string) string {
	if value == "" {
		return ""
	}
	ch, ok := phone(value, r.region, nil)
	if !ok {
		r.refuse(field, "is not a phone number")
	}
	return ch.Value
}

func (r *reader) url(field, value string) string {
	if value == "" {
		return ""
	}
	u, err := url.Parse(value)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || len(value) > maxURL || value != clean(value, maxURL) {
		r.refuse(field, "is not a web address")
	}
	return value
}

func (r *reader) contacts(list []launchcontext.Contact) []verify.Contact {
	contacts := make([]verify.Contact, len(list))
	taken := map[string]bool{}
	for i, c := range list {
		at := fmt.Sprintf("ctx.contacts[%d]", i)
		contacts[i] = verify.Contact{
			ID: r.id(at+".id", c.ID), Name: r.name(at+".name", c.Name, maxName), Title: clean(c.Title, maxName),
			Channels: r.channels(at, c.Channels),
		}
		if taken[c.ID] {
			r.refuse(at+".id", "is repeated")
		}
		taken[c.ID] = true
	}
	return contacts
}

// channels leaves out what no message could reach and merges what reaches the same place.
func (r *reader) channels(at string, list []launchcontext.Channel) []verify.Channel {
	var channels []verify.Channel
	taken := map[string]bool{}
	for i, ch := range list {
		field := fmt.Sprintf("%s.channels[%d].id", at, i)
		id := r.id(field, ch.ID)
		if taken[id] {
			r.refuse(field, "is repeated")
		}
		taken[id] = true
		mapped, reachable := verify.Channel{Kind: verify.Email}, false
		if ch.Kind == launchcontext.KindEmail {
			mapped.Value, reachable = email(ch.Value)
		} else {
			mapped, reachable = phone(ch.Value, r.region, ch.Mobile)
		}
		mapped.ID, mapped.Label, mapped.ChangedAt = id, clean(ch.Label, maxLabel), earlier(ch.ChangedAt, r.now)
		if reachable {
			channels = merge(channels, mapped)
		}
	}
	return channels
}

// merge adds a channel, unless one to the same destination is there already: that one then learns what it did not know.
func merge(channels []verify.Channel, next verify.Channel) []verify.Channel {
	for i := range channels {
		known := &channels[i]
		if known.Kind != next.Kind || known.Value != next.Value {
			continue
		}
		if known.Label == "" {
			known.Label = next.Label
		}
		if next.ChangedAt.After(known.ChangedAt) {
			known.ChangedAt = next.ChangedAt
		}
		switch {
		case known.Capability == verify.Unknown:
			known.Capability = next.Capability
		case next.Capability != verify.Unknown && next.Capability != known.Capability:
			known.Capability = verify.Unknown // they contradict each other: the carrier will tell
		}
		return channels
	}
	return append(channels, next)
}

// earlier is the time, if it has come: what a ticket system says of the future is of now.
func earlier(at, now time.Time) time.Time {
	if at.After(now) {
		return now.UTC()
	}
	return at
}
