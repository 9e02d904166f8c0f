// Package locale validates the names of languages and time zones, and gives time zones by name.
//
// Start with [Zone] and [IsLanguage]. The package imports the standard library only.
package locale

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // the time zones, for machines that have none
)

// DefaultZone is the time zone of a tenant that has set none.
const DefaultZone = "UTC"

var (
	zoneName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_+-]{0,31}(/[A-Za-z0-9_+-]{1,32}){0,2}$`)
	// machineZones are files among the time zones that mean another thing on each machine, or count leap seconds.
	machineZones = map[string]bool{"Local": true, "localtime": true, "posixrules": true, "Factory": true, "posix": true, "right": true}
	zones        sync.Map // *time.Location by name; there are some 600
)

// IsZone tells whether the text is the IANA name of a time zone, such as Europe/Berlin.
func IsZone(name string) bool {
	_, err := loadZone(name)
	return err == nil
}

// Zone gives a time zone by its IANA name; UTC if there is none of that name.
func Zone(name string) *time.Location {
	zone, err := loadZone(name)
	if err != nil {
		return time.UTC
	}
	return zone
}

func loadZone(name string) (*time.Location, error) {
	if zone, known := zones.Load(name); known {
		return zone.(*time.Location), nil
	}
	area, _, _ := strings.Cut(name, "/")
	if !zoneName.MatchString(name) || machineZones[area] {
		return nil, fmt.Errorf("%q is no name of a time zone", name)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, err
	}
	zones.Store(name, zone)
	return zone, nil
}

// ZoneAbbreviation is the short name of the time's zone at that time, such as CET or CEST. A zone that has none goes by
// its distance from Greenwich: GMT+3, GMT-4:30.
func ZoneAbbreviation(t time.Time) string {
	name, seconds := t.Zone()
	if name != "" && name[0] != '+' && name[0] != '-' {
		return name
	}
	if seconds == 0 {
		return "GMT"
	}
	sign := '+'
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	if minutes := seconds / 60 % 60; minutes != 0 {
		return fmt.Sprintf("GMT%c%d:%02d", sign, seconds/3600, minutes)
	}
	return fmt.Sprintf("GMT%c%d", sign, seconds/3600)
}
