// Package policy has the rules of tenants and their clients: what each level sets, and what holds for a client.
//
// Start with [Policy] and [Fields]. [Cache] gives the [Effective] policy of a client, and [Policy.Refusal] tells why a
// channel gets no message. The package imports the standard library, sdk/strictjson and leaves, and knows no
// verifications: package verify applies the policies.
package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/locale"
	"github.com/shieldpod/shieldpod/bff/internal/quota"
)

// NoteRule says when a technician must give a reason to verify a contact other than
// the ticket's default contact.
type NoteRule string

// The note rules.
const (
	NoteOff      NoteRule = "off"
	NoteOptional NoteRule = "optional"
	NoteRequired NoteRule = "required"
)

// Bounds of an override note, in characters.
const (
	NoteMin = 3
	NoteMax = 500
)

// Scope says what a green shield counts for.
type Scope string

// The scopes.
const (
	ScopeContact Scope = "contact" // every ticket of the contact
	ScopeTicket  Scope = "ticket"  // the ticket on which it was proven
)

// ChangeRule says what becomes of a channel that the ticket system changed lately.
type ChangeRule string

// The change rules.
const (
	ChangeFlag   ChangeRule = "flag"
	ChangeRefuse ChangeRule = "refuse"
)

// TechnicianRule says what becomes of a ticket whose technician the ticket system names without an address or number.
type TechnicianRule string

// The technician rules.
const (
	TechnicianOptional TechnicianRule = "optional"
	TechnicianRequired TechnicianRule = "required" // nothing is sent
)

// SaveRule says what becomes of saving a ticket whose caller is not verified, in a host that asks the pod first.
type SaveRule string

// The save rules.
const (
	SaveOff   SaveRule = "off"
	SaveWarn  SaveRule = "warn"
	SaveBlock SaveRule = "block"
)

// Tone of a banner.
type Tone string

// The tones.
const (
	ToneInfo     Tone = "info"
	ToneWarning  Tone = "warning"
	ToneCritical Tone = "critical"
)

// Banner is what a pod says on top of a client's tickets. Without text there is none.
type Banner struct {
	Text  string    `json:"text"`
	Tone  Tone      `json:"tone,omitempty"`
	From  time.Time `json:"from,omitzero"`  // zero: from the first
	Until time.Time `json:"until,omitzero"` // zero: for ever
}

// Policy is the rules for a client. Each field's range and default is in [Fields].
type Policy struct {
	Methods            []channel.Method
	OverrideNote       NoteRule
	NotePresets        []string
	Banner             Banner
	ShowOnLoad         bool
	LinkValidity       time.Duration
	CodeValidity       time.Duration // at most 10 minutes: NIST SP 800-63B-4
	CodeLength         int           // digits
	TriesPerCode       int
	FailuresBeforeLock int // consecutive, per contact; a new code never resets the count
	ResendCooldown     time.Duration
	VerifiedFor        time.Duration
	VerifiedScope      Scope
	HistoryEntries     int
	NumberMatching     bool // on links
	TicketNote         bool
	BeforeSave         SaveRule // the pod's to keep: ticket systems save without asking the server
	SMSCountries       []string // ISO 3166
	SMSVoIP            bool     // whether numbers without a SIM get texts
	SMSTollFree        bool     // whether toll-free numbers get texts
	TechnicianAddress  TechnicianRule
	ChangedDays        int // for how long a change in the ticket system counts as late; 0: never
	ChangedChannels    ChangeRule
	Language           string // of messages to contacts whose own is not known: a tag, such as de
	TimeZone           string // of times that people read, where the contact's own is not known: an IANA name

	Limits quota.Limits

	// NoCarrier are the kinds of channel that no carrier is set up for. It is no field that is edited: the carriers decide.
	NoCarrier []channel.Kind
}

// Default is what holds for a tenant that has set nothing.
func Default() Policy {
	return Policy{
		Methods:            []channel.Method{channel.EmailLink, channel.SMSLink, channel.SMSCode},
		OverrideNote:       NoteRequired,
		NotePresets:        []string{"Manager approval", "Contact on file is unreachable", "Caller is a colleague of the contact"},
		ShowOnLoad:         true,
		LinkValidity:       5 * time.Minute,
		CodeValidity:       5 * time.Minute,
		CodeLength:         6,
		TriesPerCode:       3,
		FailuresBeforeLock: 10,
		ResendCooldown:     time.Minute,
		VerifiedFor:        30 * time.Minute,
		VerifiedScope:      ScopeContact,
		HistoryEntries:     10,
		TicketNote:         true,
		BeforeSave:         SaveOff,
		TechnicianAddress:  TechnicianOptional,
		ChangedDays:        7,
		ChangedChannels:    ChangeFlag,
		Language:           "en",
		TimeZone:           locale.DefaultZone,
		Limits: quota.Limits{
			DestinationDay: 10, PrefixHour: 60, TechnicianMinute: 10, TechnicianHour: 100, ClientHour: 200,
			CountryHour: 500, TenantMinute: 120, TenantDay: 10_000,
			TenantSpendDay: 200_000, Prices: map[string]int64{quota.AnyCountry: 50},
			PumpingFloor: 10, PumpingSample: 20, PumpingPause: time.Hour,
		},
	}
}

// Validity is for how long a code or link of the method can be used.
func (p Policy) Validity(m channel.Method) time.Duration {
	if m.ByCode() {
		return p.CodeValidity
	}
	return p.LinkValidity
}

// CheckNote gives a technician's note as it is kept: on one line, so that it can't pass for lines of the ticket note. A
// note is about the ticket's own contact, or an override.
// NoteMissing: the policy asks for one. Invalid: it is too short or too long, or has characters that can't be shown.
func (p Policy) CheckNote(note string, override bool) (string, error) {
	note = oneLine(note)
	length := utf8.RuneCountInString(note)
	switch {
	case override && p.OverrideNote == NoteOff:
		return "", nil
	case note == "" && override && p.OverrideNote == NoteRequired:
		return "", &Error{Problem: NoteMissing, Public: "Add a note first: this is not the ticket's contact."}
	case note == "":
		return "", nil
	case hasForbidden(note):
		return "", &Error{Problem: Invalid, Field: "note", Public: "The note has characters that can't be shown."}
	case length < NoteMin || length > NoteMax:
		return "", &Error{Problem: Invalid, Field: "note", Public: fmt.Sprintf("A note has %d to %d characters.", NoteMin, NoteMax)}
	}
	return note, nil
}

// forbidden characters can deceive readers or break the display: controls, bidirectional overrides, broken UTF-8.
func forbidden(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == utf8.RuneError
}

// oneLine is the text without line breaks and runs of white space.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func hasForbidden(s string) bool { return strings.ContainsFunc(s, forbidden) }

// RobotsVerify tells whether a mail robot that presses Validate verifies: links go by e-mail, and nothing but the press
// is asked for.
func (p Policy) RobotsVerify() bool {
	return slices.Contains(p.Methods, channel.EmailLink) && !p.NumberMatching
}
