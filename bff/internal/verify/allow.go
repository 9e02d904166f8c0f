package verify

import (
	"slices"
	"time"
)

// Option is one method on one channel: offered, or refused with the reason.
type Option struct {
	Method  Method
	Refusal Code // empty when offered
}

// Options lists the methods that fit the channel's kind, in the order in which a pod offers them, as
// they stand for this technician now. A method of another kind is not an option at all; nor is a code by e-mail where
// no policy allows it, because it is off by default. A channel that can't be used has none.
func (p Policy) Options(d TicketContext, c Contact, ch Channel, r ContactState, now time.Time) []Option {
	options := make([]Option, 0, 2)
	if ch.Unusable != "" {
		return options
	}
	for _, m := range Methods {
		if m.Kind() != ch.Kind || m == EmailCode && !slices.Contains(p.Methods, m) {
			continue
		}
		reason := p.refusal(d, c, ch, m, now)
		switch {
		case r.Denied:
			reason = ReasonDenied
		case reason == "" && r.Locked && m.ByCode():
			reason = ReasonLocked
		case reason == "":
			reason = r.Suppressed[ch.ID]
		}
		options = append(options, Option{Method: m, Refusal: reason})
	}
	return options
}

// refusal is the reason why the policy does not allow the method on this channel; empty if it does.
func (p Policy) refusal(d TicketContext, c Contact, ch Channel, m Method, now time.Time) Code {
	switch {
	case d.isTechnician(c):
		return ReasonOwn
	case p.TechnicianAddress == TechnicianRequired && !d.TechnicianKnown():
		return ReasonTechnician
	case !slices.Contains(p.Methods, m):
		return ReasonPolicy
	case p.ChangedChannels == ChangeRefuse && p.ChangedLately(ch, now):
		return ReasonChanged
	}
	if ch.Kind == Phone {
		if reason := p.refuseText(ch); reason != "" {
			return reason
		}
	}
	if slices.Contains(p.NoCarrier, ch.Kind) {
		return ReasonNoCarrier
	}
	return ""
}

func (p Policy) refuseText(ch Channel) Code {
	switch {
	case ch.Capability == Landline:
		return ReasonLandline
	case ch.Line == Premium:
		return ReasonPremiumRate
	case ch.Line == VoIP && !p.SMSVoIP:
		return ReasonVoIP
	case ch.Line == TollFree && !p.SMSTollFree:
		return ReasonTollFree
	case !slices.Contains(p.SMSCountries, ch.Country):
		return ReasonCountryNotAllowed
	}
	return ""
}

// ChangedLately tells whether the ticket system changed the channel within the days that count.
func (p Policy) ChangedLately(ch Channel, now time.Time) bool {
	return !ch.ChangedAt.IsZero() && now.Before(ch.ChangedAt.AddDate(0, 0, p.ChangedDays))
}

// refusals say what to do next.
var refusals = map[Code]string{
	ReasonPolicy:            "The client's policy does not allow this method.",
	ReasonLandline:          "This number is a landline and can't get texts. Try e-mail.",
	ReasonOptedOut:          "This number has told us to stop: it texted STOP. Try e-mail, or have its holder text START and ask an admin.",
	ReasonChanged:           "The ticket system changed this lately, and the policy does not trust it yet. Use another one, or follow your procedure.",
	ReasonCountryNotAllowed: "Texts to this number's country are not allowed. Try e-mail, or ask an admin.",
	ReasonPremiumRate:       "This number costs whoever texts it, so it gets none. Try e-mail.",
	ReasonTollFree:          "Toll-free numbers get no texts here. Try e-mail.",
	ReasonTechnician:        "The ticket system names neither your e-mail address nor your phone number, so it can't be told whether this contact is you. Ask your admin to add one.",
	ReasonVoIP:              "Numbers without a SIM get no texts here. Try e-mail.",
	ReasonNoCarrier:         "No carrier is set up for this kind of address or number. Ask your administrator.",
}

// check refuses what the rules don't allow.
func (p Policy) check(d TicketContext, c Contact, ch Channel, m Method, now time.Time) error {
	if err := ch.checkUsable(); err != nil {
		return err
	}
	if m.Kind() != ch.Kind || !slices.Contains(Methods, m) {
		return &Error{Code: CodeInvalid, Field: "method", Public: "This method does not fit the channel."}
	}
	switch reason := p.refusal(d, c, ch, m, now); reason {
	case "":
		return nil
	case ReasonOwn:
		return &Error{Code: CodeOwnChannel, Reason: reason, Public: "This contact is you. Somebody else must verify you."}
	default:
		return &Error{Code: CodeMethodNotAllowed, Reason: reason, Public: refusals[reason]}
	}
}
