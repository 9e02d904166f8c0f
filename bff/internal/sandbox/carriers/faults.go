package carriers

import (
	"slices"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/sandbox/faults"
)

// Modes of a carrier: the treatment of the next messages.
const (
	modeSlow      = "slow"              // accepts the message, and answers after seconds
	modeCut       = "cut"               // accepts the message and drops the connection
	mode429       = "429"               // too many requests, as HTTP status
	mode5xx       = "5xx"               // an internal error
	modeThrottled = "throttled"         // too many requests, in the carrier's own format
	modeLost      = "lost_receipt"      // delivers without a receipt
	modeDuplicate = "duplicate_receipt" // sends every receipt twice
	modeForged    = "forged_receipt"    // sends receipts with a wrong signature
	modeRefuse    = "refuse"            // refuses the recipient
	modeDown      = "down"              // only the gateway answers
	modeDisorder  = "out_of_order"      // sends the later receipt first
	modeStop      = "stop"              // the recipient has opted out
	modeLandline  = "landline"          // the recipient's number is a landline
	modeFull      = "mailbox_full"      // the recipient's mailbox is full

	modeTokenExpired  = "token_expired"       // refuses the access token, which has ended early
	modeTokenDown     = "token_down"          // issues no access token: only the gateway answers
	modeSecretExpired = "secret_expired"      // issues no access token: the client secret has expired
	modePolicy        = "policy_block"        // issues no access token: Conditional Access forbids it
	modeDelegation    = "delegation_missing"  // issues no access token: the service account may not act for the mailbox
	modeDisabled      = "smtp_disabled"       // the organisation takes no mail by SMTP
	modeAccessDenied  = "access_denied"       // the application may not send from the mailbox
	modeSendAs        = "send_as_denied"      // the mailbox may not send with the sender's address
	modeNoMailbox     = "mailbox_not_enabled" // the mailbox has no licence
)

// The carriers.
const (
	sendgrid = "sendgrid"
	vonage   = "vonage"
	twilio   = "twilio"
	smtp     = "smtp"
	graph    = "graph"
	google   = "google" // its token endpoint
)

// targets are the carriers with their modes: a mail server and Microsoft Graph send no receipts, and only numbers can be
// landlines. The modes of graph apply to its sendMail or to Microsoft's token endpoint, those of
// smtp to the message or to the sign-in by access token.
var targets = func() map[string]faults.Target {
	taking := []string{faults.OK, modeSlow, modeCut, mode429, mode5xx, modeDown, modeRefuse}
	telling := []string{modeThrottled, modeLost, modeDuplicate, modeForged, modeDisorder}
	sending := append(slices.Clone(taking), modeThrottled, modeTokenExpired, modeAccessDenied, modeSendAs, modeNoMailbox)
	signing := []string{modeTokenDown, modeSecretExpired, modePolicy}
	mailing := append(slices.Clone(taking), modeFull)
	paths, smtpPaths := map[string]string{}, map[string]string{modeTokenExpired: "/auth", modeDisabled: "/auth"}
	for _, mode := range mailing {
		smtpPaths[mode] = "/mail"
	}
	for _, mode := range sending {
		paths[mode] = "/sendmail"
	}
	for _, mode := range signing {
		paths[mode] = "/token"
	}
	return map[string]faults.Target{
		graph:    {Modes: slices.Concat(sending, signing), Paths: paths},
		sendgrid: {Modes: slices.Concat(taking, telling, []string{modeFull})},
		vonage:   {Modes: slices.Concat(taking, telling, []string{modeStop, modeLandline})},
		twilio:   {Modes: slices.Concat(taking, telling, []string{modeStop, modeLandline})},
		smtp:     {Modes: append(mailing, modeTokenExpired, modeDisabled), Paths: smtpPaths},
		google:   {Modes: []string{faults.OK, modeTokenDown, modeDelegation}},
	}
}()

// deliveryStep gives the time of one of two receipts of a message, in halves of the delay. In modeDisorder the first
// one comes last.
func deliveryStep(step int, mode string) time.Duration {
	if mode == modeDisorder {
		step = 3 - step
	}
	return time.Duration(step)
}
