package message

import (
	"strings"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// Moment says a day and a time as people read them, in a zone that is named: 29 Nov 2026, 19:54 CET.
func (w *Words) Moment(at time.Time, zone string) string {
	at = at.In(verify.Zone(zone))
	return at.Format(w.Say("time.moment", &Values{})) + " " + w.zone(at)
}

// TimeOfDay says a time of one of the next hours: 19:54 CET.
func (w *Words) TimeOfDay(at time.Time, zone string) string {
	at = at.In(verify.Zone(zone))
	return at.Format("15:04") + " " + w.zone(at)
}

// zone is the short name of the time's zone, as the language has it.
func (w *Words) zone(at time.Time) string {
	name := verify.ZoneAbbreviation(at)
	for pair := range strings.FieldsSeq(w.Say("time.zones", &Values{})) {
		if own, is := strings.CutPrefix(pair, name+"="); is {
			return own
		}
	}
	return name
}
