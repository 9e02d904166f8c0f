package verify

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

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
	case !slices.Contains(p.Methods, m):
		return ReasonPolicy
	case ch.Kind == Phone && ch.Capability == Landline:
		return ReasonLandline
	}
	return ""
}

func (p Policy) validity(m Method) time.Duration {
	if m.ByCode() {
		return p.CodeValidity
	}
	return p.LinkValidity
}

func (p Policy) check(m Method, ch Channel) error {
	if m.Kind() != ch.Kind || !slices.Contains(Methods, m) {
		return &Error{Code: CodeInvalid, Field: "method", Public: "This method does not fit the channel."}
	}
	switch reason := p.refusal(m, ch); reason {
	case "":
		return nil
	case ReasonLandline:
		return &Error{Code: CodeMethod, Reason: reason, Public: "This number is a landline and can't get texts. Try e-mail."}
	default:
		return &Error{Code: CodeMethod, Reason: reason, Public: "The client's policy does not allow this method."}
	}
}

// checkNote gives the note as it is kept: on one line, so that it can't pass for lines of the ticket note.
func (p Policy) checkNote(note string, override bool) (string, error) {
	note = oneLine(note)
	length := utf8.RuneCountInString(note)
	switch {
	case note == "" && override && p.OverrideNote == NoteRequired:
		return "", &Error{Code: CodeNoteRequired, Public: "Add a note first: this is not the ticket's contact."}
	case note == "":
		return "", nil
	case strings.ContainsFunc(note, forbidden):
		return "", &Error{Code: CodeInvalid, Field: "note", Public: "The note has characters that can't be shown."}
	case length < NoteMin || length > NoteMax:
		return "", &Error{Code: CodeInvalid, Field: "note", Public: fmt.Sprintf("A note has %d to %d characters.", NoteMin, NoteMax)}
	}
	return note, nil
}

// forbidden characters deceive or break whatever shows them: controls, bidirectional overrides, broken UTF-8.
func forbidden(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == utf8.RuneError
}
