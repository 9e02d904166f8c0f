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
	// The delay of retry n is a random part of baseRetryDelay·2ⁿ, at most maxRetryDelay.
	baseRetryDelay = time.Second
	maxRetryDelay  = 20 * time.Second
	// writeRetryDelay is the first delay before a result is written again. It doubles with each try.
	writeRetryDelay = 100 * time.Millisecond
)

// errUnseal is the cause of a job without a destination.
var errUnseal = errors.New("its seal can't be opened: was the master key changed?")

var indeterminate = verify.Report{Kind: verify.EventIndeterminate, Reason: verify.ReasonIndeterminate}

// deliver sends one claimed job and records the result. It always ends within the lease.
func (c *Courier) deliver(ctx context.Context, j verify.Job) {
	ctx, cancel := context.WithTimeout(ctx, lease-leaseMargin)
	defer cancel()
	if j.To == "" {
		c.recordResult(ctx, j, Result{}, &Fault{Kind: Misconfigured, Err: errUnseal})
		return
	}
	left := j.ExpiresAt.Sub(c.Now())
	if left <= 0 {
		c.settle(ctx, j, verify.JobDead, "", "its verification ended first")
		return
	}
	m, err := c.render(ctx, j, left)
	if err != nil {
		c.recordResult(ctx, j, Result{}, err)
		return
	}
	sendCtx, cancelSend := context.WithTimeout(ctx, left)
	defer cancelSend()
	result, err := c.send(sendCtx, j, m)
	c.recordResult(ctx, j, result, err)
}

// render makes the job's message. A fault means that nothing was sent.
func (c *Courier) render(ctx context.Context, j verify.Job, left time.Duration) (OutgoingMessage, error) {
	brand, err := c.Brands.Brand(ctx, j.Tenant)
	if err != nil {
		return OutgoingMessage{}, &Fault{Kind: Temporary, Err: fmt.Errorf("brand: %w", err)}
	}
	j.ValidFor = min(j.ValidFor, left) // the job may have waited in the outbox
	m := OutgoingMessage{ID: j.ID, Tenant: j.Tenant, To: j.To}
	if j.Method.Kind() == verify.Email {
		m.Mail, err = message.RenderMail(j, brand, c.PublicURL)
	} else {
		m.Text, err = message.RenderSMS(j, brand, c.PublicURL)
	}
	if err != nil {
		return OutgoingMessage{}, &Fault{Kind: Misconfigured, Err: err}
	}
	return m, nil
}

// recordResult records the result of a send, in the order that is safe against crashes (see the package comment).
func (c *Courier) recordResult(ctx context.Context, j verify.Job, r Result, err error) {
	if err == nil {
		c.report(ctx, j, verify.Report{Kind: verify.EventSent, Carrier: r.Carrier})
		c.settle(ctx, j, verify.JobSent, r.Ref, "")
		return
	}
	f := faultOf(err)
	log := c.Log.With("job", j.ID, "tenant", j.Tenant, "method", string(j.Method), "err", f.Error())
	switch f.Kind {
	case Temporary:
		log.WarnContext(ctx, "a message waits: the carrier does not take it yet", "attempts", j.Attempts+1)
		c.retry(ctx, j, f)
	case Rejected, Unsupported:
		log.InfoContext(ctx, "a message was refused", "reason", string(f.Reason))
		c.report(ctx, j, verify.Report{Kind: verify.EventFailed, Reason: f.Reason})
		c.settle(ctx, j, verify.JobFailed, "", f.Error())
	case Misconfigured:
		log.ErrorContext(ctx, "MESSAGES ARE REFUSED: the carrier's account or settings need attention")
		c.report(ctx, j, verify.Report{Kind: verify.EventFailed, Reason: verify.ReasonCarrierSet})
		c.settle(ctx, j, verify.JobFailed, "", f.Error())
	default:
		log.WarnContext(ctx, "a message may or may not have been sent")
		c.report(ctx, j, indeterminate)
		c.settle(ctx, j, verify.JobUnsure, "", f.Error())
	}
}

// retry queues the job again. A retry that would come after the end of the verification is reported as failed
// failingSender once, so that the technician can still choose another method.
func (c *Courier) retry(ctx context.Context, j verify.Job, f *Fault) {
	at := c.Now().Add(c.retryDelay(j.Attempts, f.RetryAfter))
	if !at.Before(j.ExpiresAt) {
		c.report(ctx, j, verify.Report{Kind: verify.EventFailed, Reason: verify.ReasonCarrierDown})
		c.settle(ctx, j, verify.JobDead, "", f.Error())
		return
	}
	c.retryWrite(ctx, j, "queue again", func(ctx context.Context) error {
		return c.Outbox.RetryJob(ctx, j.ID, at, f.Error())
	})
	c.report(ctx, j, verify.Report{Kind: verify.EventDelayed, Reason: verify.ReasonCarrierDown})
}

// retryDelay returns the delay after a number of attempts: the carrier's retryAfter, plus a random part of a time that
// doubles. The random part spreads the retries of several jobs.
func (c *Courier) retryDelay(attempts int, retryAfter time.Duration) time.Duration {
	longest := min(maxRetryDelay, baseRetryDelay*time.Duration(math.Exp2(float64(min(attempts, 10)))))
	return max(retryAfter, 0) + time.Duration(c.Random()*float64(longest))
}

func (c *Courier) report(ctx context.Context, j verify.Job, r verify.Report) {
	c.retryWrite(ctx, j, "report "+string(r.Kind), func(ctx context.Context) error {
		return c.Reports.RecordReport(ctx, j.Tenant, j.ID, r)
	})
}

func (c *Courier) settle(ctx context.Context, j verify.Job, s verify.JobState, ref, cause string) {
	c.retryWrite(ctx, j, "settle as "+string(s), func(ctx context.Context) error {
		return c.Outbox.SettleJob(ctx, j.ID, s, ref, cause)
	})
}

// retryWrite repeats a write until it succeeds, fails permanently or ctx ends. After the end of ctx nothing more is
// written, because a job that was not reported must not be settled; the expired lease is reported later.
func (c *Courier) retryWrite(ctx context.Context, j verify.Job, operation string, write func(context.Context) error) {
	for wait := writeRetryDelay; ; wait *= 2 {
		err := ctx.Err()
		if err == nil {
			err = write(ctx)
		}
		if err == nil {
			return
		}
		permanent := verify.CodeOf(err) == verify.CodeNotFound || verify.CodeOf(err) == verify.CodeInvalid
		if permanent || ctx.Err() != nil {
			c.Log.ErrorContext(ctx, "what became of a message can't be written down", "step", operation, "job", j.ID, "tenant", j.Tenant, "err", err)
			return
		}
		sleep(ctx, wait)
	}
}
