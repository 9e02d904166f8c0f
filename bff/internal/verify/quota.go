package verify

import (
	"context"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/policy"
	"github.com/shieldpod/shieldpod/bff/internal/quota"
)

// block of a number is what it shares with its nearest ten thousand.
func block(number string) string { return number[:max(0, len(number)-4)] }

// quotas are all that a send counts on.
func (a pendingSend) quotas(p *policy.Effective) []quota.Quota {
	v := a.verification
	return p.Limits.ForSend(quota.Send{Technician: v.Technician, Client: a.requested.Client, Prefix: v.Prefix, Country: a.country})
}

// quotaTx is what counting a send does in its transaction.
type quotaTx interface {
	Quotas
	Journal
	Alerts
}

// countQuotas counts the send on every quota. A limit that is passed refuses it, and with the step all of its
// counting is undone. What remains little is told.
func (a pendingSend) countQuotas(ctx context.Context, tx quotaTx, p *policy.Effective) ([]quota.Status, error) {
	now, quotas := a.verification.RequestedAt, a.counted
	warnings, err := a.checkDestinationLimit(ctx, tx, p)
	if err != nil {
		return nil, err
	}
	uses, err := tx.Spend(ctx, a.verification.Tenant, now, quotas)
	if err != nil {
		return nil, err
	}
	more, refused := quota.Judge(quotas, uses, now)
	if refused != nil {
		return nil, quotaError(refused)
	}
	if last := len(quotas) - 1; quotas[last].Name == quota.Pumping {
		if err := a.checkPumping(ctx, tx, p, quotas[last], uses[last]); err != nil {
			return nil, err
		}
	}
	return append(warnings, more...), nil
}

// checkDestinationLimit refuses too many messages to one person, across contacts, tickets and aliases of the address. It
// counts the verifications themselves.
func (a pendingSend) checkDestinationLimit(ctx context.Context, tx Quotas, p *policy.Effective) ([]quota.Status, error) {
	v, now := a.verification, a.verification.RequestedAt
	n, first, last, err := tx.Messages(ctx, v.Tenant, v.Person, now.Add(-quota.DestinationWindow))
	if err != nil || n == 0 {
		return nil, err
	}
	warnings, refused := p.Limits.JudgeDestination(n, first, last, p.ResendCooldown, now)
	if refused != nil {
		return nil, quotaError(refused)
	}
	return warnings, nil
}

// checkPumping pauses a block of numbers of which too few texts come back as proofs: this one still goes out, and
// none after it.
func (a pendingSend) checkPumping(ctx context.Context, tx quotaTx, p *policy.Effective, q quota.Quota, sent quota.Usage) error {
	l, v := p.Limits, a.verification
	if !l.Samples(sent.Used) {
		return nil
	}
	proven, err := tx.Used(ctx, v.Tenant, v.RequestedAt, quota.Proven(v.Prefix))
	if err != nil || !l.Pumped(sent.Used, proven.Used) {
		return err
	}
	until := v.RequestedAt.Add(l.PumpingPause)
	if err := tx.Pause(ctx, v.Tenant, q, until); err != nil {
		return err
	}
	e := Event{
		Tenant: v.Tenant, At: v.RequestedAt, Kind: EventPrefixPaused, Client: a.requested.Client, Until: until,
		Masked: block(a.job.To) + "••••", Sent: sent.Used, Proven: proven.Used,
	}
	if err := tx.Append(ctx, &e); err != nil {
		return err
	}
	return tx.Alert(ctx, e.alert())
}

// countProvenText counts a text whose code or link was used.
func countProvenText(ctx context.Context, tx Quotas, v Verification, at time.Time) error {
	if v.Prefix == "" {
		return nil
	}
	_, err := tx.Spend(ctx, v.Tenant, at, []quota.Quota{quota.Proven(v.Prefix)})
	return err
}

// quotaError is the error of a send that a quota refuses.
func quotaError(r *quota.Refusal) error {
	if r.Quota.Name == quota.Cooldown {
		return &Error{Code: CodeCooldown, RetryAfter: r.Wait, Public: r.Public}
	}
	return &Error{Code: CodeQuotaExceeded, RetryAfter: r.Wait, Quota: &r.Quota, Public: r.Public}
}
