package verify

import (
	"context"
	"fmt"
	"math"
	"time"
)

// Quota is how much of something may be done in a window of time.
type Quota struct {
	Name   string // as the policy's field, or one of the names below
	Key    string // of what is counted: an id, or a keyed hash
	Window time.Duration
	Limit  int64
	Amount int64         // of this send: 1, or its price
	Pause  time.Duration // that it may have before it at most
}

// Names of quotas that are no fields of the policy.
const (
	quotaCooldown = "cooldown"       // of a destination
	quotaPumping  = "pumping"        // texts to a block of numbers
	quotaProven   = "pumping_proven" // those that came back
)

// pause is how long the alarm pauses a block of numbers. Switched off it ends the pauses that there are.
func (l Limits) pause() time.Duration {
	if l.PumpingFloor == 0 {
		return 0
	}
	return l.PumpingPause
}

// pumpingWindow is what the alarm looks at.
const pumpingWindow = 24 * time.Hour

// Usage is how a quota stands.
type Usage struct {
	Used   int64 // in the window, this send included
	Began  time.Time
	Paused time.Time // zero: it is not
}

// QuotaStatus is the use of a quota as the pod and the API show it.
type QuotaStatus struct {
	Name    string
	Used    int64
	Limit   int64
	FreesAt time.Time
}

// destinationWindow is the day of quota_destination_day.
const destinationWindow = 24 * time.Hour

// warnFrom is the share of a limit, in percent, from which technicians are told.
const warnFrom = 80

// close tells whether little is left.
func (b QuotaStatus) close() bool { return b.Limit > 1 && b.Used*100 >= b.Limit*warnFrom }

// block of a number is what it shares with its nearest ten thousand.
func block(number string) string { return number[:max(0, len(number)-4)] }

// quotas are all that a send counts on; of an e-mail those that texts have beside are left out.
func (a pendingSend) quotas(p *EffectivePolicy) []Quota {
	v, l := a.verification, p.Limits
	list := []Quota{
		{Name: "quota_technician_minute", Key: v.Technician, Window: time.Minute, Limit: l.TechnicianMinute, Amount: 1},
		{Name: "quota_technician_hour", Key: v.Technician, Window: time.Hour, Limit: l.TechnicianHour, Amount: 1},
		{Name: "quota_client_hour", Key: a.requested.Client, Window: time.Hour, Limit: l.ClientHour, Amount: 1},
		{Name: "quota_tenant_minute", Window: time.Minute, Limit: l.TenantMinute, Amount: 1},
		{Name: "quota_tenant_day", Window: 24 * time.Hour, Limit: l.TenantDay, Amount: 1},
	}
	if v.Prefix == "" {
		return list
	}
	return append(list,
		Quota{Name: "quota_prefix_hour", Key: v.Prefix, Window: time.Hour, Limit: l.PrefixHour, Amount: 1},
		Quota{Name: "quota_country_hour", Key: a.country, Window: time.Hour, Limit: l.CountryHour, Amount: 1},
		Quota{Name: "quota_tenant_spend_day", Window: 24 * time.Hour, Limit: l.TenantSpendDay, Amount: l.price(a.country)},
		Quota{Name: quotaPumping, Key: v.Prefix, Window: pumpingWindow, Limit: math.MaxInt64, Amount: 1, Pause: l.pause()},
	)
}

// countQuotas counts the send on every quota. A limit that is passed refuses it, and with the step all of its
// counting is undone. What remains little is told.
func (a pendingSend) countQuotas(ctx context.Context, tx Tx, p *EffectivePolicy) ([]QuotaStatus, error) {
	now, quotas := a.verification.RequestedAt, a.counted
	close, err := a.checkDestinationLimit(ctx, tx, p)
	if err != nil {
		return nil, err
	}
	uses, err := tx.Spend(ctx, a.verification.Tenant, now, quotas)
	if err != nil {
		return nil, err
	}
	for i, b := range quotas {
		use := uses[i]
		if use.Paused.After(now) {
			return nil, errPaused(use.Paused, now)
		}
		at := QuotaStatus{Name: b.Name, Used: use.Used, Limit: b.Limit, FreesAt: use.Began.Add(b.Window)}
		switch {
		case use.Used > b.Limit:
			at.Used -= b.Amount
			return nil, at.refusal(now)
		case b.Name != quotaPumping && at.close():
			close = append(close, at)
		}
		if b.Name == quotaPumping {
			if err := a.checkPumping(ctx, tx, p, b, use); err != nil {
				return nil, err
			}
		}
	}
	return close, nil
}

// checkDestinationLimit refuses too many messages to one person, across contacts, tickets and aliases of the address: the
// cooldown first, then the day's limit. It counts the verifications themselves.
func (a pendingSend) checkDestinationLimit(ctx context.Context, tx Tx, p *EffectivePolicy) ([]QuotaStatus, error) {
	v, now := a.verification, a.verification.RequestedAt
	n, first, last, err := tx.Messages(ctx, v.Tenant, v.Person, now.Add(-destinationWindow))
	if err != nil || n == 0 {
		return nil, err
	}
	day := QuotaStatus{Name: "quota_destination_day", Used: n + 1, Limit: p.Limits.DestinationDay, FreesAt: first.Add(destinationWindow)}
	switch wait := last.Add(p.ResendCooldown).Sub(now); {
	case wait > 0:
		return nil, QuotaStatus{Name: quotaCooldown, FreesAt: now.Add(min(wait, p.ResendCooldown))}.refusal(now)
	case n >= day.Limit:
		day.Used = n
		return nil, day.refusal(now)
	case day.close():
		return []QuotaStatus{day}, nil
	}
	return nil, nil
}

// checkPumping pauses a block of numbers of which too few texts come back as proofs: this one still goes out, and
// none after it.
func (a pendingSend) checkPumping(ctx context.Context, tx Tx, p *EffectivePolicy, b Quota, sent Usage) error {
	l, v := p.Limits, a.verification
	if l.PumpingFloor == 0 || sent.Used < l.PumpingSample {
		return nil
	}
	proven, err := tx.Used(ctx, v.Tenant, v.RequestedAt, Quota{Name: quotaProven, Key: v.Prefix, Window: pumpingWindow})
	if err != nil || proven.Used*100 >= sent.Used*int64(l.PumpingFloor) {
		return err
	}
	until := v.RequestedAt.Add(l.PumpingPause)
	if err := tx.Pause(ctx, v.Tenant, b, until); err != nil {
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
func countProvenText(ctx context.Context, tx Tx, v Verification, at time.Time) error {
	if v.Prefix == "" {
		return nil
	}
	_, err := tx.Spend(ctx, v.Tenant, at, []Quota{{Name: quotaProven, Key: v.Prefix, Window: pumpingWindow, Limit: math.MaxInt64, Amount: 1}})
	return err
}

func (b QuotaStatus) refusal(now time.Time) error {
	wait := max(b.FreesAt.Sub(now), time.Millisecond)
	seconds := int(math.Ceil(wait.Seconds()))
	if b.Name == quotaCooldown {
		return &Error{
			Code: CodeCooldown, RetryAfter: wait,
			Public: "A message was just sent here. Wait " + counted(seconds, "second", "seconds") + " before the next.",
		}
	}
	return &Error{
		Code: CodeQuotaExceeded, RetryAfter: wait, Quota: &b,
		Public: fmt.Sprintf("%s It frees in %s.", exhausted[b.Name], inWords(wait)),
	}
}

func errPaused(until, now time.Time) error {
	return &Error{
		Code: CodeQuotaExceeded, RetryAfter: until.Sub(now), Quota: &QuotaStatus{Name: quotaPumping, FreesAt: until},
		Public: "Texts to numbers like this one are paused, because too few came back. Try e-mail, or tell your admin.",
	}
}

var exhausted = map[string]string{
	"quota_destination_day":   "This address or number has had all the messages that it may get in a day.",
	"quota_prefix_hour":       "Too many texts went to numbers like this one. Try e-mail.",
	"quota_technician_minute": "You have sent all that one technician may send in a minute.",
	"quota_technician_hour":   "You have sent all that one technician may send in an hour.",
	"quota_client_hour":       "All that this client may be sent in an hour is sent.",
	"quota_country_hour":      "Too many texts went to this number's country. Try e-mail.",
	"quota_tenant_minute":     "All that your company may send in a minute is sent.",
	"quota_tenant_day":        "All that your company may send in a day is sent. Tell your admin.",
	"quota_tenant_spend_day":  "Your company's money for texts is spent for the day. Try e-mail, and tell your admin.",
}

// inWords says how long, no finer than helps.
func inWords(d time.Duration) string {
	switch seconds := int(math.Ceil(d.Seconds())); {
	case seconds < 90:
		return counted(seconds, "second", "seconds")
	case seconds < 90*60:
		return counted((seconds+59)/60, "minute", "minutes")
	default:
		return counted((seconds+3599)/3600, "hour", "hours")
	}
}
