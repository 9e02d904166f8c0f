package policy

import (
	"errors"
	"strings"
	"testing"
)

func TestCheckNote(t *testing.T) {
	tests := []struct {
		name     string
		rule     NoteRule
		override bool
		give     string
		want     Problem
		kept     string
	}{
		{"another contact needs a note", NoteRequired, true, "", NoteMissing, ""},
		{"white space is no note", NoteRequired, true, " \t\n\u00a0 ", NoteMissing, ""},
		{"the ticket's own contact needs none", NoteRequired, false, "", "", ""},
		{"an optional note may be left out", NoteOptional, true, "", "", ""},
		{"without the rule nobody asks", NoteOff, true, "", "", ""},
		{"a note is kept without the space around it", NoteRequired, true, "  Manager approval ", "", "Manager approval"},
		{"a note on the ticket's own contact is kept", NoteRequired, false, "Calls from the car", "", "Calls from the car"},
		{"two characters are too few", NoteRequired, true, "ok", Invalid, ""},
		{"three are enough", NoteRequired, true, "yes", "", "yes"},
		{"characters are counted, not bytes", NoteRequired, true, "日本", Invalid, ""},
		{"without the rule a note about another contact is not kept", NoteOff, true, "Manager approval", "", ""},
		{"the rule's absence does not lift the bounds", NoteOff, false, "ok", Invalid, ""},
		{"500 characters fit", NoteRequired, true, strings.Repeat("ü", 500), "", strings.Repeat("ü", 500)},
		{"501 do not", NoteRequired, true, strings.Repeat("ü", 501), Invalid, ""},
		{"lines are joined: a note is one line of the ticket note", NoteRequired, true, "Approved\r\n\tby Kim\u2028today", "", "Approved by Kim today"},
		{"a control character is refused", NoteRequired, true, "fine\x1b[2J", Invalid, ""},
		{"a null is refused", NoteRequired, true, "fine\x00", Invalid, ""},
		{"a bidirectional override is refused", NoteRequired, true, "fine \u202eenif", Invalid, ""},
		{"broken UTF-8 is refused", NoteRequired, true, "fine \xff", Invalid, ""},
		{"letters of any script are fine", NoteRequired, true, "Genehmigt – 承認 👍🏽", "", "Genehmigt – 承認 👍🏽"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			kept, err := Policy{OverrideNote: test.rule}.CheckNote(test.give, test.override)
			var refused *Error
			var got Problem
			if errors.As(err, &refused) {
				got = refused.Problem
			}
			if got != test.want || kept != test.kept {
				t.Errorf("got %q and %q (%v), want %q and %q", got, kept, err, test.want, test.kept)
			}
		})
	}
}
