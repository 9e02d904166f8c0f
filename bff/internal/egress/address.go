package egress

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"syscall"

	"code.dny.dev/ssrf"
	"golang.org/x/net/idna"
)

// CheckURL refuses URLs that a setting must not contain: any scheme but https, any port but 443, and private names and
// addresses. Addresses must have their usual form: "127.1", "0x7f.0.0.1" and "2130706433" are refused, because programs
// interpret them differently. The resolved address of a name is checked again at every connection. With allowLoopback,
// this machine is accepted.
func CheckURL(text string, allowLoopback bool) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || u.String() != text {
		return errors.New("not a web address such as https://hooks.example/shieldpod")
	}
	h, err := parseHost(u.Hostname())
	switch {
	case err != nil:
		return err
	case allowLoopback && h.isLoopback():
		return nil
	case u.Scheme != "https":
		return errors.New("the URL must begin with https://")
	case u.Port() != "" && u.Port() != "443":
		return errors.New("the port must be 443")
	case h.isPrivate():
		return fmt.Errorf("%s is not on the public internet", h)
	}
	return nil
}

// host is a URL's host: an address, or a name in lower case, in its ASCII form and without a trailing dot.
type host struct {
	address netip.Addr // invalid: the host is a name
	name    string
}

func (h host) String() string {
	if h.address.IsValid() {
		return h.address.String()
	}
	return h.name
}

// parseHost reads a host as browsers do (WHATWG URL, UTS 46), so that no spelling of an address is taken for a name.
func parseHost(text string) (host, error) {
	if address, err := netip.ParseAddr(text); err == nil {
		return host{address: address}, nil
	}
	name, err := idna.Lookup.ToASCII(text)
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if err != nil || name == "" || strings.Contains(name, "..") || strings.ContainsAny(name, "%:/?#@[]\\ ") {
		return host{}, fmt.Errorf("%q is not a host name", text)
	}
	if address, err := netip.ParseAddr(name); err == nil {
		return host{address: address}, nil
	}
	if last := name[strings.LastIndexByte(name, '.')+1:]; isNumber(last) {
		return host{}, fmt.Errorf("%q is not an address in its usual form, such as 192.0.2.1", text)
	}
	return host{name: name}, nil
}

// isNumber reports whether the last label of a host makes it an IPv4 address: decimal, octal or hexadecimal.
func isNumber(label string) bool {
	if hex, is := strings.CutPrefix(label, "0x"); is {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return label != "" && strings.Trim(label, "0123456789") == ""
}

// privateSuffixes end the names of private machines (RFC 6761, 6762, 8375, 9476, ICANN's .internal) and those that home
// and company networks use without reservation.
var privateSuffixes = []string{
	"localhost", "local", "localdomain", "internal", "intranet", "private", "lan",
	"home", "home.arpa", "corp", "alt", "onion", "in-addr.arpa", "ip6.arpa",
}

func (h host) isPrivate() bool {
	if h.address.IsValid() {
		return !isPublic(h.address)
	}
	if !strings.Contains(h.name, ".") {
		return true
	}
	for _, end := range privateSuffixes {
		if h.name == end || strings.HasSuffix(h.name, "."+end) {
			return true
		}
	}
	return false
}

func (h host) isLoopback() bool {
	return h.name == "localhost" || h.address.IsValid() && h.address.IsLoopback()
}

// guardian refuses the addresses of IANA's registries of special purposes, and all IPv6 outside 2000::/3.
var guardian = ssrf.New(ssrf.WithPorts(443))

// isPublic reports whether an address is on the public internet. An IPv4-mapped IPv6 address counts as IPv4, which
// guardian would refuse.
func isPublic(a netip.Addr) bool { return guardian.SafeAddr(a.Unmap()) == nil }

// dialer checks each address when it connects, after name resolution, by the same rule as CheckURL. It has no time-out
// of its own: the caller's context bounds it.
func dialer(allowLoopback bool) *net.Dialer {
	return &net.Dialer{Control: func(_, dialled string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(dialled)
		if err != nil {
			return err
		}
		address := netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
		if guardian.SafeAddrPort(address) == nil || allowLoopback && address.Addr().IsLoopback() {
			return nil
		}
		return ErrNotPublic
	}}
}
