package courier

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/jobs"
	"github.com/shieldpod/shieldpod/bff/internal/message"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// errUnseal is the cause of a job without a destination.
var errUnseal = errors.New("its seal can't be opened: was the master key changed?")

var indeterminate = verify.Report{Kind: verify.EventIndeterminate, Reason: verify.ReasonIndeterminate}

// result is what becomes of a job.
type result = jobs.Result[verify.Job]

// deliver sends one claimed job and reports the result. It always ends within the lease.
func (c *Courier) deliver(ctx context.Context, j verify.Job) result {
	if j.To == "" {
		return c.failed(ctx, j, &Fault{Kind: Misconfigured, Err: errUnseal})
	}
	left := j.ExpiresAt.Sub(c.Now())
	if left <= 0 {
		return result{State: verify.JobDead, Cause: "its verification ended first"}
	}
	m, err := c.render(ctx, j, left)
	if err != nil {
		return c.failed(ctx, j, err)
	}
	sendCtx, cancel := context.WithTimeout(ctx, left)
	defer cancel()
	sent, err := c.send(sendCtx, j, m)
	if err != nil {
		return c.failed(ctx, j, err)
	}
	c.report(ctx, j, verify.Report{Kind: verify.EventSent, Carrier: sent.Carrier})
	return result{State: verify.JobSent, Ref: sent.Ref}
}

// render makes the job's message. A fault means that nothing was sent.
func (c *Courier) render(ctx context.Context, j verify.Job, left time.Duration) (OutgoingMessage, error) {
	brand, err := c.Brands.Brand(ctx, j.Tenant)
	if err != nil {
		return OutgoingMessage{}, &Fault{Kind: Temporary, Err: fmt.Errorf("brand: %w", err)}
	}
	j.ValidFor = min(j.ValidFor, left) // the job may have waited in its queue
	m := OutgoingMessage{ID: j.ID, Tenant: j.Tenant, To: j.To}
	if j.Method.Kind() == channel.Email {
		m.Mail, err = message.RenderMail(j, brand, c.PublicURL)
	} else {
		m.Text, err = message.RenderSMS(j, brand, c.PublicURL)
	}
	if err != nil {
		return OutgoingMessage{}, &Fault{Kind: Misconfigured, Err: err}
	}
	return m, nil
}

// failed reports a message that was not sent. A final result is reported before it is settled (see the package comment).
func (c *Courier) failed(ctx context.Context, j verify.Job, err error) result {
	f := faultOf(err)
	log := c.Log.With("job", j.ID, "tenant", j.Tenant, "method", string(j.Method), "err", f.Error())
	switch f.Kind {
	case Temporary:
		log.WarnContext(ctx, "a message waits: the carrier does not take it yet", "attempts", j.Attempts+1)
		return c.retry(ctx, j, f)
	case Rejected, Unsupported:
		log.InfoContext(ctx, "a message was refused", "reason", string(f.Reason))
		c.report(ctx, j, verify.Report{Kind: verify.EventFailed, Reason: f.Reason})
		return result{State: verify.JobFailed, Cause: f.Error()}
	case Misconfigured:
		log.ErrorContext(ctx, "MESSAGES ARE REFUSED: the carrier's account or settings need attention")
		c.report(ctx, j, verify.Report{Kind: verify.EventFailed, Reason: verify.ReasonCarrierSet})
		return result{State: verify.JobFailed, Cause: f.Error()}
	default:
		log.WarnContext(ctx, "a message may or may not have been sent")
		c.report(ctx, j, indeterminate)
		return result{State: verify.JobIndeterminate, Cause: f.Error()}
	}
}

// retry has the job queued again, and then reported. A retry that would come after the end of the verification is reported
// as failed at once, so that the technician can still choose another method.
func (c *Courier) retry(ctx context.Context, j verify.Job, f *Fault) result {
	at := c.Now().Add(retryDelays.Delay(j.Attempts, f.RetryAfter, c.Random()))
	if !at.Before(j.ExpiresAt) {
		c.report(ctx, j, verify.Report{Kind: verify.EventFailed, Reason: verify.ReasonCarrierDown})
		return result{State: verify.JobDead, Cause: f.Error()}
	}
	return result{RetryAt: at, Cause: f.Error(), Then: func(ctx context.Context) {
		c.report(ctx, j, verify.Report{Kind: verify.EventDelayed, Reason: verify.ReasonCarrierDown})
	}}
}

func (c *Courier) report(ctx context.Context, j verify.Job, r verify.Report) {
	jobs.Persist(ctx, c.Log.With(attrs(j)...), "report "+string(r.Kind), func(ctx context.Context) error {
		return c.Reports.RecordReport(ctx, j.Tenant, j.ID, r)
	})
}
