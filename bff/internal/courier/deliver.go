package courier

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/message"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

const (
	// A retry waits a random part of firstPause·2ⁿ, at most maxPause.
	firstPause = time.Second
	maxPause   = 20 * time.Second
	// insistPause is the first wait before a result is written again; it doubles.
	insistPause = 100 * time.Millisecond
)

// errSealed is why a job comes out of the outbox without its message.
var errSealed = errors.New("its seal can't be opened: was the master key changed?")

var unsure = verify.Report{Kind: verify.EventIndeterminate, Reason: verify.ReasonIndeterminate}

// deliver takes one claimed job to its carrier and writes down what came of it.
// All of it fits in the lease, whatever hangs.
func (c *Courier) deliver(ctx context.Context, j verify.Job) {
	ctx, cancel := context.WithTimeout(ctx, lease-sparedTime)
	defer cancel()
	if j.To == "" {
		c.conclude(ctx, j, Receipt{}, &Fault{Kind: Setup, Err: errSealed})
		return
	}
	left := j.ExpiresAt.Sub(c.Now())
	if left <= 0 {
		c.settle(ctx, j, verify.JobDead, "", "its verification ended first")
		return
	}
	parcel, err := c.pack(ctx, j, left)
	if err != nil {
		c.conclude(ctx, j, Receipt{}, err)
		return
	}
	sending, sent := context.WithTimeout(ctx, left)
	defer sent()
	receipt, err := c.send(sending, j, parcel)
	c.conclude(ctx, j, receipt, err)
}

// pack puts the job into words. Its fault means that nothing was sent.
func (c *Courier) pack(ctx context.Context, j verify.Job, left time.Duration) (Parcel, error) {
	brand, err := c.Brands.Brand(ctx, j.Tenant)
	if err != nil {
		return Parcel{}, &Fault{Kind: Busy, Err: fmt.Errorf("brand: %w", err)}
	}
	j.ValidFor = min(j.ValidFor, left) // it may have waited
	p := Parcel{ID: j.ID, Tenant: j.Tenant, To: j.To}
	if j.Method.Kind() == verify.Email {
		p.Mail, err = message.RenderMail(j, brand, c.PublicURL)
	} else {
		p.Text, err = message.RenderSMS(j, brand, c.PublicURL)
	}
	if err != nil {
		return Parcel{}, &Fault{Kind: Setup, Err: err}
	}
	return p, nil
}

// conclude writes down what came of a send, in the order that survives a crash (see the package comment).
func (c *Courier) conclude(ctx context.Context, j verify.Job, r Receipt, err error) {
	if err == nil {
		c.report(ctx, j, verify.Report{Kind: verify.EventSent, Carrier: r.Carrier})
		c.settle(ctx, j, verify.JobSent, r.Ref, "")
		return
	}
	f := faultOf(err)
	log := c.Log.With("job", j.ID, "tenant", j.Tenant, "method", string(j.Method), "error", f.Error())
	switch f.Kind {
	case Busy:
		log.WarnContext(ctx, "a message waits: the carrier does not take it yet", "attempts", j.Attempts+1)
		c.retry(ctx, j, f)
	case Refused, Unsupported:
		log.InfoContext(ctx, "a message was refused", "reason", string(f.Reason))
		c.report(ctx, j, verify.Report{Kind: verify.EventFailed, Reason: f.Reason})
		c.settle(ctx, j, verify.JobFailed, "", f.Error())
	case Setup:
		log.ErrorContext(ctx, "MESSAGES ARE REFUSED: the carrier's account or settings need attention")
		c.report(ctx, j, verify.Report{Kind: verify.EventFailed, Reason: verify.ReasonCarrierSet})
		c.settle(ctx, j, verify.JobFailed, "", f.Error())
	default:
		log.WarnContext(ctx, "a message may or may not have been sent")
		c.report(ctx, j, unsure)
		c.settle(ctx, j, verify.JobUnsure, "", f.Error())
	}
}

// retry queues the job again. If its turn would come after its verification has ended
// there is none: the technician is told now, while another way can still be tried.
func (c *Courier) retry(ctx context.Context, j verify.Job, f *Fault) {
	at := c.Now().Add(c.pause(j.Attempts, f.RetryAfter))
	if !at.Before(j.ExpiresAt) {
		c.report(ctx, j, verify.Report{Kind: verify.EventFailed, Reason: verify.ReasonCarrierDown})
		c.settle(ctx, j, verify.JobDead, "", f.Error())
		return
	}
	c.insist(ctx, j, "queue again", func(ctx context.Context) error {
		return c.Outbox.RetryJob(ctx, j.ID, at, f.Error())
	})
	c.report(ctx, j, verify.Report{Kind: verify.EventDelayed, Reason: verify.ReasonCarrierDown})
}

// pause is how long to wait after so many attempts: what the carrier asks for, and on
// top a random part of a time that doubles, so that those who wait do not come back together.
func (c *Courier) pause(attempts int, asked time.Duration) time.Duration {
	longest := min(maxPause, firstPause*time.Duration(math.Exp2(float64(min(attempts, 10)))))
	return max(asked, 0) + time.Duration(c.Chance()*float64(longest))
}

func (c *Courier) report(ctx context.Context, j verify.Job, r verify.Report) {
	c.insist(ctx, j, "report "+string(r.Kind), func(ctx context.Context) error {
		return c.Reports.Delivered(ctx, j.Tenant, j.ID, r)
	})
}

func (c *Courier) settle(ctx context.Context, j verify.Job, s verify.JobState, ref, cause string) {
	c.insist(ctx, j, "settle as "+string(s), func(ctx context.Context) error {
		return c.Outbox.SettleJob(ctx, j.ID, s, ref, cause)
	})
}

// insist writes a result until it is written, refused for good, or out of time; then the
// end of the lease tells the rest. Out of time nothing more is written: what could not be
// reported may not be settled.
func (c *Courier) insist(ctx context.Context, j verify.Job, what string, write func(context.Context) error) {
	for wait := insistPause; ; wait *= 2 {
		err := ctx.Err()
		if err == nil {
			err = write(ctx)
		}
		if err == nil {
			return
		}
		final := verify.CodeOf(err) == verify.CodeNotFound || verify.CodeOf(err) == verify.CodeInvalid
		if final || ctx.Err() != nil {
			c.Log.ErrorContext(ctx, "what became of a message can't be written down", "step", what, "job", j.ID, "tenant", j.Tenant, "error", err)
			return
		}
		rest(ctx, wait)
	}
}
