package courier

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/jobs"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// Carriers selects the carriers of a tenant.
type Carriers interface {
	// Senders returns the carriers for channels of the kind, in order of priority. The list is empty when none is
	// configured. The result is shared and read-only.
	Senders(ctx context.Context, tenant string, kind channel.Kind) ([]Sender, error)
}

// MaxCarriers is the maximum number of carriers that are tried for one message. The sum of their time-outs fits in an
// attempt at a job.
const MaxCarriers = int((lease - jobs.SettleMargin) / sendTimeout)

var errNoCarrier = errors.New("no carrier is set up for this kind of channel")

// send tries the carriers in order of priority. The next carrier is tried after a fault of the carrier or an unsupported
// recipient: the message was not accepted, and the recipient is not the cause. No other carrier is tried after Rejected,
// because the recipient is the cause, nor after Indeterminate, because the message could be sent twice.
func (c *Courier) send(ctx context.Context, j verify.Job, m OutgoingMessage) (Result, error) {
	senders, err := c.Carriers.Senders(ctx, j.Tenant, j.Method.Kind())
	if err != nil {
		return Result{}, &Fault{Kind: Temporary, Err: fmt.Errorf("carriers: %w", err)}
	}
	if len(senders) == 0 {
		return Result{}, &Fault{Kind: Misconfigured, Err: errNoCarrier}
	}
	var combined *Fault
	for _, s := range senders[:min(len(senders), MaxCarriers)] {
		result, err := sendOnce(ctx, s, m)
		if err == nil {
			return result, nil
		}
		f := faultOf(err)
		if f.Kind == Indeterminate || f.Kind == Rejected {
			return Result{}, f
		}
		if len(senders) > 1 {
			level := slog.LevelWarn
			if f.Kind == Misconfigured { // the next carrier could hide this fault for weeks
				level = slog.LevelError
			}
			c.Log.Log(ctx, level, "a carrier is at fault", "job", j.ID, "tenant", j.Tenant, "err", f.Error())
		}
		combined = combined.merge(f)
	}
	return Result{}, combined
}

// sendOnce tries one carrier. A panic leaves the result unknown, so it is reported as Indeterminate.
func sendOnce(ctx context.Context, s Sender, m OutgoingMessage) (r Result, err error) {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	defer func() {
		if v := recover(); v != nil {
			err = &Fault{Kind: Indeterminate, Err: fmt.Errorf("the carrier's library panicked (%T)", v)}
		}
	}()
	return s.Send(ctx, m)
}

// merge combines the faults of two carriers. The result is Temporary if either is, because the message can wait for that
// carrier. It is Unsupported only if both are.
func (f *Fault) merge(next *Fault) *Fault {
	if f == nil {
		return next
	}
	combined := &Fault{Kind: Misconfigured, Err: fmt.Errorf("%w; %w", f.Err, next.Err)}
	switch {
	case f.Kind == Temporary || next.Kind == Temporary:
		combined.Kind = Temporary
	case f.Kind == Unsupported && next.Kind == Unsupported:
		combined.Kind, combined.Reason = Unsupported, next.Reason
	}
	switch {
	case f.Kind == Temporary && next.Kind == Temporary:
		combined.RetryAfter = min(f.RetryAfter, next.RetryAfter)
	case f.Kind == Temporary:
		combined.RetryAfter = f.RetryAfter
	default:
		combined.RetryAfter = next.RetryAfter
	}
	return combined
}
