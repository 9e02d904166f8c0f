package courier

import (
	"strings"
	"unicode"
)

// OneAddress tells whether this can be one person's e-mail address, and nothing more than that: no second
// recipient, no quoted part to hide one in, no header. Whoever delivers it judges the rest.
func OneAddress(a string) bool {
	at := strings.LastIndexByte(a, '@')
	return at > 0 && at < len(a)-1 && len(a) <= 320 && OneLine(a) && !strings.ContainsAny(a, " ,;:<>()[]\\\"") && strings.Count(a, "@") == 1
}

// OneLine tells whether a text can stand in a header: nothing in it ends a line or controls anything.
func OneLine(text string) bool { return strings.IndexFunc(text, unicode.IsControl) < 0 }

// Digits gives a number in E.164 without its plus; false when it is none.
func Digits(to string) (string, bool) {
	digits, plus := strings.CutPrefix(to, "+")
	return digits, plus && len(digits) >= 7 && len(digits) <= 15 && strings.Trim(digits, "0123456789") == ""
}
