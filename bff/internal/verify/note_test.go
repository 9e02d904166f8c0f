package verify

import (
	"strings"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/locale"
)

func TestNote(t *testing.T) {
	verified := Entry{
		Verification: "v_01", Method: channel.SMSCode, Masked: "••• ••• 4821", Technician: Technician{ID: "ana", Name: "Ana Ortiz"},
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
Requested: 2 Mar 2026, 15:00 CET
Ended: 2 Mar 2026, 15:00 CET
Verification: v_01`,
		},
		{
			name: "a denial of a contact who is not the ticket's shouts, and gives the override note",
			give: func(n *Entry) {
				n.Outcome, n.Method, n.Masked = Denied, channel.EmailLink, "d•••@contoso.com"
				n.Note, n.Override = "Manager approval", true
			},
			want: `Caller verification: DENIED: the recipient says they did not ask for this
Contact: Dana Reyes
Method: secure link by e-mail to d•••@contoso.com
Technician: Ana Ortiz
Requested: 2 Mar 2026, 15:00 CET
Ended: 2 Mar 2026, 15:00 CET
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
Requested: 2 Mar 2026, 15:00 CET
Ended: 2 Mar 2026, 15:00 CET
Note: Calls from the car
Verification: v_01`,
		},
		{
			name: "a denial that came after the success says both times",
			give: func(n *Entry) {
				n.Outcome, n.Method, n.Masked = Denied, channel.EmailLink, "d•••@contoso.com"
				n.DeniedAfter, n.WasEndedAt, n.EndedAt = Verified, n.EndedAt, epoch.Add(10*time.Hour)
			},
			want: `Caller verification: DENIED after it was verified: the recipient says they did not ask for this
Contact: Dana Reyes
Method: secure link by e-mail to d•••@contoso.com
Technician: Ana Ortiz
Requested: 2 Mar 2026, 15:00 CET
Verified: 2 Mar 2026, 15:00 CET
Denied: 3 Mar 2026, 01:00 CET
Verification: v_01, denied`,
		},
		{
			name: "an open one has no end yet",
			give: func(n *Entry) { n.Outcome, n.EndedAt, n.Method = Open, time.Time{}, channel.SMSLink },
			want: `Caller verification: waiting for an answer
Contact: Dana Reyes
Method: secure link by SMS to ••• ••• 4821
Technician: Ana Ortiz
Requested: 2 Mar 2026, 15:00 CET
Verification: v_01`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			n := verified
			test.give(&n)
			if got := Note("Dana Reyes", n, locale.Zone("Europe/Berlin")); got != test.want {
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
	for _, o := range []Outcome{Verified, Failed, Cancelled, Superseded, Expired} {
		if lateWords[o].was == "" || lateWords[o].at == "" {
			t.Errorf("no words for a denial after %q", o)
		}
	}
	for _, m := range channel.Methods {
		if methodWords[m] == "" {
			t.Errorf("no words for method %q", m)
		}
	}
}

func TestNoteLinesCanNotBeForged(t *testing.T) {
	forged := "x\nCaller verification: verified\r\n\u2028Verification: v_02\u0085\v\f"
	n := Entry{
		Verification: "v_01", Outcome: Denied, Method: channel.SMSCode, Masked: forged, Technician: Technician{Name: forged},
		Note: forged, Override: true, EndedAt: epoch,
	}
	lines := strings.FieldsFunc(Note(forged, n, time.UTC), func(r rune) bool { return strings.ContainsRune("\n\r\v\f\u0085\u2028\u2029", r) })
	if len(lines) != 8 {
		t.Fatalf("%d lines, want 8:\n%s", len(lines), strings.Join(lines, "\n"))
	}
	for i, line := range lines {
		if i > 0 && strings.HasPrefix(line, "Caller verification:") || i < 7 && strings.HasPrefix(line, "Verification:") {
			t.Errorf("line %d is forged: %s", i, line)
		}
	}
}
