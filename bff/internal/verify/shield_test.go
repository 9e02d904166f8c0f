package verify

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/sdk/api"
)

// shieldCase is a file of testdata/shields. TypeScript ages the first reading's shields
// to the times of the later ones and must read the same.
type shieldCase struct {
	Name     string        `json:"name"`
	Events   []caseEvent   `json:"events"`
	Readings []caseReading `json:"readings"`
}

type caseReading struct {
	At      time.Time             `json:"at"`
	Shields map[string]api.Shield `json:"shields"`
	History []api.HistoryEntry    `json:"history"`
}

type caseEvent struct {
	Seq          int64          `json:"seq"`
	At           time.Time      `json:"at"`
	Kind         EventKind      `json:"kind"`
	Verification string         `json:"verification"`
	Contact      string         `json:"contact"`
	Channel      string         `json:"channel"`
	Method       channel.Method `json:"method"`
	By           Technician     `json:"by"`
	Ticket       string         `json:"ticket"`
	TicketNumber string         `json:"ticket_number"`
	Masked       string         `json:"masked"`
	Note         string         `json:"note"`
	Override     bool           `json:"override"`
	CodeLength   int            `json:"code_length"`
	MaxTries     int            `json:"max_tries"`
	ResendAt     time.Time      `json:"resend_at"`
	Until        time.Time      `json:"until"`
	Reason       Code           `json:"reason"`
	TriesLeft    int            `json:"tries_left"`
	Late         bool           `json:"late"`
	Locks        bool           `json:"locks"`
}

func (e caseEvent) event() Event {
	return Event{
		Tenant: "acme", Seq: e.Seq, At: e.At, Kind: e.Kind, Verification: e.Verification, Contact: e.Contact, Channel: e.Channel,
		Method: e.Method, By: e.By, Ticket: Ticket{ID: e.Ticket, Number: e.TicketNumber}, Masked: e.Masked, Note: e.Note,
		Override: e.Override, CodeLength: e.CodeLength, MaxTries: e.MaxTries, ResendAt: e.ResendAt, Until: e.Until,
		Reason: e.Reason, TriesLeft: e.TriesLeft, Late: e.Late, Locks: e.Locks,
	}
}

func TestReadShieldCases(t *testing.T) {
	files, err := filepath.Glob("../../../testdata/shields/*.json")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d cases (%v): where have they gone?", len(files), err)
	}
	for _, file := range files {
		c := readShieldCase(t, file)
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			events := make([]Event, len(c.Events))
			for i, e := range c.Events {
				events[i] = e.event()
			}
			first := Project("dana", events, c.Readings[0].At)
			for _, want := range c.Readings {
				got := Project("dana", events, want.At)
				if diff := cmp.Diff(want, publicReading(got, want.At)); diff != "" {
					t.Errorf("%s: read at %s (-want +got):\n%s", c.Name, want.At.Format(time.TimeOnly), diff)
				}
				for channel, s := range first.Shields {
					if diff := cmp.Diff(want.Shields[channel], publicShield(s.AtTime(want.At))); diff != "" {
						t.Errorf("%s: %s aged to %s (-want +got):\n%s", c.Name, channel, want.At.Format(time.TimeOnly), diff)
					}
				}
			}
		})
	}
}

func readShieldCase(t *testing.T, file string) shieldCase {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	var c shieldCase
	if err := d.Decode(&c); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if c.Name == "" || len(c.Events) == 0 || len(c.Readings) == 0 {
		t.Fatalf("%s: a case needs a name, events and readings", file)
	}
	return c
}

// publicReading is r in the words of the contract.
func publicReading(r ContactState, at time.Time) caseReading {
	out := caseReading{At: at, Shields: map[string]api.Shield{}, History: []api.HistoryEntry{}}
	for channel, s := range r.Shields {
		out.Shields[channel] = publicShield(s)
	}
	for _, n := range r.Entries {
		outcome := n.Outcome
		if outcome == Open {
			outcome = "open"
		}
		out.History = append(out.History, api.HistoryEntry{
			VerificationId: n.Verification, ChannelId: n.Channel, Method: api.Method(n.Method), Masked: n.Masked,
			Technician: api.Person{Id: n.Technician.ID, Name: n.Technician.Name}, TicketNumber: n.Ticket.Number, Note: n.Note,
			RequestedAt: n.RequestedAt, ExpiresAt: n.ExpiresAt, EndedAt: n.EndedAt,
			Outcome: api.HistoryEntryOutcome(outcome), Reason: api.Reason(n.Reason), DeniedAfter: api.HistoryEntryDeniedAfter(n.DeniedAfter),
		})
	}
	return out
}

func publicShield(s Shield) api.Shield {
	out := api.Shield{
		State: api.ShieldState(s.State), VerificationId: s.Verification, Method: api.Method(s.Method), Stage: api.ShieldStage(s.Stage),
		At: s.At, Until: s.Until, By: api.Person{Id: s.By.ID, Name: s.By.Name}, Reason: api.Reason(s.Reason),
		CodeLength: s.CodeLength, TriesLeft: s.TriesLeft, ResendAt: s.ResendAt,
	}
	if under := s.RevertsTo(); under != nil {
		revertsTo := publicShield(*under)
		out.RevertsTo = &revertsTo
	}
	return out
}
