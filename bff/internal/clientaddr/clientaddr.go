// Package clientaddr tells from which network address a request comes, also behind proxies.
//
// Start with [Resolver]. A header about it is believed only as far as proxies that are configured have written it: what stands
// in front of that comes from the client, who can write anything.
package clientaddr

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// Headers that proxies name the client in.
const (
	XForwardedFor = "X-Forwarded-For"
	Forwarded     = "Forwarded" // RFC 7239
)

// maxHops bounds how many entries of a header are looked at, from its end.
const maxHops = 32

// Resolver finds a request's client.
type Resolver struct {
	// Trusted are the proxies' addresses. With none, the client is whoever has opened the connection.
	Trusted []netip.Prefix
	// Header is the one that the proxies write, XForwardedFor or Forwarded. Only one is read: proxies pass the other one
	// through as the client has sent it.
	Header string
}

// ParseTrusted reads proxies' addresses: single ones, or networks like 10.0.0.0/8.
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

// Client gives the address that the request comes from: the last one in the header that is not a trusted proxy's, if a trusted
// proxy has sent the request, else the connection's own. Where an entry can't be read, the client is the proxy that has
// written it. The zero address stands for a connection that has none.
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

// TrustsPeer tells whether a trusted proxy has opened the request's connection.
func (v Resolver) TrustsPeer(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && v.IsTrusted(peer.Addr().Unmap().WithZone(""))
}

// IsTrusted tells whether the address is a configured proxy's.
func (v Resolver) IsTrusted(address netip.Addr) bool {
	for _, proxies := range v.Trusted {
		if proxies.Contains(address) {
			return true
		}
	}
	return false
}

// addressOf reads an address with or without a port, brackets or a zone.
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

// forwardedFor reads the for= of one element of the header Forwarded.
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

// forwardedHeaders are what proxies write. Nothing behind Strip reads them.
var forwardedHeaders = []string{
	XForwardedFor, Forwarded, "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port", "X-Real-Ip", "True-Client-Ip",
}

// IsForwarded tells whether the request says that it comes through a proxy.
func IsForwarded(h http.Header) bool {
	return h.Get(XForwardedFor) != "" || h.Get(Forwarded) != ""
}

// Strip removes what proxies, or a client in their name, say of a request.
func Strip(h http.Header) {
	for _, name := range forwardedHeaders {
		delete(h, http.CanonicalHeaderKey(name))
	}
}

type contextKey struct{}

// With keeps the client's address in a request's context.
func With(ctx context.Context, address netip.Addr) context.Context {
	return context.WithValue(ctx, contextKey{}, address)
}

// From gives the address that With has kept, or the zero address.
func From(ctx context.Context) netip.Addr {
	address, _ := ctx.Value(contextKey{}).(netip.Addr)
	return address
}
