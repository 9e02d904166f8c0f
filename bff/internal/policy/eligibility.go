package policy

import (
	"slices"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
)

// Target is what the rules look at of an address or number.
type Target struct {
	Kind       channel.Kind
	Capability channel.Capability // of a number
	Line       channel.Line       // of a number
	Country    string             // of a number: ISO 3166, empty when it has none
	ChangedAt  time.Time          // when the ticket system changed it; zero: not as far as is known
}

// Reason says why a policy refuses a method on a channel. It is a reason of the contract.
type Reason string

// The reasons.
const (
	ReasonMethod            Reason = "policy"              // the client's policy forbids the method
	ReasonLandline          Reason = "landline"            // can't get texts
	ReasonChanged           Reason = "changed_channel"     // the ticket system changed the address or number lately
	ReasonCountryNotAllowed Reason = "country_not_allowed" // no texts to that country
	ReasonPremiumRate       Reason = "premium_rate"        // the number's holder is paid for each text
	ReasonVoIP              Reason = "voip"                // no texts to numbers without a SIM
	ReasonTollFree          Reason = "toll_free"           // no texts to toll-free numbers
	ReasonNoCarrier         Reason = "no_carrier"          // no carrier is set up for this kind of channel
)

// reasonWords say what to do next.
var reasonWords = map[Reason]string{
	ReasonMethod:            "The client's policy does not allow this method.",
	ReasonLandline:          "This number is a landline and can't get texts. Try e-mail.",
	ReasonChanged:           "The ticket system changed this lately, and the policy does not trust it yet. Use another one, or follow your procedure.",
	ReasonCountryNotAllowed: "Texts to this number's country are not allowed. Try e-mail, or ask an admin.",
	ReasonPremiumRate:       "This number costs whoever texts it, so it gets none. Try e-mail.",
	ReasonVoIP:              "Numbers without a SIM get no texts here. Try e-mail.",
	ReasonTollFree:          "Toll-free numbers get no texts here. Try e-mail.",
	ReasonNoCarrier:         "No carrier is set up for this kind of address or number. Ask your administrator.",
}

// Words say the reason, and what to do next.
func (r Reason) Words() string { return reasonWords[r] }

// Refusal is the reason why the policy does not allow the method on this channel; empty if it does.
func (p Policy) Refusal(to Target, m channel.Method, now time.Time) Reason {
	switch {
	case !slices.Contains(p.Methods, m):
		return ReasonMethod
	case p.ChangedChannels == ChangeRefuse && p.ChangedLately(to.ChangedAt, now):
		return ReasonChanged
	}
	if to.Kind == channel.Phone {
		if reason := p.refuseText(to); reason != "" {
			return reason
		}
	}
	if slices.Contains(p.NoCarrier, to.Kind) {
		return ReasonNoCarrier
	}
	return ""
}

func (p Policy) refuseText(to Target) Reason {
	switch {
	case to.Capability == channel.Landline:
		return ReasonLandline
	case to.Line == channel.Premium:
		return ReasonPremiumRate
	case to.Line == channel.VoIP && !p.SMSVoIP:
		return ReasonVoIP
	case to.Line == channel.TollFree && !p.SMSTollFree:
		return ReasonTollFree
	case !slices.Contains(p.SMSCountries, to.Country):
		return ReasonCountryNotAllowed
	}
	return ""
}

// ChangedLately tells whether a change of a channel in the ticket system, at that time, is within the days that count.
func (p Policy) ChangedLately(changed, now time.Time) bool {
	return !changed.IsZero() && now.Before(changed.AddDate(0, 0, p.ChangedDays))
}
