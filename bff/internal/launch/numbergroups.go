package launch

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// toASCII gives the ASCII form of the characters of numbers, and composed letters.
func toASCII(value string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case r == '[':
			return '('
		case r == ']':
			return ')'
		case r < 0x80:
			return r
		case unicode.Is(unicode.Nd, r):
			return digit(r)
		case unicode.Is(unicode.Zs, r), r == '\u2800':
			return ' '
		case unicode.Is(unicode.Pd, r), strings.ContainsRune("\u2212\u02d7\u2043\u30fc\uff70", r):
			return '-'
		case strings.ContainsRune("\uff0b\ufe62\u207a", r):
			return '+'
		case strings.ContainsRune("\uff0e\u3002\uff61\u00b7\u30fb\u2022\u2219\u22c5\u2024", r):
			return '.'
		case strings.ContainsRune("\uff0f\u2044\u2215", r):
			return '/'
		case strings.ContainsRune("\uff08\u3014\u3010\uff3b", r):
			return '('
		case strings.ContainsRune("\uff09\u3015\u3011\uff3d", r):
			return ')'
		case r == '\uff1a':
			return ':'
		}
		return r
	}, norm.NFC.String(value))
}

// digit gives a decimal digit of any script in ASCII. Unicode lists the ten digits of each script in a row.
func digit(r rune) rune {
	for _, in := range unicode.Nd.R16 {
		if rune(in.Lo) <= r && r <= rune(in.Hi) {
			return '0' + (r-rune(in.Lo))%10
		}
	}
	for _, in := range unicode.Nd.R32 {
		if rune(in.Lo) <= r && r <= rune(in.Hi) {
			return '0' + (r-rune(in.Lo))%10
		}
	}
	return r
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

// writtenNumber is a number as it is written: groups of digits, and the separator before each.
type writtenNumber struct {
	plus   bool
	groups []string
	before []string // the separator before the group, without brackets: "", " ", "-", ".", "/" or several of them
	zero   int      // the index of the group "(0)"; -1: none
}

// parseGroups gives the groups of a number, or the reason why the value contains other text.
func parseGroups(s string) (writtenNumber, verify.Unusable) {
	w := writtenNumber{zero: -1}
	if strings.HasPrefix(s, "(") && strings.HasSuffix(s, ")") && strings.Count(s, "(") == 1 {
		s = strings.TrimSpace(s[1 : len(s)-1])
	}
	if i := strings.IndexFunc(s, func(r rune) bool { return !isDigit(r) && !strings.ContainsRune(" .-/()+", r) }); i >= 0 {
		return w, reasonForExtra(s)
	}
	if rest := strings.TrimLeft(s, "( "); strings.HasPrefix(rest, "+") {
		w.plus = true
		s = strings.Replace(s, "+", "", 1)
		s = strings.TrimPrefix(s, "+") // "++49" is a typing error
	}
	if strings.Contains(s, "+") {
		return w, verify.UnusableSeveral
	}
	total, seen := digits(s), 0
	open, opened, separator := false, 0, ""
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '(':
			if open || seen > maxDigitsBeforeBracket {
				return w, verify.UnusableEnd
			}
			open, opened = true, len(w.groups)
		case c == ')':
			if !open || len(w.groups) == opened || total-seen < minDigitsAfterBracket {
				return w, verify.UnusableEnd
			}
			if opened == len(w.groups)-1 && w.groups[opened] == "0" && w.zero < 0 {
				w.zero = opened
			}
			open, separator = false, " " // a bracket ends a group
		case isDigit(rune(c)):
			if len(w.groups) == 0 || separator != "" || i > 0 && s[i-1] == '(' {
				w.groups, w.before = append(w.groups, ""), append(w.before, separator)
			}
			w.groups[len(w.groups)-1] += string(c)
			seen, separator = seen+1, ""
		default:
			separator = join(separator, c)
		}
	}
	if open {
		return w, verify.UnusableEnd
	}
	if seen == 0 {
		return w, verify.UnusableInvalid
	}
	return w, ""
}

// digits counts the digits.
func digits(s string) (n int) {
	for _, r := range s {
		if isDigit(r) {
			n++
		}
	}
	return n
}

// join adds a character to a separator. A space beside another separator has no meaning.
func join(separator string, c byte) string {
	switch {
	case c == ' ' && separator != "":
		return separator
	case separator == " ":
		return string(c)
	case strings.HasSuffix(separator, string(c)):
		return separator
	}
	return separator + string(c)
}

// numbersIn gives the possible numbers of a value with other text in it.
func numbersIn(value, region string) []string {
	var list []string
	for _, run := range digitRuns(value) {
		w, reason := parseGroups(strings.Trim(run, " .-/()"))
		if reason == verify.UnusableEnd {
			w, reason = parseGroups(strings.Trim(brackets.Replace(run), " .-/"))
		}
		if reason != "" {
			continue
		}
		if n, ok := w.number(0, len(w.groups), region); ok {
			list = append(list, e164(n)...)
		}
		list = append(list, w.diagnose(region).candidates...)
	}
	return list
}

var brackets = strings.NewReplacer("(", " ", ")", " ")

// digitRuns are the parts of a value that are digits and separators; a plus sign begins a new one.
func digitRuns(value string) []string {
	value = strings.ReplaceAll(value, "+", "\x00+")
	return strings.FieldsFunc(value, func(r rune) bool { return !isDigit(r) && !strings.ContainsRune(" .-/()+", r) })
}

// reasonForExtra gives the reason for a value that contains more than digits and separators.
func reasonForExtra(s string) verify.Unusable {
	long := 0
	for _, run := range digitRuns(s) {
		if digits(run) >= minOtherNumberDigits {
			long++
		}
	}
	if long > 1 {
		return verify.UnusableSeveral
	}
	for _, word := range words(s) {
		if isExtensionLabel(word) {
			return verify.UnusableExtension
		}
	}
	if strings.ContainsAny(s, "#,;~") {
		return verify.UnusableExtension
	}
	return verify.UnusableWords
}
