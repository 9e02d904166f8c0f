package smtp

import (
	"crypto/tls"
	"errors"
	"fmt"
	"slices"

	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/courier/refusal"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// judge says what a failed step means. What is refused for good counts as ours, unless it is known to be the
// recipient's: the next carrier is asked, and the operator is told. A server may hold a refusal of the sender back until
// RCPT (Postfix does), DATA or the final dot, so the command that was answered says little.
//
// International: the recipient's address has letters outside of ASCII before its @.
func judge(err error, international bool) *courier.Fault {
	var step *stepError
	if !errors.As(err, &step) {
		return &courier.Fault{Kind: courier.Busy, Err: fmt.Errorf("smtp: %T", err)}
	}
	if step.reply != nil {
		return judgeReply(step, international)
	}
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.Is(step.err, errNoUTF8) && international:
		return &courier.Fault{Kind: courier.Unsupported, Reason: verify.ReasonAddressForm, Err: fmt.Errorf("smtp: %w", errNoUTF8)}
	case errors.As(step.err, &certificate):
		return &courier.Fault{Kind: courier.Setup, Err: fmt.Errorf("smtp: %s: no authority that is trusted vouches for the server's certificate", step.phase)}
	case errors.Is(step.err, errNoUTF8), errors.Is(step.err, errPlain), errors.Is(step.err, errNoTLS), errors.Is(step.err, errNoSignIn), errors.Is(step.err, errInjection):
		return &courier.Fault{Kind: courier.Setup, Err: fmt.Errorf("smtp: %s: %w", step.phase, step.err)}
	case step.phase == phaseMessage: // the server may have the message
		return &courier.Fault{Kind: courier.Unsure, Err: fmt.Errorf("smtp: %w", step)}
	}
	return &courier.Fault{Kind: courier.Busy, Err: fmt.Errorf("smtp: %w", step)}
}

func judgeReply(step *stepError, international bool) *courier.Fault {
	r := refusal.Reply{Code: step.reply.code, Enhanced: step.reply.enhanced, Text: step.reply.text()}
	aboutRecipient := slices.Contains([]phase{phaseRcpt, phaseData, phaseMessage}, step.phase)
	var reason verify.Code
	if aboutRecipient {
		reason = r.Recipient()
	}
	class := step.reply.class()
	switch {
	case class != 4 && class != 5 && step.phase == phaseMessage: // no answer to what was asked
		return &courier.Fault{Kind: courier.Unsure, Err: fmt.Errorf("smtp: %w", step)}
	case class != 4 && class != 5:
		return &courier.Fault{Kind: courier.Busy, Err: fmt.Errorf("smtp: %w", step)}
	case class == 5 && international && (r.Form() || step.phase == phaseMail && r.Code == 555):
		return &courier.Fault{Kind: courier.Unsupported, Reason: verify.ReasonAddressForm, Err: fmt.Errorf("smtp: %w", step)}
	case reason != "":
		return &courier.Fault{Kind: courier.Refused, Reason: reason, Err: fmt.Errorf("smtp: %w", step)}
	case class == 4 && !r.Soft():
		return &courier.Fault{Kind: courier.Busy, Err: fmt.Errorf("smtp: %w", step)}
	}
	return ours(step, r.Meaning())
}

func ours(step *stepError, meaning string) *courier.Fault {
	err := fmt.Errorf("smtp: %w", step)
	if meaning != "" {
		err = fmt.Errorf("%w: %s", err, meaning)
	}
	return &courier.Fault{Kind: courier.Setup, Err: err}
}
