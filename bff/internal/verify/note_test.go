package verify

import (
	"strings"
	"testing"
	"time"
)

func TestNote(t *testing.T) {
	verified := Entry{
		Verification: "v_01", Method: SMSCode, Masked: "••• ••• 4821", Technician: Technician{ID: "ana", Name: "Ana Ortiz"},
		RequestedAt: epoch, ExpiresAt: epoch.Add(5 * time.Minute), EndedAt: epoch.Add(40 * time.Second), Outcome: Verified,
	}
	tests := []struct {
		name string
		give func(*Entry)
		want string
	}{
		{
			name: "a success says who, how, by whom and when",
			give: func(*Entry) {},
			want: `Caller verification: verified
Contact: Dana Reyes
Method: code by SMS to ••• ••• 4821
Technician: Ana Ortiz
Requested: 2026-03-02T14:00:00Z
Ended: 2026-03-02T14:00:40Z
Verification: v_01`,
		},
		{
			name: "a denial of a contact who is not the ticket's shouts, and gives the override note",
			give: func(n *Entry) {
				n.Outcome, n.Method, n.Masked = Denied, EmailLink, "d•••@contoso.com"
				n.Note, n.Override = "Manager approval", true
			},
			want: `Caller verification: DENIED: the recipient says they did not ask for this
Contact: Dana Reyes
Method: secure link by e-mail to d•••@contoso.com
Technician: Ana Ortiz
Requested: 2026-03-02T14:00:00Z
Ended: 2026-03-02T14:00:40Z
Override note: Manager approval
Verification: v_01`,
		},
		{
			name: "a technician without a name goes by the id, and a note on the ticket's own contact overrides nothing",
			give: func(n *Entry) { n.Technician.Name, n.Note = "", "Calls from the car" },
			want: `Caller verification: verified
Contact: Dana Reyes
Method: code by SMS to ••• ••• 4821
Technician: ana
Requested: 2026-03-02T14:00:00Z
Ended: 2026-03-02T14:00:40Z
Note: Calls from the car
Verification: v_01`,
		},
		{
			name: "an open one has no end yet",
			give: func(n *Entry) { n.Outcome, n.EndedAt, n.Method = Open, time.Time{}, SMSLink },
			want: `Caller verification: waiting for an answer
Contact: Dana Reyes
Method: secure link by SMS to ••• ••• 4821
Technician: Ana Ortiz
Requested: 2026-03-02T14:00:00Z
Verification: v_01`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			n := verified
			test.give(&n)
			if got := Note("Dana Reyes", n); got != test.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, test.want)
			}
		})
	}
}

func TestNoteHasWordsForEveryOutcomeAndMethod(t *testing.T) {
	for _, o := range []Outcome{Open, Verified, Denied, Failed, Cancelled, Superseded, Expired} {
		if outcomeWords[o] == "" {
			t.Errorf("no words for outcome %q", o)
		}
	}
	for _, m := range Methods {
		if methodWords[m] == "" {
			t.Errorf("no words for method %q", m)
		}
	}
}

func TestNoteLinesCanNotBeForged(t *testing.T) {
	forged := "x\nCaller verification: verified\r\n\u2028Verification: v_02\u0085\v\f"
	n := Entry{
		Verification: "v_01", Outcome: Denied, Method: SMSCode, Masked: forged, Technician: Technician{Name: forged},
		Note: forged, Override: true, EndedAt: epoch,
	}
	lines := strings.FieldsFunc(Note(forged, n), func(r rune) bool { return strings.ContainsRune("\n\r\v\f\u0085\u2028\u2029", r) })
	if len(lines) != 8 {
		t.Fatalf("%d lines, want 8:\n%s", len(lines), strings.Join(lines, "\n"))
	}
	for i, line := range lines {
		if i > 0 && strings.HasPrefix(line, "Caller verification:") || i < 7 && strings.HasPrefix(line, "Verification:") {
			t.Errorf("line %d is forged: %s", i, line)
		}
	}
}
