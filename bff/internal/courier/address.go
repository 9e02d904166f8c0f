package courier

import (
	"errors"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"

	"github.com/shieldpod/shieldpod/bff/internal/text"
)

// OneAddress tells whether this can be one person's e-mail address, and nothing more than that: no second
// recipient, no quoted part to hide one in, no header. Whoever delivers it judges the rest.
func OneAddress(a string) bool {
	at := strings.LastIndexByte(a, '@')
	return at > 0 && at < len(a)-1 && len(a) <= 320 && utf8.ValidString(a) && text.OneLine(a) && !strings.ContainsAny(a, " ,;:<>()[]\\\"") && strings.Count(a, "@") == 1
}

// MailAddress gives one person's e-mail address as mail servers take it: the domain in ASCII (A-labels, RFC 5890), the
// part before the @ as it is, composed (NFC). It refuses what OneAddress does, and a domain that has no such form.
func MailAddress(a string) (string, error) {
	if !OneAddress(a) {
		return "", errors.New("not one e-mail address")
	}
	local, domain, _ := strings.Cut(a, "@")
	if !ASCII(domain) {
		ascii, err := idna.Lookup.ToASCII(domain)
		if err != nil {
			return "", errors.New("the domain can't be written in ASCII")
		}
		domain = ascii
	}
	return norm.NFC.String(local) + "@" + domain, nil
}

// ASCII tells whether a text has no letters outside of ASCII.
func ASCII(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

// Digits gives a number in E.164 without its plus; false when it is none.
func Digits(to string) (string, bool) {
	digits, plus := strings.CutPrefix(to, "+")
	return digits, plus && len(digits) >= 7 && len(digits) <= 15 && strings.Trim(digits, "0123456789") == ""
}
