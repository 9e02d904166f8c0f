package smtp

import (
	"errors"
	"net/netip"
	"strings"

	"golang.org/x/net/idna"
)

// ehloName returns the default name for EHLO: the public URL's host, else the domain of the sender's address. Mail
// servers refuse a name without a dot, and localhost (RFC 5321, 4.1.1.1). Where neither is fully qualified the name is an
// address literal.
func ehloName(publicHost, from string) string {
	_, domain, _ := strings.Cut(from, "@")
	for _, name := range []string{publicHost, domain} {
		if name, err := checkEHLOName(name); err == nil && !strings.HasPrefix(name, "[") {
			return name
		}
	}
	return "[127.0.0.1]"
}

var errEHLOName = errors.New(`smtp: the name for EHLO is a fully qualified host name, such as pod.example, or an address in brackets, such as [192.0.2.1]`)

// checkEHLOName returns the name as sent with EHLO: in ASCII with a dot, or an address literal.
func checkEHLOName(name string) (string, error) {
	if literal, ok := strings.CutPrefix(name, "["); ok {
		literal, closed := strings.CutSuffix(literal, "]")
		address, err := netip.ParseAddr(strings.TrimPrefix(literal, "IPv6:"))
		if !closed || err != nil || address.Zone() != "" || address.Is6() != strings.HasPrefix(literal, "IPv6:") {
			return "", errEHLOName
		}
		return name, nil
	}
	name = strings.TrimSuffix(name, ".")
	if _, err := netip.ParseAddr(name); err == nil { // an address without brackets
		return "", errEHLOName
	}
	ascii, err := idna.Lookup.ToASCII(name)
	if err != nil || len(ascii) > 253 || !strings.Contains(ascii, ".") {
		return "", errEHLOName
	}
	labels := strings.Split(ascii, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || strings.Trim(label, hostLetters) != "" {
			return "", errEHLOName
		}
	}
	top := labels[len(labels)-1]
	if labels[0] == "localhost" || top == "localhost" || top == "localdomain" || strings.Trim(top, "0123456789") == "" {
		return "", errEHLOName
	}
	return ascii, nil
}

const hostLetters = "abcdefghijklmnopqrstuvwxyz0123456789-"
