package launch

import (
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"

	"github.com/shieldpod/shieldpod/bff/internal/cache"
	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// email gives an address as a channel. An unusable one has a reason.
func email(value string) verify.Channel {
	box, reason := readAddress(value)
	if reason != "" {
		return verify.Channel{Kind: channel.Email, Unusable: reason, Candidates: mailboxesIn(value)}
	}
	ch := verify.Channel{Kind: channel.Email, Value: box.address}
	if box.canonical != strings.ToLower(box.address) {
		ch.Canonical = box.canonical
	}
	if box.person != box.canonical {
		ch.Person = box.person
	}
	return ch
}

// phone gives a number as a channel: in E.164, with the facts of its numbering plan. Whether it can receive texts is
// taken from the ticket system, otherwise from the numbering plan. A value that is not certainly one number has a
// reason.
func phone(value, region string, mobile *bool) verify.Channel {
	key := writtenPhone{value: value, region: region, isStated: mobile != nil, isMobile: mobile != nil && *mobile}
	if len(value) > maxNumber {
		return parsePhone(value, region, mobile) // a long value is refused at once, and would fill the memory
	}
	if ch, _, known := recentPhones.Get(key, time.Time{}); known {
		return ch
	}
	ch := parsePhone(value, region, mobile)
	recentPhones.Put(key, ch, time.Time{})
	return ch
}

// writtenPhone is all that the meaning of a number depends on.
type writtenPhone struct {
	value, region      string
	isStated, isMobile bool // by the ticket system
}

// recentPhones keeps the meaning of recent values: a client's contacts come with each of its tickets, and reading numbers
// takes a tenth of a launch. The meaning does not depend on the time, so it does not expire.
var recentPhones = cache.New[writtenPhone, verify.Channel](8192, 0)

func parsePhone(value, region string, mobile *bool) verify.Channel {
	ch := verify.Channel{Kind: channel.Phone}
	r := readNumber(value, region)
	if r.landline && (mobile == nil || !*mobile) {
		r.reason = verify.UnusableLandline
	}
	if r.reason != "" {
		ch.Unusable, ch.Candidates = r.reason, r.candidates
		return ch
	}
	ch.Value, ch.Country = phonenumbers.Format(r.number, phonenumbers.E164), phonenumbers.GetRegionCodeForNumber(r.number)
	if len(ch.Country) != 2 {
		ch.Country = "" // of no country, such as +883, so never in a list of allowed countries
	}
	kind := phonenumbers.GetNumberType(r.number)
	ch.Capability, ch.Line = capability(kind, mobile), lineTypes[kind]
	return ch
}

// ownForms gives the forms in which the technician's own addresses and numbers are compared with a contact's. An
// unusable value counts with all its possible meanings.
func ownForms(channels ...verify.Channel) []string {
	var forms []string
	for _, ch := range channels {
		forms = append(forms, ch.Forms()...)
	}
	return forms
}

// lineTypes are the types of number that policies distinguish. Personal numbers cost as much as premium ones.
var lineTypes = map[phonenumbers.PhoneNumberType]channel.Line{
	phonenumbers.PREMIUM_RATE: channel.Premium, phonenumbers.SHARED_COST: channel.Premium, phonenumbers.PERSONAL_NUMBER: channel.Premium,
	phonenumbers.VOIP: channel.VoIP, phonenumbers.TOLL_FREE: channel.TollFree,
}

func capability(kind phonenumbers.PhoneNumberType, mobile *bool) channel.Capability {
	switch {
	case mobile != nil && *mobile:
		return channel.Mobile
	case mobile != nil:
		return channel.Landline
	}
	switch kind {
	case phonenumbers.MOBILE:
		return channel.Mobile
	case phonenumbers.FIXED_LINE, phonenumbers.UAN, phonenumbers.PAGER, phonenumbers.VOICEMAIL:
		return channel.Landline
	}
	return channel.Unknown
}
