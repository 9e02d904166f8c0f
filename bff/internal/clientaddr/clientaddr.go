// Package clientaddr determines the network address of a request's client, also behind proxies.
//
// Only header entries that configured proxies have written are trusted. Earlier entries come from the client, who can write
// anything.
//
// Start with [Resolver].
package clientaddr

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// Headers in which proxies name the client.
const (
	XForwardedFor = "X-Forwarded-For"
	Forwarded     = "Forwarded" // RFC 7239
)

// maxHops bounds the entries of a header that are read, from its end.
const maxHops = 32

// Resolver determines the client of a request.
type Resolver struct {
	// Trusted are the addresses of the proxies. Empty: the client is the peer of the connection.
	Trusted []netip.Prefix
	// Header is the header that the proxies write, XForwardedFor or Forwarded. Only this one is read, because proxies forward
	// the other one unchanged from the client.
	Header string
}

// ParseTrusted parses the addresses of proxies: single addresses, or networks like 10.0.0.0/8.
func ParseTrusted(list []string) ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, text := range list {
		text = strings.TrimSpace(text)
		if text == "" {
			continue
		}
		prefix, err := netip.ParsePrefix(text)
		if address, addressErr := netip.ParseAddr(text); addressErr == nil {
			address = address.Unmap()
			prefix, err = address.WithZone("").Prefix(address.BitLen())
		}
		if err != nil || prefix.Addr().Is4In6() {
			return nil, fmt.Errorf("%q is neither an address nor a network: write it like 10.0.0.7 or 10.0.0.0/8", text)
		}
		all = append(all, prefix.Masked())
	}
	return all, nil
}

// Client returns the address of the request's client. If a trusted proxy has sent the request, it is the last address in the
// header that is not a trusted proxy, else the peer of the connection. If an entry is malformed, it is the proxy that has
// written the entry. A connection without an address has the zero address.
func (v Resolver) Client(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	client := peer.Addr().Unmap().WithZone("")
	if !v.IsTrusted(client) {
		return client
	}
	read := addressOf
	if v.Header == Forwarded {
		read = forwardedFor
	}
	entries := strings.Split(strings.Join(r.Header.Values(v.Header), ","), ",")
	for hop := 0; hop < maxHops && hop < len(entries) && v.IsTrusted(client); hop++ {
		address, ok := read(entries[len(entries)-1-hop])
		if !ok {
			break
		}
		client = address
	}
	return client
}

// TrustsPeer reports whether the peer of the request's connection is a trusted proxy.
func (v Resolver) TrustsPeer(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && v.IsTrusted(peer.Addr().Unmap().WithZone(""))
}

// IsTrusted reports whether the address is a trusted proxy.
func (v Resolver) IsTrusted(address netip.Addr) bool {
	for _, proxies := range v.Trusted {
		if proxies.Contains(address) {
			return true
		}
	}
	return false
}

// addressOf parses an address with an optional port, brackets and zone.
func addressOf(text string) (netip.Addr, bool) {
	text = strings.TrimSpace(text)
	address, err := netip.ParseAddr(text)
	if inner, found := strings.CutPrefix(text, "["); found && err != nil {
		inner, closed := strings.CutSuffix(inner, "]")
		if address, err = netip.ParseAddr(inner); !closed || err == nil && !address.Is6() {
			err = fmt.Errorf("no address in brackets")
		}
	}
	if err != nil {
		var withPort netip.AddrPort
		withPort, err = netip.ParseAddrPort(text)
		address = withPort.Addr()
	}
	address = address.Unmap().WithZone("")
	return address, err == nil && address.IsValid() && !address.IsUnspecified()
}

// forwardedFor parses the for= parameter of one element of the header Forwarded.
func forwardedFor(element string) (netip.Addr, bool) {
	for pair := range strings.SplitSeq(element, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		if strings.EqualFold(name, "for") {
			if quoted, found := strings.CutPrefix(value, `"`); found {
				value = strings.TrimSuffix(quoted, `"`)
			}
			return addressOf(value)
		}
	}
	return netip.Addr{}, false
}

// forwardedHeaders are the headers that proxies write. No handler after Strip reads them.
var forwardedHeaders = []string{
	XForwardedFor, Forwarded, "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port", "X-Real-Ip", "True-Client-Ip",
}

// IsForwarded reports whether the headers name a forwarding proxy.
func IsForwarded(h http.Header) bool {
	return h.Get(XForwardedFor) != "" || h.Get(Forwarded) != ""
}

// Strip removes the headers of proxies, also those that a client has forged.
func Strip(h http.Header) {
	for _, name := range forwardedHeaders {
		delete(h, http.CanonicalHeaderKey(name))
	}
}

type contextKey struct{}

// With returns a context with the client's address.
func With(ctx context.Context, address netip.Addr) context.Context {
	return context.WithValue(ctx, contextKey{}, address)
}

// From returns the address that With has set, or the zero address.
func From(ctx context.Context) netip.Addr {
	address, _ := ctx.Value(contextKey{}).(netip.Addr)
	return address
}
