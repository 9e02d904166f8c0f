package outward

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"golang.org/x/net/idna"
)

// CheckURL refuses what no setting may lead to: anything but https on its own port, and names and addresses that are
// inside. Addresses have their usual form: "127.1", "0x7f.0.0.1" and "2130706433" are refused however they are written,
// because programs do not agree on what they mean. Where a name leads is checked again each time that it is dialled. With
// allowLoopback this machine is let pass.
func CheckURL(text string, allowLoopback bool) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || u.String() != text {
		return errors.New("not a web address such as https://hooks.example/shieldpod")
	}
	h, err := parseHost(u.Hostname())
	switch {
	case err != nil:
		return err
	case allowLoopback && h.loopback():
		return nil
	case u.Scheme != "https":
		return errors.New("the URL must begin with https://")
	case u.Port() != "" && u.Port() != "443":
		return errors.New("the port must be 443")
	case h.inside():
		return fmt.Errorf("%s is not on the public internet", h)
	}
	return nil
}

// host is a URL's host: an address, or a name in lower case, in its ASCII form and without a trailing dot.
type host struct {
	address netip.Addr // the zero value: it is a name
	name    string
}

func (h host) String() string {
	if h.address.IsValid() {
		return h.address.String()
	}
	return h.name
}

// parseHost reads a host as browsers do (WHATWG URL, UTS 46), so that no spelling of an address passes for a name.
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

// isNumber tells whether the last label of a host makes it an IPv4 address: decimal, octal or hexadecimal.
func isNumber(label string) bool {
	if hex, is := strings.CutPrefix(label, "0x"); is {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return label != "" && strings.Trim(label, "0123456789") == ""
}

// insideNames end the names of machines inside (RFC 6761, 6762, 8375, 9476, ICANN's .internal) and those that home and
// company networks use although nothing reserves them.
var insideNames = []string{
	"localhost", "local", "localdomain", "internal", "intranet", "private", "lan", "home", "home.arpa", "corp", "alt", "onion", "in-addr.arpa", "ip6.arpa",
}

func (h host) inside() bool {
	if h.address.IsValid() {
		return !public(h.address)
	}
	if !strings.Contains(h.name, ".") {
		return true
	}
	for _, end := range insideNames {
		if h.name == end || strings.HasSuffix(h.name, "."+end) {
			return true
		}
	}
	return false
}

func (h host) loopback() bool {
	return h.name == "localhost" || h.address.IsValid() && h.address.IsLoopback()
}

// global is the part of IPv6 in which public addresses are given out.
var global = netip.MustParsePrefix("2000::/3")

// reserved are the ranges that lead nowhere in public, or inside by a detour.
var reserved = func() []netip.Prefix {
	var list []netip.Prefix
	for _, text := range []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24",
		"203.0.113.0/24", "240.0.0.0/4", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
	} {
		list = append(list, netip.MustParsePrefix(text))
	}
	return list
}()

// public tells whether an address is one of the internet's.
func public(a netip.Addr) bool {
	a = a.Unmap()
	if a.Zone() != "" || !a.IsGlobalUnicast() || a.IsPrivate() || a.Is6() && !global.Contains(a) {
		return false
	}
	for _, r := range reserved {
		if r.Contains(a) {
			return false
		}
	}
	return true
}

// dialer refuses an address in the moment in which it is dialled, after all that names may lead to, by the same rule as
// CheckURL.
func dialer(allowLoopback bool) *net.Dialer {
	return &net.Dialer{Timeout: 5 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		if public(at.Addr()) && at.Port() == 443 || allowLoopback && at.Addr().Unmap().IsLoopback() {
			return nil
		}
		return ErrInside
	}}
}
