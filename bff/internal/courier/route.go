package courier

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// Carriers knows by whom a tenant's messages go.
type Carriers interface {
	// Senders gives the carriers to channels of the kind, in the order in which they are asked; none when nobody
	// has set one up. What it gives is shared.
	Senders(ctx context.Context, tenant string, kind verify.ChannelKind) ([]Sender, error)
}

// Fixed are the same carriers for every tenant.
type Fixed map[verify.ChannelKind][]Sender

// Senders is [Carriers]'.
func (f Fixed) Senders(_ context.Context, _ string, kind verify.ChannelKind) ([]Sender, error) {
	return f[kind], nil
}

// Most is how many carriers of one kind are asked for one message: all of them, one after the other and each
// for as long as it may take, fit in a job's lease.
const Most = int((lease - sparedTime) / sendTime)

var errNoCarrier = errors.New("no carrier is set up for this kind of channel")

// send asks the carriers in their order. The next one is asked when one says that it is at fault itself, or can't send
// to such a recipient: it has not taken the message, and nothing is wrong with the recipient. Where the recipient is at fault nobody else is
// asked; nor where a carrier may have taken the message, which another could only repeat.
func (c *Courier) send(ctx context.Context, j verify.Job, p Parcel) (Receipt, error) {
	senders, err := c.Carriers.Senders(ctx, j.Tenant, j.Method.Kind())
	if err != nil {
		return Receipt{}, &Fault{Kind: Busy, Err: fmt.Errorf("carriers: %w", err)}
	}
	if len(senders) == 0 {
		return Receipt{}, &Fault{Kind: Setup, Err: errNoCarrier}
	}
	var atFault *Fault
	for _, s := range senders[:min(len(senders), Most)] {
		receipt, err := ask(ctx, s, p)
		if err == nil {
			return receipt, nil
		}
		f := faultOf(err)
		if f.Kind == Unsure || f.Kind == Refused {
			return Receipt{}, f
		}
		if len(senders) > 1 {
			level := slog.LevelWarn
			if f.Kind == Setup { // the next one may hide it for weeks
				level = slog.LevelError
			}
			c.Log.Log(ctx, level, "a carrier is at fault", "job", j.ID, "tenant", j.Tenant, "error", f.Error())
		}
		atFault = atFault.or(f)
	}
	return Receipt{}, atFault
}

// ask asks one carrier. A library that panics has asked or has not: nobody knows.
func ask(ctx context.Context, s Sender, p Parcel) (r Receipt, err error) {
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	defer func() {
		if bad := recover(); bad != nil {
			err = &Fault{Kind: Unsure, Err: fmt.Errorf("the carrier's library panicked (%T)", bad)}
		}
	}()
	return s.Send(ctx, p)
}

// or is what two carriers at fault come to: as long as one may take the message later, it can wait for that one.
// The recipient's address is the reason only if no carrier has another one.
func (f *Fault) or(next *Fault) *Fault {
	if f == nil {
		return next
	}
	both := &Fault{Kind: Setup, Err: fmt.Errorf("%w; %w", f.Err, next.Err)}
	switch {
	case f.Kind == Busy || next.Kind == Busy:
		both.Kind = Busy
	case f.Kind == Unsupported && next.Kind == Unsupported:
		both.Kind, both.Reason = Unsupported, next.Reason
	}
	switch {
	case f.Kind == Busy && next.Kind == Busy:
		both.RetryAfter = min(f.RetryAfter, next.RetryAfter)
	case f.Kind == Busy:
		both.RetryAfter = f.RetryAfter
	default:
		both.RetryAfter = next.RetryAfter
	}
	return both
}
