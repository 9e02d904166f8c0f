package verify

import "time"

// NoteRule says when a technician must give a reason to verify somebody who is
// not the ticket's default contact.
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

// Policy is the rules for a client.
type Policy struct {
	Methods            []Method
	OverrideNote       NoteRule
	NotePresets        []string
	ShowOnLoad         bool
	LinkValidity       time.Duration
	CodeValidity       time.Duration // at most 10 minutes: NIST SP 800-63B-4
	CodeLength         int           // digits
	TriesPerCode       int
	FailuresBeforeLock int // consecutive, per contact; a new code never resets the count
	ResendCooldown     time.Duration
	GreenFor           time.Duration
	HistoryEntries     int
}

// DefaultPolicy is what holds for a tenant that has set nothing.
func DefaultPolicy() Policy {
	return Policy{
		Methods:            []Method{EmailLink, SMSLink, SMSCode},
		OverrideNote:       NoteRequired,
		NotePresets:        []string{"Manager approval", "Contact on file is unreachable", "Caller is a colleague of the contact"},
		ShowOnLoad:         true,
		LinkValidity:       5 * time.Minute,
		CodeValidity:       5 * time.Minute,
		CodeLength:         6,
		TriesPerCode:       3,
		FailuresBeforeLock: 10,
		ResendCooldown:     time.Minute,
		GreenFor:           30 * time.Minute,
		HistoryEntries:     10,
	}
}

// Option is one method on one channel: offered, or refused with the reason.
type Option struct {
	Method  Method
	Refusal Code // empty when offered
}

// Options lists the methods that fit the channel's kind, in the order in which
// a pod offers them. A method of another kind is not an option at all.
func (p Policy) Options(ch Channel) []Option {
	options := make([]Option, 0, 2)
	for _, m := range Methods {
		if m.Kind() == ch.Kind {
			options = append(options, Option{Method: m, Refusal: p.refusal(m, ch)})
		}
	}
	return options
}

func (p Policy) refusal(m Method, ch Channel) Code {
	switch {
	case !p.allows(m):
		return ReasonPolicy
	case ch.Kind == Phone && ch.Capability == Landline:
		return ReasonLandline
	}
	return ""
}

func (p Policy) allows(m Method) bool {
	for _, allowed := range p.Methods {
		if allowed == m {
			return true
		}
	}
	return false
}

func (p Policy) validity(m Method) time.Duration {
	if m.ByCode() {
		return p.CodeValidity
	}
	return p.LinkValidity
}
