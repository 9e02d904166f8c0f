package securitylog_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/shieldpod/shieldpod/bff/internal/securitylog"
)

var (
	attacker = netip.MustParseAddr("198.51.100.9")
	office   = netip.MustParseAddr("203.0.113.7")
)

type fixture struct {
	*securitylog.Log
	out bytes.Buffer
	now time.Time
}

func newFixture() *fixture {
	f := &fixture{now: time.Unix(1_000_000, 0)}
	f.Log = securitylog.New(slog.New(slog.NewTextHandler(&f.out, nil)), func() time.Time { return f.now })
	return f
}

// lines returns the written lines without their time.
func (f *fixture) lines() []string {
	f.Flush()
	var all []string
	for text := range strings.Lines(f.out.String()) {
		_, text, _ = strings.Cut(strings.TrimSpace(text), " ")
		all = append(all, text)
	}
	f.out.Reset()
	return all
}

func (f *fixture) want(t *testing.T, want ...string) {
	t.Helper()
	if got := f.lines(); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("the log has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestThreat_31_OneLineAMinuteForEachKindTenantAndAddress(t *testing.T) {
	f := newFixture()
	for range 1000 {
		f.Record("session_invalid", "", attacker)
	}
	f.want(t, `level=WARN msg=security code=session_invalid tenant="" address=198.51.100.9 count=1`)
	f.Record("session_invalid", "", office)
	f.Record("session_invalid", "acme", attacker)
	f.Record("context_replayed", "acme", attacker)
	f.want(t,
		`level=WARN msg=security code=session_invalid tenant="" address=203.0.113.7 count=1`,
		`level=WARN msg=security code=session_invalid tenant=acme address=198.51.100.9 count=1`,
		`level=WARN msg=security code=context_replayed tenant=acme address=198.51.100.9 count=1`)
	f.now = f.now.Add(time.Minute)
	f.want(t, `level=WARN msg=security code=session_invalid tenant="" address=198.51.100.9 count=999`)
	f.now = f.now.Add(time.Minute)
	f.want(t)
	f.Record("session_invalid", "", attacker)
	f.want(t, `level=WARN msg=security code=session_invalid tenant="" address=198.51.100.9 count=1`)
}

func TestThreat_31_EachEventIsCounted(t *testing.T) {
	f := newFixture()
	for range 1234 {
		f.Record("api_key_invalid", "", attacker)
	}
	if n := testutil.ToFloat64(f.Collector()); n != 1234 {
		t.Errorf("%v are counted", n)
	}
}

func TestThreat_31_ANetworkIsOneAddressAndItsLastOneIsNamed(t *testing.T) {
	f := newFixture()
	f.Record("origin_not_allowed", "", netip.MustParseAddr("2001:db8:1:2::1"))
	f.Record("origin_not_allowed", "", netip.MustParseAddr("2001:db8:1:2::2"))
	f.want(t, `level=WARN msg=security code=origin_not_allowed tenant="" address=2001:db8:1:2::1 count=1`)
	f.now = f.now.Add(time.Minute)
	f.want(t, `level=WARN msg=security code=origin_not_allowed tenant="" address=2001:db8:1:2::2 count=1`)
}

func TestThreat_31_ALineContainsNothingThatAClientSends(t *testing.T) {
	f := newFixture()
	for _, tenant := range []string{"dana@contoso.com", "a\nlevel=ERROR", "Dana Reyes", strings.Repeat("a", 65), `"`, "../x", "ä"} {
		f.Record("hook_refused", tenant, netip.Addr{})
	}
	f.want(t, `level=WARN msg=security code=hook_refused tenant="" address="" count=1`)
}

func TestThreat_31_AFloodOfAddressesWritesAndKeepsABoundedNumber(t *testing.T) {
	f := newFixture()
	const events = 50_000
	for i := range uint32(events) {
		var raw [4]byte
		binary.BigEndian.PutUint32(raw[:], i)
		f.Record("session_invalid", "", netip.AddrFrom4(raw))
	}
	lines := f.lines()
	if len(lines) > 260 {
		t.Errorf("%d lines", len(lines))
	}
	if want := fmt.Sprintf(`level=WARN msg=security code=more tenant="" address="" count=%d`, events-4096-200); lines[len(lines)-1] != want {
		t.Errorf("the last line is %s, want %s", lines[len(lines)-1], want)
	}
	if n := testutil.ToFloat64(f.Collector()); n != events {
		t.Errorf("%v are counted", n)
	}
}

func TestThreat_31_RemainingLinesAreWrittenAtTheEnd(t *testing.T) {
	f := newFixture()
	for range 7 {
		f.Record("origin_not_allowed", "acme", attacker)
	}
	f.Flush()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	f.Run(ctx)
	f.want(t,
		`level=WARN msg=security code=origin_not_allowed tenant=acme address=198.51.100.9 count=1`,
		`level=WARN msg=security code=origin_not_allowed tenant=acme address=198.51.100.9 count=6`)
}

func TestANilLogDoesNothing(t *testing.T) {
	var l *securitylog.Log
	l.Record("origin_not_allowed", "acme", attacker)
}

// The documented expression finds the address in every line of an attack.
func TestThreat_31_TheDocumentedFilterReadsRealLines(t *testing.T) {
	doc, err := os.ReadFile("../../../docs/security-log.md")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^failregex = (.+)$`).FindSubmatch(doc)
	if found == nil {
		t.Fatal("docs/security-log.md has no failregex")
	}
	filter, err := regexp.Compile(strings.ReplaceAll(string(found[1]), "<HOST>", `(?P<host>[0-9a-fA-F.:]+)`))
	if err != nil {
		t.Fatal(err)
	}
	f := newFixture()
	for code, want := range map[string]string{
		"context_invalid": "198.51.100.9", "context_replayed": "198.51.100.9", "session_invalid": "198.51.100.9", "api_key_invalid": "198.51.100.9",
		"member_refused": "198.51.100.9", "origin_not_allowed": "198.51.100.9", securitylog.CodeUnknownLink: "198.51.100.9", securitylog.CodeHookRefused: "198.51.100.9",
		securitylog.CodeTooManyRequests: "198.51.100.9", securitylog.CodeSocketFrames: "198.51.100.9", securitylog.CodeUnknownMembers: "198.51.100.9",
		"context_expired": "", securitylog.CodeProxy: "", securitylog.CodeSocketLimit: "", // caused by a wrong clock, a wrong configuration or many reconnects
	} {
		for _, tenant := range []string{"", "acme"} {
			f.Record(code, tenant, attacker)
			f.Flush()
			got := filter.FindStringSubmatch(f.out.String())
			if (got == nil) != (want == "") || got != nil && got[filter.SubexpIndex("host")] != want {
				t.Errorf("%s of %q: %v", f.out.String(), tenant, got)
			}
			f.out.Reset()
		}
	}
	f.Record("origin_not_allowed", "", netip.MustParseAddr("2001:db8::7"))
	f.Flush()
	if got := filter.FindStringSubmatch(f.out.String()); got == nil || got[filter.SubexpIndex("host")] != "2001:db8::7" {
		t.Errorf("%s: %v", f.out.String(), got)
	}
}

func TestAThrottledLogCountsDroppedRecords(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	var out bytes.Buffer
	log := slog.New(securitylog.Throttle(slog.NewTextHandler(&out, nil), func() time.Time { return now })).With("node", "a")
	for i := range 1000 {
		log.Warn("a webhook was refused", "n", i)
	}
	log.Warn("something else")
	if n := strings.Count(out.String(), "\n"); n != 101 {
		t.Errorf("%d lines, want 100 of the one and one of the other", n)
	}
	out.Reset()
	now = now.Add(time.Second)
	log.Warn("a webhook was refused")
	if want := `msg="a webhook was refused" node=a left_out=900`; !strings.Contains(out.String(), want) {
		t.Errorf("%s has no %s", &out, want)
	}
	for i := range 10_000 {
		log.Warn(fmt.Sprint("message ", i)) // bounded: see maxMessages
	}
}

func BenchmarkRecord(b *testing.B) {
	f := newFixture()
	for b.Loop() {
		f.Record("session_invalid", "", attacker)
	}
}
