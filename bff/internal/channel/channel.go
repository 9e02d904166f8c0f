// Package channel has the words for channels: their kinds, the methods that verify them, and what is known of a
// phone number.
//
// Start with [Method] and [Kind]. The package imports nothing.
package channel

// Method is the way in which a channel is verified.
type Method string

// The methods. A link is validated by the end user on the landing page; a code
// is read aloud by the end user and typed by the technician.
const (
	EmailLink Method = "email_link"
	SMSLink   Method = "sms_link"
	SMSCode   Method = "sms_code"
	EmailCode Method = "email_code"
)

// Methods lists every method, in the order in which a pod offers them.
var Methods = []Method{SMSCode, SMSLink, EmailLink, EmailCode}

// ByCode tells whether the end user reads a code aloud.
func (m Method) ByCode() bool { return m == SMSCode || m == EmailCode }

// Kind of the channel that the method needs.
func (m Method) Kind() Kind {
	if m == EmailLink || m == EmailCode {
		return Email
	}
	return Phone
}

// Kind tells an address from a number.
type Kind string

// The kinds of channel.
const (
	Email Kind = "email"
	Phone Kind = "phone"
)

// Capability tells whether a phone number can receive text messages.
type Capability string

// Capabilities of a phone number. Unknown is tried: the carrier will tell.
const (
	Mobile   Capability = "mobile"
	Landline Capability = "landline"
	Unknown  Capability = ""
)

// Line is what a number's block was given out for.
type Line string

// Lines that rules look at; all others are ordinary.
const (
	Ordinary Line = ""
	Premium  Line = "premium"   // its holder is paid for each text: premium rate, shared cost, personal numbers
	VoIP     Line = "voip"      // held by an account, not by a SIM
	TollFree Line = "toll_free" // its holder pays for calls; it is seldom a mobile phone
)
