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
)

// CheckURL refuses what no setting may lead to: anything but https on its own port, and names and addresses that
// are plainly inside. Where a name leads is checked again each time that it is dialled. With allowLoopback this machine is
// let pass however it is written.
func CheckURL(text string, allowLoopback bool) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || u.String() != text {
		return errors.New("not a web address such as https://hooks.example/shieldpod")
	}
	host := u.Hostname()
	address, err := netip.ParseAddr(host)
	inside := err == nil && !public(address) || err != nil && (host == "localhost" || strings.HasSuffix(host, ".localhost") || !strings.Contains(host, "."))
	switch {
	case allowLoopback && (host == "localhost" || err == nil && address.IsLoopback()):
		return nil
	case u.Scheme != "https":
		return errors.New("the URL must begin with https://")
	case u.Port() != "" && u.Port() != "443":
		return errors.New("the port must be 443")
	case inside:
		return fmt.Errorf("%s is not on the public internet", host)
	}
	return nil
}

// reserved are the ranges that lead nowhere in public, or inside by a detour.
var reserved = func() []netip.Prefix {
	var list []netip.Prefix
	for _, text := range []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24",
		"203.0.113.0/24", "240.0.0.0/4", "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "fec0::/10", "3fff::/20",
	} {
		list = append(list, netip.MustParsePrefix(text))
	}
	return list
}()

// public tells whether an address is one of the internet's.
func public(a netip.Addr) bool {
	a = a.Unmap()
	if a.Zone() != "" || !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	for _, r := range reserved {
		if r.Contains(a) {
			return false
		}
	}
	return true
}

// dialer refuses an address in the moment in which it is dialled, after all that names may lead to.
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
