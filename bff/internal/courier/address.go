package courier

import (
	"errors"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"

	"github.com/shieldpod/shieldpod/bff/internal/text"
)

// IsEmailAddress reports whether a is one e-mail address: without a second recipient, a quoted part or a header.
// Everything else is left to the mail server.
func IsEmailAddress(a string) bool {
	at := strings.LastIndexByte(a, '@')
	return at > 0 && at < len(a)-1 && len(a) <= 320 && utf8.ValidString(a) && text.OneLine(a) && !strings.ContainsAny(a, " ,;:<>()[]\\\"") && strings.Count(a, "@") == 1
}

// NormalizeEmailAddress returns an e-mail address in the form that mail servers accept: the domain in ASCII (A-labels,
// RFC 5890), the local part in Unicode normal form C. It refuses an address that IsEmailAddress refuses, and a domain
// that has no ASCII form.
func NormalizeEmailAddress(a string) (string, error) {
	if !IsEmailAddress(a) {
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

// IsASCII reports whether a text is ASCII only.
func IsASCII(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

// E164Digits returns an E.164 number without its plus sign; false when it is not one.
func E164Digits(to string) (string, bool) {
	digits, plus := strings.CutPrefix(to, "+")
	return digits, plus && len(digits) >= 7 && len(digits) <= 15 && strings.Trim(digits, "0123456789") == ""
}
