package clientaddr_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/shieldpod/shieldpod/bff/internal/clientaddr"
)

const (
	xff       = clientaddr.XForwardedFor
	forwarded = clientaddr.Forwarded
)

func TestThreat_30_OnlyTrustedProxiesNameTheClient(t *testing.T) {
	for _, row := range []struct {
		name    string
		peer    string
		header  string // configured
		send    [][2]string
		want    string
		trusted string
	}{
		{"without a header the client is the peer", "198.51.100.9:4711", xff, nil, "198.51.100.9", "10.0.0.0/8"},
		{"the header of an untrusted peer is ignored", "198.51.100.9:4711", xff, [][2]string{{xff, "203.0.113.7"}}, "198.51.100.9", "10.0.0.0/8"},
		{"no proxy is trusted by default", "127.0.0.1:4711", xff, [][2]string{{xff, "203.0.113.7"}}, "127.0.0.1", ""},
		{"the header of a trusted proxy counts", "10.0.0.1:4711", xff, [][2]string{{xff, "203.0.113.7"}}, "203.0.113.7", "10.0.0.0/8"},
		{"a single address can be trusted", "10.0.0.1:4711", xff, [][2]string{{xff, "203.0.113.7"}}, "203.0.113.7", "10.0.0.1"},
		{"its neighbour is not", "10.0.0.2:4711", xff, [][2]string{{xff, "203.0.113.7"}}, "10.0.0.2", "10.0.0.1"},
		{"the rightmost untrusted address counts", "10.0.0.1:4711", xff, [][2]string{{xff, "1.1.1.1, 203.0.113.7"}}, "203.0.113.7", "10.0.0.0/8"},
		{"trusted proxies in the list are skipped", "10.0.0.1:4711", xff, [][2]string{{xff, "1.1.1.1, 203.0.113.7, 10.2.0.1,10.3.0.1"}}, "203.0.113.7", "10.0.0.0/8"},
		{"several headers are one list", "10.0.0.1:4711", xff, [][2]string{{xff, "1.1.1.1"}, {xff, "203.0.113.7"}, {xff, "10.2.0.1"}}, "203.0.113.7", "10.0.0.0/8"},
		{"a client behind trusted proxies only is the first one", "10.0.0.1:4711", xff, [][2]string{{xff, "10.9.9.9, 10.2.0.1"}}, "10.9.9.9", "10.0.0.0/8"},
		{"a port is left out", "10.0.0.1:4711", xff, [][2]string{{xff, "203.0.113.7:54321"}}, "203.0.113.7", "10.0.0.0/8"},
		{"IPv6", "10.0.0.1:4711", xff, [][2]string{{xff, "2001:db8::7"}}, "2001:db8::7", "10.0.0.0/8"},
		{"IPv6 in brackets", "10.0.0.1:4711", xff, [][2]string{{xff, "[2001:db8::7]"}}, "2001:db8::7", "10.0.0.0/8"},
		{"IPv6 with a port", "10.0.0.1:4711", xff, [][2]string{{xff, "[2001:db8::7]:443"}}, "2001:db8::7", "10.0.0.0/8"},
		{"IPv6 with a zone", "10.0.0.1:4711", xff, [][2]string{{xff, "fe80::7%eth0"}}, "fe80::7", "10.0.0.0/8"},
		{"IPv4 written as IPv6", "10.0.0.1:4711", xff, [][2]string{{xff, "::ffff:203.0.113.7"}}, "203.0.113.7", "10.0.0.0/8"},
		{"a trusted proxy written as IPv6", "[::ffff:10.0.0.1]:4711", xff, [][2]string{{xff, "203.0.113.7"}}, "203.0.113.7", "10.0.0.0/8"},
		{"a trusted proxy on IPv6", "[2001:db8:a::1]:4711", xff, [][2]string{{xff, "203.0.113.7"}}, "203.0.113.7", "2001:db8:a::/48"},
		{"a trusted proxy with a zone", "[fe80::1%lo]:4711", xff, [][2]string{{xff, "203.0.113.7"}}, "203.0.113.7", "fe80::/10"},
		{"a malformed entry before the client's address changes nothing", "10.0.0.1:4711", xff, [][2]string{{xff, "<script>, 203.0.113.7"}}, "203.0.113.7", "10.0.0.0/8"},
		{"after a malformed last entry the client is the proxy", "10.0.0.1:4711", xff, [][2]string{{xff, "203.0.113.7, unknown"}}, "10.0.0.1", "10.0.0.0/8"},
		{"a malformed entry between proxies ends the list", "10.0.0.1:4711", xff, [][2]string{{xff, "203.0.113.7, ?, 10.2.0.1"}}, "10.2.0.1", "10.0.0.0/8"},
		{"an empty header", "10.0.0.1:4711", xff, [][2]string{{xff, ""}}, "10.0.0.1", "10.0.0.0/8"},
		{"an empty entry", "10.0.0.1:4711", xff, [][2]string{{xff, "203.0.113.7,"}}, "10.0.0.1", "10.0.0.0/8"},
		{"the unspecified address", "10.0.0.1:4711", xff, [][2]string{{xff, "0.0.0.0"}}, "10.0.0.1", "10.0.0.0/8"},
		{"a number that inet_aton would take", "10.0.0.1:4711", xff, [][2]string{{xff, "3405803783"}}, "10.0.0.1", "10.0.0.0/8"},
		{"octal", "10.0.0.1:4711", xff, [][2]string{{xff, "0313.0.0113.7"}}, "10.0.0.1", "10.0.0.0/8"},
		{"IPv4 in brackets", "10.0.0.1:4711", xff, [][2]string{{xff, "[203.0.113.7]"}}, "10.0.0.1", "10.0.0.0/8"},
		{"a bracket that is not closed", "10.0.0.1:4711", xff, [][2]string{{xff, "[2001:db8::7"}}, "10.0.0.1", "10.0.0.0/8"},
		{"the other header is not read", "10.0.0.1:4711", xff, [][2]string{{forwarded, "for=1.1.1.1"}, {xff, "203.0.113.7"}}, "203.0.113.7", "10.0.0.0/8"},
		{"nor this one, where the other is configured", "10.0.0.1:4711", forwarded, [][2]string{{xff, "1.1.1.1"}}, "10.0.0.1", "10.0.0.0/8"},
		{"X-Real-IP is ignored", "10.0.0.1:4711", xff, [][2]string{{"X-Real-Ip", "1.1.1.1"}}, "10.0.0.1", "10.0.0.0/8"},

		{"Forwarded", "10.0.0.1:4711", forwarded, [][2]string{{forwarded, "for=203.0.113.7;proto=https;by=10.0.0.1"}}, "203.0.113.7", "10.0.0.0/8"},
		{"Forwarded with more than one hop", "10.0.0.1:4711", forwarded, [][2]string{{forwarded, "for=1.1.1.1, for=203.0.113.7;proto=http, For=10.2.0.1"}}, "203.0.113.7", "10.0.0.0/8"},
		{"Forwarded, quoted IPv6 with a port", "10.0.0.1:4711", forwarded, [][2]string{{forwarded, `proto=https;For="[2001:db8::7]:4711"`}}, "2001:db8::7", "10.0.0.0/8"},
		{"Forwarded twice", "10.0.0.1:4711", forwarded, [][2]string{{forwarded, "for=1.1.1.1"}, {forwarded, `for="203.0.113.7:80"`}}, "203.0.113.7", "10.0.0.0/8"},
		{"Forwarded with an obfuscated name", "10.0.0.1:4711", forwarded, [][2]string{{forwarded, "for=_hidden"}}, "10.0.0.1", "10.0.0.0/8"},
		{"Forwarded without the client", "10.0.0.1:4711", forwarded, [][2]string{{forwarded, "proto=https"}}, "10.0.0.1", "10.0.0.0/8"},
		{"no address at all", "@", xff, [][2]string{{xff, "203.0.113.7"}}, "invalid IP", "10.0.0.0/8"},
	} {
		t.Run(row.name, func(t *testing.T) {
			trusted, err := clientaddr.ParseTrusted(strings.Split(row.trusted, ","))
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
			r.RemoteAddr = row.peer
			for _, h := range row.send {
				r.Header.Add(h[0], h[1])
			}
			if got := (clientaddr.Resolver{Trusted: trusted, Header: row.header}).Client(r); got.String() != row.want {
				t.Errorf("the client is %s, want %s", got, row.want)
			}
		})
	}
}

func TestProxiesAreAddressesOrNetworks(t *testing.T) {
	got, err := clientaddr.ParseTrusted([]string{" 10.1.2.3/8", "192.0.2.1", "::ffff:192.0.2.2", "2001:db8::/32", ""})
	want := []netip.Prefix{
		netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.1/32"), netip.MustParsePrefix("192.0.2.2/32"), netip.MustParsePrefix("2001:db8::/32"),
	}
	if err != nil || len(got) != len(want) {
		t.Fatalf("%v, %v", got, err)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%s, want %s", got[i], want[i])
		}
	}
	for _, text := range []string{"proxy.example", "10.0.0.0/33", "10.0.0", "*", "10.0.0.1:80", "::ffff:10.0.0.0/104"} {
		if _, err := clientaddr.ParseTrusted([]string{text}); err == nil || !strings.Contains(err.Error(), `"`+text+`" is neither an address nor a network`) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestStripRemovesTheHeadersOfProxies(t *testing.T) {
	h := http.Header{}
	for _, name := range []string{"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port", "Forwarded", "X-Real-IP", "True-Client-IP"} {
		h.Add(name, "x")
	}
	h.Set("Origin", "https://pod.example")
	clientaddr.Strip(h)
	if len(h) != 1 {
		t.Errorf("%v", h)
	}
}

func TestTheContextHoldsTheAddress(t *testing.T) {
	address := netip.MustParseAddr("203.0.113.7")
	if got := clientaddr.From(clientaddr.With(t.Context(), address)); got != address {
		t.Error(got)
	}
	if got := clientaddr.From(t.Context()); got.IsValid() {
		t.Error(got)
	}
}

func FuzzClient(f *testing.F) {
	f.Add("203.0.113.7, 10.0.0.2", `for="[2001:db8::7]:443"`)
	f.Add("[::1%eth0]:80,,", "for=;for")
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	f.Fuzz(func(t *testing.T, x, fwd string) {
		for _, header := range []string{xff, forwarded} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
			r.RemoteAddr = "10.0.0.1:4711"
			r.Header[xff], r.Header[forwarded] = []string{x}, []string{fwd}
			got := clientaddr.Resolver{Trusted: trusted, Header: header}.Client(r)
			if !got.IsValid() || got.Zone() != "" || got.Is4In6() || got.IsUnspecified() {
				t.Errorf("%q, %q: %s", x, fwd, got)
			}
			// Entries of the client before the entry of the proxy change nothing.
			r.Header[xff], r.Header[forwarded] = []string{x + ",203.0.113.9"}, []string{fwd + ",for=203.0.113.9"}
			if got := (clientaddr.Resolver{Trusted: trusted, Header: header}).Client(r); got.String() != "203.0.113.9" {
				t.Errorf("behind %q, %q: %s", x, fwd, got)
			}
		}
	})
}
