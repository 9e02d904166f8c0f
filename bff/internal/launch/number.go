package launch

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/unicode/norm"

	"github.com/shieldpod/shieldpod/bff/internal/text"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// A text must never reach a stranger. So a field's value is a number only when nothing but one number is in it, and it is
// certain where that number begins and ends. The rule, in this order:
//
//  1. Invisible characters are as if they were not there; digits, dashes, spaces, dots, slashes, brackets and plus signs
//     of all scripts and widths are their ASCII forms.
//  2. Before and after the number only labels may stand ("Mobil:", "(cell)", "tel:"), see labels.go.
//  3. What is left is digits, separators and at most one plus sign, which comes first. Brackets stand around a country
//     code or an area code only: five digits or more follow them.
//  4. The whole is a valid number of its country.
//  5. No beginning of it that ends at a separator is a valid number too, unless the way in which it is grouped says that
//     it goes on; and no end of it is a number of its own.
//  6. Without a plus sign it is a number of one country only.
const (
	shortestDialled = 8  // digits of a number with its area code, in nearly every country
	maxDigits       = 15 // of a number: E.164
	maxNumber       = 64 // characters of a field
	afterArea       = 5  // digits that follow a bracket at least
	beforeEnd       = 6  // digits that stand before a bracket at most
	wholeRest       = 6  // digits beside a number that make another number of them, rather than an ending
	subscriber      = 6  // digits of a group that may be a whole subscriber number
)

// shortestMobile is the length of national mobile numbers, in countries where the phone library's metadata takes for valid
// what is far too short. Sources: RTR (AT), Traficom (FI, AX), ICASA (ZA).
var shortestMobile = map[string]int{"AT": 10, "FI": 8, "AX": 8, "ZA": 9}

// reading is what a field's value says: a number, or the reason why it is none that can be used.
type reading struct {
	number     *phonenumbers.PhoneNumber
	reason     verify.Unusable
	landline   bool     // whatever it means, it is a landline
	candidates []string // of a value that can't be used: the numbers that it may mean, in E.164
}

// readNumber reads a field's value as it was written in a region.
func readNumber(value, region string) reading {
	value = fold(text.Value(value))
	if len(value) > maxNumber {
		return reading{reason: verify.UnusableInvalid}
	}
	written, reason := unlabel(value)
	if reason == "" {
		var w writing
		if w, reason = takeApart(written); reason == "" {
			return w.read(region)
		}
		if reason == verify.UnusableEnd && digits(written) > maxDigits {
			reason = verify.UnusableSeveral
		}
	}
	return reading{reason: reason, candidates: numbersIn(value, region)}
}

// fold gives the ASCII form of what numbers are written with, and composed letters.
func fold(value string) string {
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

// digit gives a decimal digit of any script in ASCII. Unicode lists each script's ten in a row.
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

// writing is a number as it is written: groups of digits, and what stands before each.
type writing struct {
	plus   bool
	groups []string
	before []string // the separator in front of the group, without brackets: "", " ", "-", ".", "/" or several of them
	zero   int      // the group that is written "(0)"; -1: none
}

// takeApart gives the groups of a number, or the reason why other things stand in it.
func takeApart(s string) (writing, verify.Unusable) {
	w := writing{zero: -1}
	if strings.HasPrefix(s, "(") && strings.HasSuffix(s, ")") && strings.Count(s, "(") == 1 {
		s = strings.TrimSpace(s[1 : len(s)-1])
	}
	if i := strings.IndexFunc(s, func(r rune) bool { return !isDigit(r) && !strings.ContainsRune(" .-/()+", r) }); i >= 0 {
		return w, beside(s)
	}
	if rest := strings.TrimLeft(s, "( "); strings.HasPrefix(rest, "+") {
		w.plus = true
		s = strings.Replace(s, "+", "", 1)
		s = strings.TrimPrefix(s, "+") // "++49" is a slip of the key
	}
	if strings.Contains(s, "+") {
		return w, verify.UnusableSeveral
	}
	total, seen := digits(s), 0
	open, opened, separator := false, 0, ""
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '(':
			if open || seen > beforeEnd {
				return w, verify.UnusableEnd
			}
			open, opened = true, len(w.groups)
		case c == ')':
			if !open || len(w.groups) == opened || total-seen < afterArea {
				return w, verify.UnusableEnd
			}
			if opened == len(w.groups)-1 && w.groups[opened] == "0" && w.zero < 0 {
				w.zero = opened
			}
			open, separator = false, " " // a new group begins behind a bracket
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

// digits counts them.
func digits(s string) (n int) {
	for _, r := range s {
		if isDigit(r) {
			n++
		}
	}
	return n
}

// join adds a character to a separator: spaces beside another one say nothing.
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

// read judges the number that is written.
func (w writing) read(region string) reading {
	whole, ok := w.number(0, len(w.groups), region)
	if w.zero > 0 && w.plus || w.zero > 0 && ok && international(whole) {
		// The zero in "+49 (0)170" is dialled at home only, except in Italy, where it belongs to the number.
		short := w.without(w.zero)
		other, otherOK := short.number(0, len(short.groups), region)
		switch {
		case ok && otherOK && !same(whole, other):
			return reading{reason: verify.UnusableEnd, candidates: e164(whole, other)}
		case otherOK:
			w, whole, ok = short, other, true
		}
	}
	if joined := strings.Join(w.groups, ""); !ok && w.plus && strings.HasPrefix(joined, "521") {
		// Mexico dropped the 1 of mobile numbers in 2019; the number behind it is the same (IFT).
		w.groups, w.before = []string{"52", joined[3:]}, []string{"", " "}
		whole, ok = w.number(0, len(w.groups), region)
	}
	if !ok {
		return w.invalid(region)
	}
	least := shortest(whole, w.plus)
	for i := 1; i < len(w.groups); i++ {
		if len(strings.Join(w.groups[:i], "")) < least {
			continue
		}
		begin, valid := w.number(0, i, region)
		if valid && begin.GetCountryCode() == whole.GetCountryCode() && w.mayEnd(i, begin, whole) {
			return reading{reason: verify.UnusableEnd, candidates: e164(whole, begin), landline: landline(whole) && landline(begin)}
		}
	}
	if international(whole) {
		if first := w.groups[0]; !w.plus && !strings.HasPrefix(first, "00") && len(first) < 3 {
			return reading{reason: verify.UnusableSeveral, candidates: e164(whole)} // "0 0151 …" is no prefix of another country
		}
		return reading{number: whole}
	}
	if other, another := w.anotherInside(whole, region); another {
		return reading{reason: verify.UnusableSeveral, candidates: e164(whole, other)}
	}
	if other, another := w.abroad(whole, region); another {
		return reading{reason: verify.UnusableCountry, candidates: e164(whole, other)}
	}
	return reading{number: whole}
}

// number parses some of the groups; false if they are no valid number.
func (w writing) number(from, to int, region string) (*phonenumbers.PhoneNumber, bool) {
	text := strings.Join(w.groups[from:to], "")
	if w.plus && from == 0 {
		text = "+" + text
	}
	n, err := phonenumbers.ParseAndKeepRawInput(text, region)
	return n, err == nil && phonenumbers.IsValidNumber(n)
}

func (w writing) without(group int) writing {
	short := writing{plus: w.plus, zero: -1}
	for i := range w.groups {
		if i != group {
			short.groups, short.before = append(short.groups, w.groups[i]), append(short.before, w.before[i])
		}
	}
	return short
}

// mayEnd tells whether a number may end before the group: the groups up to it are a valid number.
func (w writing) mayEnd(group int, begin, whole *phonenumbers.PhoneNumber) bool {
	previous, separator, rest := len(w.groups[group-1]), w.before[group], len(strings.Join(w.groups[group:], ""))
	before := ""
	if group > 1 {
		before = w.before[group-1]
	}
	if previous >= subscriber || strings.Contains(separator, "/") {
		return true
	}
	kind, shortest := phonenumbers.GetNumberType(begin), shortestMobile[phonenumbers.GetRegionCodeForNumber(begin)]
	switch {
	case kind != phonenumbers.MOBILE && kind != phonenumbers.FIXED_LINE_OR_MOBILE:
		return true
	case shortest == 0:
		// The metadata knows the lengths: the groups up to here are a whole mobile number.
		return rest < 3 || separator != before
	case national(begin) >= shortest:
		return true
	}
	// Too short for a mobile number: it goes on, unless the whole is too short too or this looks like an extension.
	return rest < 3 && (national(whole) < shortest || separator != " " && separator != before)
}

// anotherInside finds a number of its own at the end of one that is written without its country.
func (w writing) anotherInside(whole *phonenumbers.PhoneNumber, region string) (*phonenumbers.PhoneNumber, bool) {
	trunk := phonenumbers.GetNddPrefixForRegion(region, true)
	least := shortest(whole, false)
	for i := 1; i < len(w.groups); i++ {
		if len(strings.Join(w.groups[i:], "")) < least {
			break
		}
		end, valid := w.number(i, len(w.groups), region)
		if !valid || same(end, whole) {
			continue
		}
		if strings.HasPrefix(w.groups[i], "0") || trunk != "" && strings.HasPrefix(w.groups[i], trunk) || wholeMobile(end) {
			return end, true
		}
	}
	return nil, false
}

func landline(n *phonenumbers.PhoneNumber) bool {
	return phonenumbers.GetNumberType(n) == phonenumbers.FIXED_LINE
}

func wholeMobile(n *phonenumbers.PhoneNumber) bool {
	return phonenumbers.GetNumberType(n) == phonenumbers.MOBILE &&
		national(n) >= shortestMobile[phonenumbers.GetRegionCodeForNumber(n)]
}

// abroad finds another country's number in one that is written without the prefix that both would have: where a leading
// 0 is written at home, "1512 3456789" is a German number whose 0 a spreadsheet dropped, or an American one.
func (w writing) abroad(whole *phonenumbers.PhoneNumber, region string) (*phonenumbers.PhoneNumber, bool) {
	trunk := phonenumbers.GetNddPrefixForRegion(region, true)
	if trunk != "0" || strings.HasPrefix(w.groups[0], trunk) {
		return nil, false
	}
	w.plus = true
	other, valid := w.number(0, len(w.groups), region)
	return other, valid && !same(other, whole)
}

// invalid says why the groups are no number.
func (w writing) invalid(region string) reading {
	var found []*phonenumbers.PhoneNumber
	rest := 0
	for i := 1; i < len(w.groups); i++ {
		if begin, valid := w.number(0, i, region); valid {
			found = append(found, begin)
			rest = max(rest, len(strings.Join(w.groups[i:], "")))
		}
		if end, valid := w.number(i, len(w.groups), region); valid {
			found = append(found, end)
		}
	}
	r := reading{reason: verify.UnusableInvalid, candidates: e164(found...)}
	whole := strings.Join(w.groups, "")
	if w.plus {
		whole = "+" + whole
	}
	n, err := phonenumbers.Parse(whole, region)
	switch {
	case len(found) > 0 && rest < wholeRest && rest > 0:
		r.reason = verify.UnusableEnd
	case len(found) > 0:
		r.reason = verify.UnusableSeveral
	case err != nil && region == "" && !w.plus:
		r.reason = verify.UnusableCountry
	case err == nil && digits(whole) < shortestDialled:
		r.reason = verify.UnusableIncomplete
	case err == nil:
		switch phonenumbers.IsPossibleNumberWithReason(n) {
		case phonenumbers.TOO_SHORT, phonenumbers.IS_POSSIBLE_LOCAL_ONLY:
			r.reason = verify.UnusableIncomplete
		}
	}
	return r
}

// shortestNumbers are the lengths of the shortest national numbers by region, as the metadata has them.
var shortestNumbers = sync.OnceValue(func() map[string]int {
	lengths := map[string]int{}
	all, err := phonenumbers.MetadataCollection()
	if err != nil {
		return lengths // nothing is skipped then
	}
	for _, region := range all.GetMetadata() {
		if possible := region.GetGeneralDesc().GetPossibleLength(); len(possible) > 0 {
			lengths[region.GetId()] = int(slices.Min(possible))
		}
	}
	return lengths
})

// shortest is how many digits another number of the same country has at least; fewer need not be parsed.
func shortest(n *phonenumbers.PhoneNumber, withCountryCode bool) int {
	least := shortestNumbers()[phonenumbers.GetRegionCodeForCountryCode(int(n.GetCountryCode()))]
	if least > 0 && withCountryCode {
		least += len(strconv.Itoa(int(n.GetCountryCode())))
	}
	return least
}

// national counts the digits of a number without its country code.
func national(n *phonenumbers.PhoneNumber) int {
	return len(phonenumbers.GetNationalSignificantNumber(n))
}

func international(n *phonenumbers.PhoneNumber) bool {
	source := n.GetCountryCodeSource()
	return source == phonenumbers.PhoneNumber_FROM_NUMBER_WITH_PLUS_SIGN || source == phonenumbers.PhoneNumber_FROM_NUMBER_WITH_IDD
}

func same(a, b *phonenumbers.PhoneNumber) bool {
	return phonenumbers.Format(a, phonenumbers.E164) == phonenumbers.Format(b, phonenumbers.E164)
}

func e164(numbers ...*phonenumbers.PhoneNumber) []string {
	var list []string
	for _, n := range numbers {
		list = append(list, phonenumbers.Format(n, phonenumbers.E164))
	}
	return list
}

// numbersIn gives the numbers that a value with other things in it may mean.
func numbersIn(value, region string) []string {
	var list []string
	for _, run := range runs(value) {
		w, reason := takeApart(strings.Trim(run, " .-/()"))
		if reason == verify.UnusableEnd {
			w, reason = takeApart(strings.Trim(brackets.Replace(run), " .-/"))
		}
		if reason != "" {
			continue
		}
		if n, ok := w.number(0, len(w.groups), region); ok {
			list = append(list, e164(n)...)
		}
		list = append(list, w.invalid(region).candidates...)
	}
	return list
}

var brackets = strings.NewReplacer("(", " ", ")", " ")

// runs are the parts of a value that are digits and separators; a plus sign begins a new one.
func runs(value string) []string {
	value = strings.ReplaceAll(value, "+", "\x00+")
	return strings.FieldsFunc(value, func(r rune) bool { return !isDigit(r) && !strings.ContainsRune(" .-/()+", r) })
}

// beside says what stands beside a number in a value that holds something other than digits and separators.
func beside(s string) verify.Unusable {
	long := 0
	for _, run := range runs(s) {
		if digits(run) >= wholeRest {
			long++
		}
	}
	if long > 1 {
		return verify.UnusableSeveral
	}
	for _, word := range wordsOf(s) {
		if extensionWord(word) {
			return verify.UnusableExtension
		}
	}
	if strings.ContainsAny(s, "#,;~") {
		return verify.UnusableExtension
	}
	return verify.UnusableWords
}
