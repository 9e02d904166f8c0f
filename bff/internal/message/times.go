package message

import (
	"strings"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/locale"
)

// DateTime formats a day and a time with its time zone: 29 Nov 2026, 19:54 CET.
func (t *Translation) DateTime(at time.Time, zone string) string {
	at = at.In(locale.Zone(zone))
	return at.Format(t.Text("time.date_time", &Values{})) + " " + t.zoneName(at)
}

// TimeOfDay formats a time with its time zone: 19:54 CET.
func (t *Translation) TimeOfDay(at time.Time, zone string) string {
	at = at.In(locale.Zone(zone))
	return at.Format("15:04") + " " + t.zoneName(at)
}

// zoneName returns the short name of the time's zone in the language.
func (t *Translation) zoneName(at time.Time) string {
	name := locale.ZoneAbbreviation(at)
	for pair := range strings.FieldsSeq(t.Text("time.zones", &Values{})) {
		if local, is := strings.CutPrefix(pair, name+"="); is {
			return local
		}
	}
	return name
}
