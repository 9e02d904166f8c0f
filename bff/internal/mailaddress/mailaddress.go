// Package mailaddress checks e-mail addresses.
//
// Start with [Check] and [Normalize].
package mailaddress

import (
	"errors"
	"net/mail"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"

	"github.com/shieldpod/shieldpod/bff/internal/text"
)

// Check reports whether a is one plain e-mail address of at most 320 bytes: without a name, a second recipient, a quoted
// part, an address in brackets or a header. Letters of all scripts are accepted. Whether the domain exists is left to
// the mail server.
func Check(a string) bool {
	parsed, err := mail.ParseAddress(a)
	return err == nil && parsed.Name == "" && parsed.Address == a && len(a) <= 320 && text.OneLine(a) &&
		!strings.ContainsAny(a, " ,;:<>()[]\\\"")
}

// Normalize returns an address in the form that mail servers accept: the domain in ASCII (A-labels, RFC 5890), the local
// part in Unicode normal form C. It refuses an address that Check refuses, and a domain that has no ASCII form.
func Normalize(a string) (string, error) {
	if !Check(a) {
		return "", errors.New("not one e-mail address")
	}
	local, domain, _ := strings.Cut(a, "@")
	if !IsASCII(domain) {
		ascii, err := idna.Lookup.ToASCII(domain)
		if err != nil {
			return "", errors.New("the domain can't be written in ASCII")
		}
		domain = ascii
	}
	return norm.NFC.String(local) + "@" + domain, nil
}

// IsASCII reports whether a text is ASCII only. Other addresses need a mail server with SMTPUTF8 (RFC 6531).
func IsASCII(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}
