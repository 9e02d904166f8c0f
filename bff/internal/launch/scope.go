package launch

import (
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/locale"
	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/text"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// Limits of a context's values, in characters. The size of the context limits the number of contacts.
const (
	maxID       = 128
	maxName     = 120
	maxLabel    = 60
	maxSummary  = 250
	maxURL      = 2048
	maxLanguage = 35 // of a logged value
	maxTimeZone = 64 // of a logged value
)

// newTicketContext builds the ticket context of a verified technician and ticket. Unreadable contacts of a ticket
// system are left out. An unreadable contact of a launch context refuses the context.
func (s *Service) newTicketContext(
	tenant verify.Tenant, who verify.Technician, x launchcontext.Context, onFile bool,
) (verify.TicketContext, error) {
	if onFile && x.Contact.ID == "" {
		return verify.TicketContext{}, contactRefusal(publicNoContact)
	}
	r := s.newReader(tenant, x.PSA, s.Now())
	r.log = s.Log
	address, number := r.ownAddress("act.email", email(who.Email), who.Email),
		r.ownAddress("act.phone", phone(who.Phone, r.region, nil), who.Phone)
	d := verify.TicketContext{
		Tenant: tenant.ID,
		Technician: verify.Technician{
			ID: r.prefixed("sub", who.ID), Name: text.Line(who.Name, maxName), Email: address.Value, Phone: number.Value,
		},
		OwnDestinations: ownForms(address, number),
		Ticket: verify.Ticket{
			PSA: r.exact("ctx.psa", x.PSA, maxLabel), ID: r.id("ctx.ticket.id", x.Ticket.ID), Number: text.Line(x.Ticket.Number, maxLabel),
			Summary: text.Line(x.Ticket.Summary, maxSummary), URL: r.url("ctx.ticket.url", x.Ticket.URL),
		},
		Client:         verify.Client{ID: r.prefixed("ctx.client.id", x.Client.ID), Name: r.name("ctx.client.name", x.Client.Name, maxName)},
		DefaultContact: r.prefixed("ctx.contact.id", x.Contact.ID),
		OnFile:         onFile,
	}
	if onFile {
		d.Contacts = r.contactsOnFile(x.Contacts, d.DefaultContact)
	} else {
		d.Contacts = r.contacts(x.Contacts)
	}
	if d.Ticket.Number == "" {
		d.Ticket.Number = d.Ticket.ID
	}
	if _, listed := d.Contact(d.DefaultContact); !listed {
		if onFile && r.fault == nil {
			return verify.TicketContext{}, contactRefusal(publicOtherContact)
		}
		r.refuse("ctx.contact.id", "is not among ctx.contacts")
	}
	return d, r.fault
}

// idPrefix gives the prefix for ids of people and clients of a ticket system that Shieldpod reads by itself, so that
// they differ from the ids of another product of the same tenant. The ids in a vendor's contexts have no prefix.
func (s *Service) idPrefix(system string) string {
	for _, p := range s.Products {
		if p.Name == system {
			return system + ":"
		}
	}
	return ""
}

func (s *Service) newReader(tenant verify.Tenant, system string, now time.Time) *reader {
	r := &reader{region: tenant.Region, now: now, idPrefix: s.idPrefix(system), tenant: tenant.ID}
	for _, p := range s.Products {
		r.reserved = append(r.reserved, p.Name+":")
	}
	return r
}

// reader converts values and keeps the first error.
type reader struct {
	region           string // of numbers written without a country
	now              time.Time
	idPrefix         string   // of the ids of people and clients
	reserved         []string // prefixes of ids; none begins an id that has no prefix
	fault            error
	unusableChannels []string
	tenant           string
	log              *slog.Logger // for unreadable languages and time zones; nil: no log
}

func (r *reader) refuse(field, why string) {
	if r.fault == nil {
		r.fault = unusable(field, why)
	}
}

func (r *reader) id(field, value string) string { return r.exact(field, value, maxID) }

// exact accepts a value unchanged or refuses it: a cleaned id would be another id.
func (r *reader) exact(field, value string, limit int) string {
	if value == "" || len(value) > limit || value != text.Line(value, limit) {
		r.refuse(field, fmt.Sprintf("must be 1 to %d visible characters", limit))
	} else if value == "." || value == ".." { // browsers and proxies resolve them in the path of a URL
		r.refuse(field, `can't be "." or "..", which no address can name`)
	}
	return value
}

// prefixed gives an id with the ticket system's prefix. Ids without a prefix must not begin like one.
func (r *reader) prefixed(field, value string) string {
	r.id(field, r.idPrefix+value)
	if value == "" || r.idPrefix == "" && slices.ContainsFunc(r.reserved, func(p string) bool { return strings.HasPrefix(value, p) }) {
		r.refuse(field, "is empty, or begins like another ticket system's")
	}
	return r.idPrefix + value
}

func (r *reader) name(field, value string, limit int) string {
	name := text.Line(value, limit)
	if name == "" {
		r.refuse(field, "has nothing to read in it")
	}
	return name
}

// ownAddress reads one of the technician's own addresses or numbers. It is compared and never used for sending, so its
// possible meanings are enough.
func (r *reader) ownAddress(field string, ch verify.Channel, value string) verify.Channel {
	switch {
	case text.Value(value) == "":
		return verify.Channel{Kind: ch.Kind}
	case ch.Unusable != "" && len(ch.Candidates) == 0:
		r.refuse(field, map[channel.Kind]string{channel.Email: "is not an e-mail address", channel.Phone: "is not a phone number"}[ch.Kind])
	}
	return ch
}

func (r *reader) url(field, value string) string {
	if value = text.Value(value); value == "" {
		return ""
	}
	u, err := url.Parse(value)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || len(value) > maxURL || value != text.Line(value, maxURL) {
		r.refuse(field, "is not a web address")
	}
	return value
}

func (r *reader) contacts(list []launchcontext.Contact) []verify.Contact {
	contacts := make([]verify.Contact, len(list))
	taken := map[string]bool{}
	for i, c := range list {
		at := fmt.Sprintf("ctx.contacts[%d]", i)
		contacts[i] = r.contact(at, c)
		if taken[c.ID] {
			r.refuse(at+".id", "is repeated")
		}
		taken[c.ID] = true
	}
	return contacts
}

// contactsOnFile leaves out unreadable contacts and those beyond the limit. The ticket's own contact comes first.
func (r *reader) contactsOnFile(list []launchcontext.Contact, own string) []verify.Contact {
	contacts := make([]verify.Contact, 0, min(len(list), psa.MaxContacts))
	taken := map[string]bool{}
	for _, c := range list {
		one := *r
		contact := one.contact("", c)
		if one.fault != nil || taken[contact.ID] {
			continue
		}
		taken[contact.ID] = true
		if contact.ID == own {
			contacts = slices.Insert(contacts, 0, contact)
		} else {
			contacts = append(contacts, contact)
		}
	}
	return contacts[:min(len(contacts), psa.MaxContacts)]
}

func (r *reader) contact(at string, c launchcontext.Contact) verify.Contact {
	return verify.Contact{
		ID: r.prefixed(at+".id", c.ID), Name: r.name(at+".name", c.Name, maxName), Title: text.Line(c.Title, maxName),
		Language: r.language(at+".language", c.Language), TimeZone: r.timeZone(at+".time_zone", c.TimeZone), Channels: r.channels(at, c.Channels),
	}
}

// channels gives the channels of a contact. Channels to the same destination are merged. An unusable channel is
// included with its reason.
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
		var mapped verify.Channel
		if ch.Kind == launchcontext.KindEmail {
			mapped = email(ch.Value)
		} else {
			mapped = phone(ch.Value, r.region, ch.Mobile)
		}
		mapped.ID, mapped.Label, mapped.ChangedAt = id, text.Line(ch.Label, maxLabel), notAfter(ch.ChangedAt, r.now)
		if mapped.Unusable != "" {
			r.unusableChannels = append(r.unusableChannels, fmt.Sprintf("%s.channels[%d]", at, i))
		}
		channels = merge(channels, mapped)
	}
	return channels
}

// merge adds a channel. If one to the same destination exists, its missing facts are filled in instead.
func merge(channels []verify.Channel, next verify.Channel) []verify.Channel {
	for i := range channels {
		known := &channels[i]
		if next.Unusable != "" || !known.SameDestination(next) {
			continue
		}
		if known.Label == "" {
			known.Label = next.Label
		}
		if next.ChangedAt.After(known.ChangedAt) {
			known.ChangedAt = next.ChangedAt
		}
		switch {
		case known.Capability == channel.Unknown:
			known.Capability = next.Capability
		case next.Capability != channel.Unknown && next.Capability != known.Capability:
			known.Capability = channel.Unknown // they contradict each other, so the carrier decides
		}
		return channels
	}
	return append(channels, next)
}

// notAfter gives the earlier of the two times: a change in the future counts as made now.
func notAfter(at, now time.Time) time.Time {
	if at.After(now) {
		return now.UTC()
	}
	return at
}

// timeZone gives the name of a contact's time zone. An unknown one is logged and not refused: the client's or the
// tenant's is used.
func (r *reader) timeZone(field, written string) string {
	name := text.Value(written)
	if name == "" || locale.IsZone(name) {
		return name
	}
	if r.log != nil {
		r.log.Warn("a contact's time zone is none of IANA's, so the client's or the tenant's is used",
			"tenant", r.tenant, "field", field, "time_zone", text.Line(written, maxTimeZone))
	}
	return ""
}

// language gives the tag of a contact's language. An unreadable one is logged and not refused: the tenant's language is
// used.
func (r *reader) language(field, written string) string {
	tag, ok := readLanguage(written)
	if !ok && r.log != nil {
		r.log.Warn("a contact's language can't be read, so the tenant's is used", "tenant", r.tenant, "field", field, "language", text.Line(written, maxLanguage))
	}
	return tag
}
