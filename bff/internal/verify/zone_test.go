package verify_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/policy"
)

func TestTimesAreInTheZoneOfTheContactElseTheClientElseTheTenant(t *testing.T) {
	for _, c := range []struct{ name, tenant, client, contact, message, note string }{
		{"nothing is set", "", "", "", "UTC", "14:00 UTC"},
		{"the tenant's", "Europe/Berlin", "", "", "Europe/Berlin", "15:00 CET"},
		{"the client's over the tenant's", "Europe/Berlin", "America/New_York", "", "America/New_York", "09:00 EST"},
		{"the contact's in messages, the client's on the ticket", "Europe/Berlin", "America/New_York", "Asia/Tokyo", "Asia/Tokyo", "09:00 EST"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHarness(t)
			if c.tenant != "" {
				h.tenant("acme", func(p *policy.Policy) { p.TimeZone = c.tenant })
			}
			if c.client != "" {
				_, err := h.Edit(ctx, noor, []admin.PolicyEdit{{Client: "contoso", Fields: map[string]json.RawMessage{"time_zone": json.RawMessage(`"` + c.client + `"`)}}})
				if err != nil {
					t.Fatal(err)
				}
			}
			d := noted()
			d.Contacts[0].TimeZone = c.contact
			sent := h.send(d, link("dana", "mail"))
			if job := h.job(sent.Verification); job.TimeZone != c.message {
				t.Errorf("the message gives times in %q, want %q", job.TimeZone, c.message)
			}
			page, err := h.Link(ctx, h.secret(sent))
			if err != nil || page.TimeZone != c.message {
				t.Errorf("the page gives times in %q (%v), want %q", page.TimeZone, err, c.message)
			}
			h.clock.advance(5 * time.Minute)
			text, err := h.NoteText(ctx, h.due()[0])
			if err != nil || !strings.Contains(text, "Requested: 2 Mar 2026, "+c.note+"\n") {
				t.Errorf("the ticket gets (%v)\n%s\nwant %q", err, text, c.note)
			}
		})
	}
}
