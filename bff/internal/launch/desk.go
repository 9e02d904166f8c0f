package launch

import (
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/text"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	launchcontext "github.com/shieldpod/shieldpod/sdk/context"
)

// Bounds of what a context says, in characters; the context's own size bounds the number of contacts.
const (
	maxID       = 128
	maxName     = 120
	maxLabel    = 60
	maxSummary  = 250
	maxURL      = 2048
	maxLanguage = 35 // of one that is logged
	maxZone     = 64 // of one that is logged
)

// deskOf is what a technician and a ticket that are proven make, read for use. Contacts on file, which a ticket system
// keeps for purposes of its own, are read as far as they can be; those that a context brings are all fit to be read, or
// it is refused.
func deskOf(tenant verify.Tenant, who verify.Technician, x launchcontext.Context, filed bool, now time.Time, log *slog.Logger) (verify.Desk, error) {
	if filed && x.Contact.ID == "" {
		return verify.Desk{}, noContact(publicNoContact)
	}
	r := &reader{region: tenant.Region, now: now, scope: scopeOf(x.PSA), tenant: tenant.ID, log: log}
	address, number := r.own("act.email", email(who.Email), who.Email), r.own("act.phone", phone(who.Phone, r.region, nil), who.Phone)
	d := verify.Desk{
		Tenant:     tenant.ID,
		Technician: verify.Technician{ID: r.scoped("sub", who.ID), Name: text.Line(who.Name, maxName), Email: address.Value, Phone: number.Value},
		Own:        ownForms(address, number),
		Ticket: verify.Ticket{
			PSA: r.exact("ctx.psa", x.PSA, maxLabel), ID: r.id("ctx.ticket.id", x.Ticket.ID), Number: text.Line(x.Ticket.Number, maxLabel),
			Summary: text.Line(x.Ticket.Summary, maxSummary), URL: r.url("ctx.ticket.url", x.Ticket.URL),
		},
		Client:         verify.Client{ID: r.scoped("ctx.client.id", x.Client.ID), Name: r.name("ctx.client.name", x.Client.Name, maxName)},
		DefaultContact: r.scoped("ctx.contact.id", x.Contact.ID),
		Filed:          filed,
	}
	if filed {
		d.Contacts = r.onFile(x.Contacts, d.DefaultContact)
	} else {
		d.Contacts = r.contacts(x.Contacts)
	}
	if d.Ticket.Number == "" {
		d.Ticket.Number = d.Ticket.ID
	}
	if _, among := d.Contact(d.DefaultContact); !among {
		if filed && r.fault == nil {
			return verify.Desk{}, noContact(publicOtherContact)
		}
		r.refuse("ctx.contact.id", "is not among ctx.contacts")
	}
	return d, r.fault
}

// scopeOf begins the ids of people and clients of a ticket system that Shieldpod reads by itself, so that they are never
// taken for those of another product of the same tenant. The ids in a vendor's contexts stay as the vendor has them.
func scopeOf(system string) string {
	if system == psa.ConnectWise {
		return system + ":"
	}
	return ""
}

// reader maps values and keeps the first fault.
type reader struct {
	region string // of numbers written without a country
	now    time.Time
	scope  string // what the ids of people and clients begin with
	fault  error
	lost   []string // channels that can't be used
	tenant string
	log    *slog.Logger // of languages and time zones that can't be read; nil: none
}

func (r *reader) refuse(field, why string) {
	if r.fault == nil {
		r.fault = unusable(field, why)
	}
}

func (r *reader) id(field, value string) string { return r.exact(field, value, maxID) }

// exact takes a value as it is, or not at all: one that were cleaned would be another than the one that was asked by.
func (r *reader) exact(field, value string, most int) string {
	if value == "" || len(value) > most || value != text.Line(value, most) {
		r.refuse(field, fmt.Sprintf("must be 1 to %d visible characters", most))
	} else if value == "." || value == ".." { // browsers and proxies resolve them in the path of a URL
		r.refuse(field, `can't be "." or "..", which no address can name`)
	}
	return value
}

// scoped gives an id as it is told from other ticket systems'. Nobody else's begins like theirs.
func (r *reader) scoped(field, value string) string {
	r.id(field, r.scope+value)
	if value == "" || r.scope == "" && strings.HasPrefix(value, scopeOf(psa.ConnectWise)) {
		r.refuse(field, "is empty, or begins like another ticket system's")
	}
	return r.scope + value
}

func (r *reader) name(field, value string, most int) string {
	name := text.Line(value, most)
	if name == "" {
		r.refuse(field, "has nothing to read in it")
	}
	return name
}

// own is one of the technician's own addresses or numbers. It is compared and never sent to, so it is enough that
// what it may mean can be told.
func (r *reader) own(field string, ch verify.Channel, value string) verify.Channel {
	switch {
	case text.Value(value) == "":
		return verify.Channel{Kind: ch.Kind}
	case ch.Unusable != "" && len(ch.Candidates) == 0:
		r.refuse(field, map[verify.ChannelKind]string{verify.Email: "is not an e-mail address", verify.Phone: "is not a phone number"}[ch.Kind])
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

// onFile leaves out who can't be read, and who is beyond what a desk takes; the ticket's own contact comes first.
func (r *reader) onFile(list []launchcontext.Contact, own string) []verify.Contact {
	contacts := make([]verify.Contact, 0, min(len(list), psa.DeskContacts))
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
	return contacts[:min(len(contacts), psa.DeskContacts)]
}

func (r *reader) contact(at string, c launchcontext.Contact) verify.Contact {
	return verify.Contact{
		ID: r.scoped(at+".id", c.ID), Name: r.name(at+".name", c.Name, maxName), Title: text.Line(c.Title, maxName),
		Language: r.language(at+".language", c.Language), TimeZone: r.timeZone(at+".time_zone", c.TimeZone), Channels: r.channels(at, c.Channels),
	}
}

// channels gives what is written of each way to reach the contact; what reaches the same place is merged. One that can't
// be used is there with its reason.
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
		mapped.ID, mapped.Label, mapped.ChangedAt = id, text.Line(ch.Label, maxLabel), earlier(ch.ChangedAt, r.now)
		if mapped.Unusable != "" {
			r.lost = append(r.lost, fmt.Sprintf("%s.channels[%d]", at, i))
		}
		channels = merge(channels, mapped)
	}
	return channels
}

// merge adds a channel, unless one to the same destination is there already: that one then learns what it did not know.
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

// timeZone is the name of a contact's time zone. One that does not exist is logged and no refusal: the client's or the
// tenant's is used.
func (r *reader) timeZone(field, written string) string {
	name := text.Value(written)
	if name == "" || verify.IsZone(name) {
		return name
	}
	if r.log != nil {
		r.log.Warn("a contact's time zone is none of IANA's, so the client's or the tenant's is used",
			"tenant", r.tenant, "field", field, "time_zone", text.Line(written, maxZone))
	}
	return ""
}

// language is the tag of a contact's language. One that can't be read is logged and no refusal: the tenant's language is
// spoken.
func (r *reader) language(field, written string) string {
	tag, ok := readLanguage(written)
	if !ok && r.log != nil {
		r.log.Warn("a contact's language can't be read, so the tenant's is used", "tenant", r.tenant, "field", field, "language", text.Line(written, maxLanguage))
	}
	return tag
}
