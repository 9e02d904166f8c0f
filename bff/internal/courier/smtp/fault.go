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

// faultOf returns the fault of a failed step. A permanent refusal counts as Misconfigured unless the recipient is known to
// be the cause: the next carrier is tried, and the operator is alerted. A server may delay a refusal of the sender until
// RCPT (Postfix does), DATA or the final dot, so the refused command says little about the cause.
//
// International means that the recipient's address has non-ASCII letters before the @.
func faultOf(err error, international bool) *courier.Fault {
	var step *stepError
	if !errors.As(err, &step) {
		return &courier.Fault{Kind: courier.Temporary, Err: fmt.Errorf("smtp: %T", err)}
	}
	if step.reply != nil {
		return faultOfReply(step, international)
	}
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.Is(step.err, errNoUTF8) && international:
		return &courier.Fault{Kind: courier.Unsupported, Reason: verify.ReasonAddressForm, Err: fmt.Errorf("smtp: %w", errNoUTF8)}
	case errors.As(step.err, &certificate):
		return &courier.Fault{Kind: courier.Misconfigured, Err: fmt.Errorf("smtp: %s: no authority that is trusted vouches for the server's certificate", step.phase)}
	case errors.Is(step.err, errNoUTF8), errors.Is(step.err, errPlaintext),
		errors.Is(step.err, errNoTLS), errors.Is(step.err, errNoSignIn), errors.Is(step.err, errInjection):
		return &courier.Fault{Kind: courier.Misconfigured, Err: fmt.Errorf("smtp: %s: %w", step.phase, step.err)}
	case step.phase == phaseMessage: // the server may have the message
		return &courier.Fault{Kind: courier.Indeterminate, Err: fmt.Errorf("smtp: %w", step)}
	}
	return &courier.Fault{Kind: courier.Temporary, Err: fmt.Errorf("smtp: %w", step)}
}

func faultOfReply(step *stepError, international bool) *courier.Fault {
	r := refusal.Reply{Code: step.reply.code, Enhanced: step.reply.enhanced, Text: step.reply.text()}
	aboutRecipient := slices.Contains([]phase{phaseRcpt, phaseData, phaseMessage}, step.phase)
	var reason verify.Code
	if aboutRecipient {
		reason = r.RecipientReason()
	}
	class := step.reply.class()
	switch {
	case class != 4 && class != 5 && step.phase == phaseMessage: // not a reply to the message
		return &courier.Fault{Kind: courier.Indeterminate, Err: fmt.Errorf("smtp: %w", step)}
	case class != 4 && class != 5:
		return &courier.Fault{Kind: courier.Temporary, Err: fmt.Errorf("smtp: %w", step)}
	case class == 5 && international && (r.IsAboutAddressForm() || step.phase == phaseMail && r.Code == 555):
		return &courier.Fault{Kind: courier.Unsupported, Reason: verify.ReasonAddressForm, Err: fmt.Errorf("smtp: %w", step)}
	case reason != "":
		return &courier.Fault{Kind: courier.Rejected, Reason: reason, Err: fmt.Errorf("smtp: %w", step)}
	case class == 4 && !r.IsPermanentDespiteCode():
		return &courier.Fault{Kind: courier.Temporary, Err: fmt.Errorf("smtp: %w", step)}
	}
	return misconfigured(step, r.Explanation())
}

func misconfigured(step *stepError, meaning string) *courier.Fault {
	err := fmt.Errorf("smtp: %w", step)
	if meaning != "" {
		err = fmt.Errorf("%w: %s", err, meaning)
	}
	return &courier.Fault{Kind: courier.Misconfigured, Err: err}
}
