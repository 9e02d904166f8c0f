package launch

import (
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

const (
	maxAddress = 254 // RFC 5321
	maxNumber  = 64
)

// email gives the address as it is written to, its domain in lower case; false if it is none.
func email(value string) (string, bool) {
	value = strings.TrimSpace(value)
	name, domain, found := strings.Cut(value, "@")
	if !found || len(value) > maxAddress || strings.Contains(domain, "@") || !strings.Contains(domain, ".") {
		return "", false
	}
	if strings.ContainsFunc(value, func(r rune) bool { return !unicode.IsGraphic(r) || unicode.IsSpace(r) || r == utf8.RuneError }) {
		return "", false
	}
	value = name + "@" + strings.ToLower(domain)
	parsed, err := mail.ParseAddress(value)
	return value, err == nil && parsed.Name == "" && parsed.Address == value
}

// phone gives the number in E.164 with what its numbering plan says of it, and whether it can receive texts: as the
// ticket system says, else by the numbering plan. False if it is no whole, valid number: better no message than one to
// somebody else.
func phone(value, region string, mobile *bool) (verify.Channel, bool) {
	ch := verify.Channel{Kind: verify.Phone}
	if len(value) > maxNumber || strings.ContainsFunc(value, unicode.IsLetter) && phonenumbers.IsAlphaNumber(value) {
		return ch, false
	}
	n, err := phonenumbers.Parse(value, region)
	if err != nil || !phonenumbers.IsValidNumber(n) {
		return ch, false
	}
	ch.Value, ch.Country = phonenumbers.Format(n, phonenumbers.E164), phonenumbers.GetRegionCodeForNumber(n)
	if len(ch.Country) != 2 {
		ch.Country = "" // of no country, such as +883: never among those that are allowed
	}
	kind := phonenumbers.GetNumberType(n)
	ch.Capability, ch.Line = capability(n, kind, mobile), lines[kind]
	return ch, true
}

// lines are the kinds of number that rules look at. Personal numbers cost as premium ones do where there are any.
var lines = map[phonenumbers.PhoneNumberType]verify.Line{
	phonenumbers.PREMIUM_RATE: verify.Premium, phonenumbers.SHARED_COST: verify.Premium, phonenumbers.PERSONAL_NUMBER: verify.Premium,
	phonenumbers.VOIP: verify.VoIP,
}

func capability(n *phonenumbers.PhoneNumber, kind phonenumbers.PhoneNumberType, mobile *bool) verify.Capability {
	switch {
	case n.GetExtension() != "":
		return verify.Landline // a switchboard: a text would reach whoever holds it
	case mobile != nil && *mobile:
		return verify.Mobile
	case mobile != nil:
		return verify.Landline
	}
	switch kind {
	case phonenumbers.MOBILE:
		return verify.Mobile
	case phonenumbers.FIXED_LINE, phonenumbers.UAN, phonenumbers.PAGER, phonenumbers.VOICEMAIL:
		return verify.Landline
	}
	return verify.Unknown
}

const (
	zeroWidthNonJoiner = '\u200c' // these two belong to the spelling of
	zeroWidthJoiner    = '\u200d' // Persian, Hindi and others, and to emoji
)

// clean makes text fit to be shown anywhere: one line, without characters that are invisible or turn the
// direction of writing, at most so many characters.
func clean(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == zeroWidthJoiner || r == zeroWidthNonJoiner:
			return r
		case unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp):
			return ' '
		case r == utf8.RuneError || unicode.In(r, unicode.Cf, unicode.Bidi_Control):
			return -1
		}
		return r
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most-1]) + "…"
}
