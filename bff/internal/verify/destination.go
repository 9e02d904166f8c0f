package verify

import (
	"slices"
	"strings"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
)

// Unusable says why no message is sent to what a ticket system has as an address or number.
type Unusable string

// Reasons why a value is not usable.
const (
	UnusableSeveral    Unusable = "more_than_one" // more than one number or address in the field
	UnusableExtension  Unusable = "extension"     // a number behind a switchboard
	UnusableWords      Unusable = "words"         // words beside the number or address, which may change what it means
	UnusableEnd        Unusable = "unclear_end"   // it is not certain where the number ends
	UnusableIncomplete Unusable = "incomplete"    // digits are missing
	UnusableCountry    Unusable = "no_country"    // it is not certain of which country the number is
	UnusableLandline   Unusable = "landline"      // wherever the number ends, it is a landline
	UnusableFax        Unusable = "fax"
	UnusableInvalid    Unusable = "invalid" // no number of any country, or no e-mail address
)

// Unusables lists every reason, in the contract's order.
var Unusables = []Unusable{
	UnusableSeveral, UnusableExtension, UnusableWords, UnusableEnd, UnusableIncomplete,
	UnusableCountry, UnusableLandline, UnusableFax, UnusableInvalid,
}

// Words says the reason, as a part of a sentence.
func (u Unusable) Words(kind channel.Kind) string {
	if kind == channel.Email {
		switch u {
		case UnusableSeveral:
			return "more than one address in this field"
		case UnusableWords:
			return "words beside the address"
		}
		return "not an e-mail address"
	}
	return map[Unusable]string{
		UnusableSeveral:    "more than one number in this field",
		UnusableExtension:  "a number with an extension",
		UnusableWords:      "words beside the number",
		UnusableEnd:        "not certain where this number ends",
		UnusableIncomplete: "not a complete number",
		UnusableCountry:    "not certain which country this number is in",
		UnusableLandline:   "a landline",
		UnusableFax:        "a fax number",
		UnusableInvalid:    "not a phone number",
	}[u]
}

// checkUsable refuses a message to what is not certainly one destination.
func (c Channel) checkUsable() error {
	if c.Unusable == "" {
		return nil
	}
	return &Error{
		Code:   CodeUnusable,
		Public: "This can't be used: " + c.Unusable.Words(c.Kind) + ". Correct it in the ticket system, then reload the ticket.",
	}
}

// canonical is the form in which destinations are compared.
func (c Channel) canonical() string {
	switch {
	case c.Canonical != "":
		return c.Canonical
	case c.Kind == channel.Email:
		return strings.ToLower(c.Value)
	}
	return c.Value
}

// person is the form in which it is compared whom destinations reach.
func (c Channel) person() string {
	if c.Person != "" {
		return c.Person
	}
	return c.canonical()
}

// Forms are what the channel is compared as with the technician's own addresses and numbers: one for a usable channel,
// all that it may mean for another.
func (c Channel) Forms() []string {
	if c.Unusable != "" {
		return c.Candidates
	}
	if c.Value == "" {
		return nil
	}
	return []string{c.person()}
}

// SameDestination tells whether two usable channels are spellings of one destination.
func (c Channel) SameDestination(other Channel) bool {
	return c.Unusable == "" && other.Unusable == "" && c.Kind == other.Kind && c.canonical() == other.canonical()
}

// own is every form of the technician's addresses and numbers.
func (d TicketContext) own() []string {
	return slices.Concat(d.OwnDestinations,
		Channel{Kind: channel.Email, Value: d.Technician.Email}.Forms(),
		Channel{Kind: channel.Phone, Value: d.Technician.Phone}.Forms())
}

// TechnicianKnown tells whether the ticket system names an address or number of the technician. Where it names none, it
// can't be told whether a contact is the technician.
func (d TicketContext) TechnicianKnown() bool { return len(d.own()) > 0 }

// isTechnician tells whether the contact is the technician: one address or number in common is enough, because who
// answers for one of a contact's channels answers for the contact.
func (d TicketContext) isTechnician(c Contact) bool {
	own := d.own()
	return slices.ContainsFunc(c.Channels, func(ch Channel) bool {
		return slices.ContainsFunc(ch.Forms(), func(form string) bool { return slices.Contains(own, form) })
	})
}
