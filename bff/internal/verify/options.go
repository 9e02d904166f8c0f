package verify

import (
	"slices"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/policy"
)

// Option is one method on one channel: offered, or refused with the reason.
type Option struct {
	Method  channel.Method
	Refusal Code // empty when offered
}

// Options lists the methods that fit the channel's kind, in the order in which a pod offers them, as
// they stand for this technician and policy now. A method of another kind is not an option at all; nor is a code by e-mail where
// no policy allows it, because it is off by default. A channel that can't be used has none.
func (d TicketContext) Options(p policy.Policy, c Contact, ch Channel, r ContactState, now time.Time) []Option {
	options := make([]Option, 0, 2)
	if ch.Unusable != "" {
		return options
	}
	for _, m := range channel.Methods {
		if m.Kind() != ch.Kind || m == channel.EmailCode && !slices.Contains(p.Methods, m) {
			continue
		}
		reason := d.refusal(p, c, ch, m, now)
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

// refusal is the reason why the method is not allowed on this channel; empty if it is.
func (d TicketContext) refusal(p policy.Policy, c Contact, ch Channel, m channel.Method, now time.Time) Code {
	switch {
	case d.isTechnician(c):
		return ReasonOwn
	case p.TechnicianAddress == policy.TechnicianRequired && !d.TechnicianKnown():
		return ReasonTechnician
	}
	return Code(p.Refusal(ch.target(), m, now))
}

// target is what policies look at of the channel.
func (c Channel) target() policy.Target {
	return policy.Target{Kind: c.Kind, Capability: c.Capability, Line: c.Line, Country: c.Country, ChangedAt: c.ChangedAt}
}

// check refuses what the rules don't allow.
func (d TicketContext) check(p policy.Policy, c Contact, ch Channel, m channel.Method, now time.Time) error {
	if err := ch.checkUsable(); err != nil {
		return err
	}
	if m.Kind() != ch.Kind || !slices.Contains(channel.Methods, m) {
		return &Error{Code: CodeInvalid, Field: "method", Public: "This method does not fit the channel."}
	}
	switch reason := d.refusal(p, c, ch, m, now); reason {
	case "":
		return nil
	case ReasonOwn:
		return &Error{Code: CodeOwnChannel, Reason: reason, Public: "This contact is you. Somebody else must verify you."}
	default:
		return methodRefused(reason)
	}
}

// methodRefused is the error for a method that can't be used on a channel.
func methodRefused(reason Code) error {
	words := policy.Reason(reason).Words()
	switch reason {
	case ReasonOptedOut:
		words = "This number has told us to stop: it texted STOP. Try e-mail, or have its holder text START and ask an admin."
	case ReasonTechnician:
		words = "The ticket system names neither your e-mail address nor your phone number, so it can't be told whether this contact is you. Ask your admin to add one."
	}
	return &Error{Code: CodeMethodNotAllowed, Reason: reason, Public: words}
}
