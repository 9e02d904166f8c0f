package courier

import "strings"

// E164Digits returns an E.164 number without its plus sign; false when it is not one.
func E164Digits(to string) (string, bool) {
	digits, plus := strings.CutPrefix(to, "+")
	return digits, plus && len(digits) >= 7 && len(digits) <= 15 && strings.Trim(digits, "0123456789") == ""
}
