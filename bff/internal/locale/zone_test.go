package locale_test

import (
	"strings"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/locale"
)

func TestTimeZonesAreNamesOfIANAAndNothingOfTheMachine(t *testing.T) {
	for name, want := range map[string]bool{
		"UTC": true, "Europe/Berlin": true, "America/Argentina/Buenos_Aires": true, "Etc/GMT+3": true, "GB": true, "America/Port-au-Prince": true, "EST5EDT": true,
		"": false, "Local": false, "localtime": false, "posixrules": false, "posix/Europe/Berlin": false, "right/Europe/Berlin": false, "Factory": false,
		"Europe/Nowhere": false, "europe/berlin": false, "utc": false, "CEST": false, "+02:00": false, "GMT+3": false, "../etc/passwd": false, "Europe/../UTC": false, "/etc/localtime": false,
		"Europe/Berlin ": false, "W. Europe Standard Time": false, "Europe\\Berlin": false, "zone.tab": false, "Europe": false, "Europe/Berlin\x00": false,
		strings.Repeat("a", 200): false,
	} {
		if got := locale.IsZone(name); got != want {
			t.Errorf("%q is a zone: %t, want %t", name, got, want)
		}
	}
	if locale.Zone("Europe/Nowhere") != time.UTC {
		t.Error("what is no zone reads as another than UTC")
	}
}

func TestTimesNameTheirZoneAsItIsThen(t *testing.T) {
	for _, c := range []struct{ zone, at, want string }{
		{"Europe/Berlin", "2026-11-29T18:54:23Z", "19:54 CET"},
		{"Europe/Berlin", "2026-06-29T18:54:23Z", "20:54 CEST"},
		{"Europe/Berlin", "2026-03-29T00:59:59Z", "01:59 CET"},
		{"Europe/Berlin", "2026-03-29T01:00:00Z", "03:00 CEST"},
		{"Europe/Berlin", "2026-10-25T00:30:00Z", "02:30 CEST"},
		{"Europe/Berlin", "2026-10-25T01:30:00Z", "02:30 CET"},
		{"America/New_York", "2026-11-01T05:30:00Z", "01:30 EDT"},
		{"America/New_York", "2026-11-01T06:30:00Z", "01:30 EST"},
		{"Australia/Lord_Howe", "2026-10-03T15:29:59Z", "01:59 GMT+10:30"},
		{"Australia/Lord_Howe", "2026-10-03T15:30:00Z", "02:30 GMT+11"},
		{"Europe/Istanbul", "2026-11-29T18:54:23Z", "21:54 GMT+3"},
		{"Asia/Kathmandu", "2026-11-29T18:54:23Z", "00:39 GMT+5:45"},
		{"America/Sao_Paulo", "2026-11-29T18:54:23Z", "15:54 GMT-3"},
		{"America/St_Johns", "2026-11-29T18:54:23Z", "15:24 NST"},
		{"Pacific/Marquesas", "2026-11-29T18:54:23Z", "09:24 GMT-9:30"},
		{"Antarctica/Troll", "2026-11-29T18:54:23Z", "18:54 GMT"},
		{"Etc/GMT+3", "2026-11-29T18:54:23Z", "15:54 GMT-3"},
		{"UTC", "2026-11-29T18:54:23Z", "18:54 UTC"},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		at = at.In(locale.Zone(c.zone))
		if got := at.Format("15:04 ") + locale.ZoneAbbreviation(at); got != c.want {
			t.Errorf("%s in %s reads %q, want %q", c.at, c.zone, got, c.want)
		}
	}
}
