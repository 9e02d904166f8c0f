package ratelimit_test

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/ratelimit"
)

var office = netip.MustParseAddr("203.0.113.7")

func TestABucketEmptiesAndFillsAgain(t *testing.T) {
	now := time.Unix(1000, 0)
	l := ratelimit.New(ratelimit.Limit{PerSecond: 0.5, Burst: 3}, func() time.Time { return now })
	for range 3 {
		if _, ok := l.Take(office); !ok {
			t.Fatal("the burst is refused")
		}
	}
	if retry, ok := l.Take(office); ok || retry != 2*time.Second {
		t.Errorf("beyond the burst: %v, retry after %s, want false and 2s", ok, retry)
	}
	if _, ok := l.Take(netip.MustParseAddr("203.0.113.8")); !ok {
		t.Error("another address is refused, too")
	}
	now = now.Add(2 * time.Second)
	if _, ok := l.Take(office); !ok {
		t.Error("two seconds later it is still refused")
	}
}

func TestATokenThatIsReturnedCanBeTakenAgain(t *testing.T) {
	now := time.Unix(1000, 0)
	l := ratelimit.New(ratelimit.Limit{PerSecond: 0.001, Burst: 2}, func() time.Time { return now })
	for range 1000 {
		if _, ok := l.Take(office); !ok {
			t.Fatal("a client that authenticates each time is refused")
		}
		l.Return(office)
	}
	for range 10 {
		l.Return(office) // more than were taken
	}
	taken := 0
	for range 10 {
		if _, ok := l.Take(office); ok {
			taken++
		}
	}
	if taken != 2 {
		t.Errorf("a full bucket holds %d tokens, want 2", taken)
	}
}

func TestThreat_30_ManyAddressesDoNotGrowTheMemory(t *testing.T) {
	now := time.Unix(1000, 0)
	l := ratelimit.New(ratelimit.Limit{PerSecond: 1, Burst: 1}, func() time.Time { return now })
	for i := range uint64(100_000) {
		var raw [16]byte
		raw[0] = 0x20
		binary.BigEndian.PutUint64(raw[1:], i<<8)
		l.Take(netip.AddrFrom16(raw))
	}
	if n := l.Len(); n != 16<<10 {
		t.Errorf("%d addresses are remembered, want %d", n, 16<<10)
	}
}

func TestANilLimiterAllowsEverything(t *testing.T) {
	l := ratelimit.New(ratelimit.Limit{}, time.Now)
	for range 10_000 {
		if _, ok := l.Take(office); !ok {
			t.Fatal("refused")
		}
	}
	l.Return(office)
}

func TestKeys(t *testing.T) {
	for _, row := range []struct{ name, a, b string }{
		{"two addresses of one IPv6 /64 count as one", "2001:db8:1:2::1", "2001:db8:1:2:ffff::9"},
		{"an IPv4 address written as IPv6 counts as IPv4", "203.0.113.7", "::ffff:203.0.113.7"},
		{"a zone does not count", "fe80::1%eth0", "fe80::2%eth1"},
	} {
		if a, b := ratelimit.Key(netip.MustParseAddr(row.a)), ratelimit.Key(netip.MustParseAddr(row.b)); a != b {
			t.Errorf("%s: %s and %s", row.name, a, b)
		}
	}
	for _, row := range []struct{ name, a, b string }{
		{"two IPv6 networks are two", "2001:db8:1:2::1", "2001:db8:1:3::1"},
		{"two IPv4 addresses are two", "203.0.113.7", "203.0.113.8"},
	} {
		if a, b := ratelimit.Key(netip.MustParseAddr(row.a)), ratelimit.Key(netip.MustParseAddr(row.b)); a == b {
			t.Errorf("%s: both count as %s", row.name, a)
		}
	}
	if key := ratelimit.Key(netip.Addr{}); key.IsValid() {
		t.Errorf("no address counts as %s", key)
	}
}

func TestLimitsAreWrittenAsRateAndBurst(t *testing.T) {
	for text, want := range map[string]ratelimit.Limit{
		"200/2000": {PerSecond: 200, Burst: 2000}, "0.5/10": {PerSecond: 0.5, Burst: 10}, "off": {},
	} {
		var l ratelimit.Limit
		if err := l.UnmarshalText([]byte(text)); err != nil || l != want || l.String() != text {
			t.Errorf("%q reads as %+v (%q), %v", text, l, l, err)
		}
	}
	for _, text := range []string{"", "200", "/", "200/", "/10", "0/10", "-1/10", "10/0", "10/-1", "NaN/10", "Inf/10", "1/1.5", "OFF", "1/2/3"} {
		var l ratelimit.Limit
		want := `"` + text + `" is no limit: write how many a second and how many at once, like 200/2000, or off`
		if err := l.UnmarshalText([]byte(text)); err == nil || err.Error() != want {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func BenchmarkTake(b *testing.B) {
	l := ratelimit.New(ratelimit.Limit{PerSecond: 1e9, Burst: 1e9}, time.Now)
	for b.Loop() {
		l.Take(office)
	}
}
