package launch

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/nyaruka/phonenumbers"

	"github.com/shieldpod/shieldpod/bff/internal/text"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// A text message must never reach an unintended recipient. A field's value is a number only if it contains nothing but
// one number, and its beginning and end are certain. The rules, in this order:
//
//  1. Invisible characters are ignored; digits, dashes, spaces, dots, slashes, brackets and plus signs of all scripts
//     and widths are converted to ASCII.
//  2. Before and after the number only labels may stand ("Mobil:", "(cell)", "tel:"), see labels.go.
//  3. The rest is digits, separators and at most one plus sign, which comes first. Brackets stand around a country
//     code or an area code only: five digits or more follow them.
//  4. The whole is a valid number of its country.
//  5. No beginning of it that ends at a separator is a valid number too, unless the grouping shows that it continues;
//     and no end of it is another number.
//  6. Without a plus sign it is a number of one country only.
const (
	minDialledDigits       = 8  // digits of a number with its area code, in nearly every country
	maxDigits              = 15 // of a number: E.164
	maxNumber              = 64 // characters of a field
	minDigitsAfterBracket  = 5  // digits that follow a bracket
	maxDigitsBeforeBracket = 6  // digits before a bracket
	minOtherNumberDigits   = 6  // digits beside a number that make another number, not an extension
	minSubscriberDigits    = 6  // digits of a group that may be a whole subscriber number
)

// minMobileDigits is the length of national mobile numbers in countries where the phone library's metadata accepts
// numbers that are too short. Sources: RTR (AT), Traficom (FI, AX), ICASA (ZA).
var minMobileDigits = map[string]int{"AT": 10, "FI": 8, "AX": 8, "ZA": 9}

// parsedNumber is the meaning of a field's value: a number, or the reason why it is not usable.
type parsedNumber struct {
	number     *phonenumbers.PhoneNumber
	reason     verify.Unusable
	landline   bool     // every possible meaning is a landline
	candidates []string // of an unusable value: the numbers that it may mean, in E.164
}

// readNumber reads a field's value as it is written in a region.
func readNumber(value, region string) parsedNumber {
	value = toASCII(text.Value(value))
	if len(value) > maxNumber {
		return parsedNumber{reason: verify.UnusableInvalid}
	}
	written, reason := unlabel(value)
	if reason == "" {
		var w writtenNumber
		if w, reason = parseGroups(written); reason == "" {
			return w.parse(region)
		}
		if reason == verify.UnusableEnd && digits(written) > maxDigits {
			reason = verify.UnusableSeveral
		}
	}
	return parsedNumber{reason: reason, candidates: numbersIn(value, region)}
}

// parse decides which number is written.
func (w writtenNumber) parse(region string) parsedNumber {
	whole, ok := w.number(0, len(w.groups), region)
	if w.zero > 0 && w.plus || w.zero > 0 && ok && isInternational(whole) {
		// The zero in "+49 (0)170" is dialled in the country only, except in Italy, where it belongs to the number.
		short := w.without(w.zero)
		other, otherOK := short.number(0, len(short.groups), region)
		switch {
		case ok && otherOK && !sameNumber(whole, other):
			return parsedNumber{reason: verify.UnusableEnd, candidates: e164(whole, other)}
		case otherOK:
			w, whole, ok = short, other, true
		}
	}
	if joined := strings.Join(w.groups, ""); !ok && w.plus && strings.HasPrefix(joined, "521") {
		// Mexico dropped the 1 of mobile numbers in 2019; the rest of the number is unchanged (IFT).
		w.groups, w.before = []string{"52", joined[3:]}, []string{"", " "}
		whole, ok = w.number(0, len(w.groups), region)
	}
	if !ok {
		return w.diagnose(region)
	}
	least := minDigits(whole, w.plus)
	for i := 1; i < len(w.groups); i++ {
		if len(strings.Join(w.groups[:i], "")) < least {
			continue
		}
		begin, valid := w.number(0, i, region)
		if valid && begin.GetCountryCode() == whole.GetCountryCode() && w.mayEndBefore(i, begin, whole) {
			return parsedNumber{reason: verify.UnusableEnd, candidates: e164(whole, begin), landline: isLandline(whole) && isLandline(begin)}
		}
	}
	if isInternational(whole) {
		if first := w.groups[0]; !w.plus && !strings.HasPrefix(first, "00") && len(first) < 3 {
			return parsedNumber{reason: verify.UnusableSeveral, candidates: e164(whole)} // "0 0151 …" is no international prefix
		}
		return parsedNumber{number: whole}
	}
	if other, another := w.secondNumber(whole, region); another {
		return parsedNumber{reason: verify.UnusableSeveral, candidates: e164(whole, other)}
	}
	if other, another := w.otherCountry(whole, region); another {
		return parsedNumber{reason: verify.UnusableCountry, candidates: e164(whole, other)}
	}
	return parsedNumber{number: whole}
}

// number parses some of the groups; false if they are no valid number.
func (w writtenNumber) number(from, to int, region string) (*phonenumbers.PhoneNumber, bool) {
	text := strings.Join(w.groups[from:to], "")
	if w.plus && from == 0 {
		text = "+" + text
	}
	n, err := phonenumbers.ParseAndKeepRawInput(text, region)
	return n, err == nil && phonenumbers.IsValidNumber(n)
}

func (w writtenNumber) without(group int) writtenNumber {
	short := writtenNumber{plus: w.plus, zero: -1}
	for i := range w.groups {
		if i != group {
			short.groups, short.before = append(short.groups, w.groups[i]), append(short.before, w.before[i])
		}
	}
	return short
}

// mayEndBefore reports whether a number may end before the group. The groups up to it are a valid number.
func (w writtenNumber) mayEndBefore(group int, begin, whole *phonenumbers.PhoneNumber) bool {
	previous, separator, rest := len(w.groups[group-1]), w.before[group], len(strings.Join(w.groups[group:], ""))
	before := ""
	if group > 1 {
		before = w.before[group-1]
	}
	if previous >= minSubscriberDigits || strings.Contains(separator, "/") {
		return true
	}
	kind, shortest := phonenumbers.GetNumberType(begin), minMobileDigits[phonenumbers.GetRegionCodeForNumber(begin)]
	switch {
	case kind != phonenumbers.MOBILE && kind != phonenumbers.FIXED_LINE_OR_MOBILE:
		return true
	case shortest == 0:
		// The metadata has the lengths: the groups up to here are a whole mobile number.
		return rest < 3 || separator != before
	case nationalDigits(begin) >= shortest:
		return true
	}
	// Too short for a mobile number: it continues, unless the whole is too short too or the rest looks like an
	// extension.
	return rest < 3 && (nationalDigits(whole) < shortest || separator != " " && separator != before)
}

// secondNumber finds another number at the end of one that is written without its country.
func (w writtenNumber) secondNumber(whole *phonenumbers.PhoneNumber, region string) (*phonenumbers.PhoneNumber, bool) {
	trunk := phonenumbers.GetNddPrefixForRegion(region, true)
	least := minDigits(whole, false)
	for i := 1; i < len(w.groups); i++ {
		if len(strings.Join(w.groups[i:], "")) < least {
			break
		}
		end, valid := w.number(i, len(w.groups), region)
		if !valid || sameNumber(end, whole) {
			continue
		}
		if strings.HasPrefix(w.groups[i], "0") || trunk != "" && strings.HasPrefix(w.groups[i], trunk) || isWholeMobile(end) {
			return end, true
		}
	}
	return nil, false
}

func isLandline(n *phonenumbers.PhoneNumber) bool {
	return phonenumbers.GetNumberType(n) == phonenumbers.FIXED_LINE
}

func isWholeMobile(n *phonenumbers.PhoneNumber) bool {
	return phonenumbers.GetNumberType(n) == phonenumbers.MOBILE &&
		nationalDigits(n) >= minMobileDigits[phonenumbers.GetRegionCodeForNumber(n)]
}

// otherCountry finds another country's number in one that is written without a prefix. Where national numbers begin
// with 0, "1512 3456789" may be a German number whose 0 a spreadsheet dropped, or an American one.
func (w writtenNumber) otherCountry(whole *phonenumbers.PhoneNumber, region string) (*phonenumbers.PhoneNumber, bool) {
	trunk := phonenumbers.GetNddPrefixForRegion(region, true)
	if trunk != "0" || strings.HasPrefix(w.groups[0], trunk) {
		return nil, false
	}
	w.plus = true
	other, valid := w.number(0, len(w.groups), region)
	return other, valid && !sameNumber(other, whole)
}

// diagnose gives the reason why the groups are no number.
func (w writtenNumber) diagnose(region string) parsedNumber {
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
	r := parsedNumber{reason: verify.UnusableInvalid, candidates: e164(found...)}
	whole := strings.Join(w.groups, "")
	if w.plus {
		whole = "+" + whole
	}
	n, err := phonenumbers.Parse(whole, region)
	switch {
	case len(found) > 0 && rest < minOtherNumberDigits && rest > 0:
		r.reason = verify.UnusableEnd
	case len(found) > 0:
		r.reason = verify.UnusableSeveral
	case err != nil && region == "" && !w.plus:
		r.reason = verify.UnusableCountry
	case err == nil && digits(whole) < minDialledDigits:
		r.reason = verify.UnusableIncomplete
	case err == nil:
		switch phonenumbers.IsPossibleNumberWithReason(n) {
		case phonenumbers.TOO_SHORT, phonenumbers.IS_POSSIBLE_LOCAL_ONLY:
			r.reason = verify.UnusableIncomplete
		}
	}
	return r
}

// minDigitsByRegion are the lengths of the shortest national numbers by region, from the metadata.
var minDigitsByRegion = sync.OnceValue(func() map[string]int {
	lengths := map[string]int{}
	all, err := phonenumbers.MetadataCollection()
	if err != nil {
		return lengths // no group is skipped
	}
	for _, region := range all.GetMetadata() {
		if possible := region.GetGeneralDesc().GetPossibleLength(); len(possible) > 0 {
			lengths[region.GetId()] = int(slices.Min(possible))
		}
	}
	return lengths
})

// minDigits is the minimum length of another number of the same country; fewer digits need no parsing.
func minDigits(n *phonenumbers.PhoneNumber, withCountryCode bool) int {
	least := minDigitsByRegion()[phonenumbers.GetRegionCodeForCountryCode(int(n.GetCountryCode()))]
	if least > 0 && withCountryCode {
		least += len(strconv.Itoa(int(n.GetCountryCode())))
	}
	return least
}

// nationalDigits counts the digits of a number without its country code.
func nationalDigits(n *phonenumbers.PhoneNumber) int {
	return len(phonenumbers.GetNationalSignificantNumber(n))
}

func isInternational(n *phonenumbers.PhoneNumber) bool {
	source := n.GetCountryCodeSource()
	return source == phonenumbers.PhoneNumber_FROM_NUMBER_WITH_PLUS_SIGN || source == phonenumbers.PhoneNumber_FROM_NUMBER_WITH_IDD
}

func sameNumber(a, b *phonenumbers.PhoneNumber) bool {
	return phonenumbers.Format(a, phonenumbers.E164) == phonenumbers.Format(b, phonenumbers.E164)
}

func e164(numbers ...*phonenumbers.PhoneNumber) []string {
	var list []string
	for _, n := range numbers {
		list = append(list, phonenumbers.Format(n, phonenumbers.E164))
	}
	return list
}
