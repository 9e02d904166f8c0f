package launch

import (
	"strings"

	"github.com/nyaruka/phonenumbers"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// email gives an address as a channel; one that can't be used has its reason.
func email(value string) verify.Channel {
	box, reason := readAddress(value)
	if reason != "" {
		return verify.Channel{Kind: verify.Email, Unusable: reason, Candidates: mailboxesIn(value)}
	}
	ch := verify.Channel{Kind: verify.Email, Value: box.address}
	if box.canonical != strings.ToLower(box.address) {
		ch.Canonical = box.canonical
	}
	if box.person != box.canonical {
		ch.Person = box.person
	}
	return ch
}

// phone gives a number as a channel: in E.164, with what its numbering plan says of it, and whether it can receive
// texts, as the ticket system says, else by the numbering plan. A value that is not certainly one number has its reason.
func phone(value, region string, mobile *bool) verify.Channel {
	ch := verify.Channel{Kind: verify.Phone}
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
		ch.Country = "" // of no country, such as +883: never among those that are allowed
	}
	kind := phonenumbers.GetNumberType(r.number)
	ch.Capability, ch.Line = capability(kind, mobile), lines[kind]
	return ch
}

// ownForms are the forms under which the technician's own addresses and numbers are compared with a contact's.
// A value that can't be used counts with all that it may mean.
func ownForms(channels ...verify.Channel) []string {
	var forms []string
	for _, ch := range channels {
		forms = append(forms, ch.Forms()...)
	}
	return forms
}

// lines are the kinds of number that rules look at. Personal numbers cost as premium ones do where there are any.
var lines = map[phonenumbers.PhoneNumberType]verify.Line{
	phonenumbers.PREMIUM_RATE: verify.Premium, phonenumbers.SHARED_COST: verify.Premium, phonenumbers.PERSONAL_NUMBER: verify.Premium,
	phonenumbers.VOIP: verify.VoIP, phonenumbers.TOLL_FREE: verify.TollFree,
}

func capability(kind phonenumbers.PhoneNumberType, mobile *bool) verify.Capability {
	switch {
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
