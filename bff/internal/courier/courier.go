// Package courier claims messages from the outbox and sends them through carriers.
//
// A message is sent after the transaction that requested it has committed. The state of its job is
// always true: sent means that a carrier accepted the message, unknown means that a carrier may have
// accepted it. A message is never sent a second time without a report.
//
// # Crashes
//
// Each job is sent to the carrier between two writes, and the process may stop between any two steps.
//
//   - A final result is reported first and settled second. After a crash in between, the lease expires and the
//     job is reported as indeterminate. That report changes nothing, because a later stage or an end is recorded.
//   - A retry is queued first and reported second. A crash in between loses the report, not the message.
//   - After a crash during the carrier's request the lease expires, and the technician reads that the message
//     may or may not arrive.
//   - The node that reports an expired lease holds a lease itself and settles the job as unknown after the report.
//     After a crash in between, another node repeats the report.
//
// Start with [New], [Courier.Run] and [Courier.Wake].
package courier

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/message"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// Outbox stores the jobs and their results.
type Outbox interface {
	Queue
	Settler
}

// Queue leases jobs to workers.
type Queue interface {
	// ClaimJobs leases at most n due jobs for channels of the kind, until leaseUntil. It leaves out jobs
	// of a verification that has ended or expired, and never leases a job to two callers. A job that
	// can't be unsealed has an empty destination.
	ClaimJobs(ctx context.Context, kind verify.ChannelKind, now, leaseUntil time.Time, n int) ([]verify.Job, error)
	// LapsedJobs leases at most n jobs whose lease has expired, until leaseUntil. They are reported and
	// settled, not sent. It never leases a job to two callers while the lease lasts.
	LapsedJobs(ctx context.Context, now, leaseUntil time.Time, n int) ([]verify.Job, error)
	// NextJobAt returns the time at which the earliest queued job of the kind is due; false when none is queued.
	NextJobAt(ctx context.Context, kind verify.ChannelKind) (time.Time, bool, error)
}

// Settler records the result of a job. A cause is text for operators without personal data.
type Settler interface {
	// RetryJob queues a claimed job again. The job can't be claimed before at.
	RetryJob(ctx context.Context, id string, at time.Time, cause string) error
	// SettleJob ends a job and deletes its destination and secret.
	SettleJob(ctx context.Context, id string, state verify.JobState, carrierRef, cause string) error
}

// Reporter records the delivery state of a message; verify.Service implements it.
// A repeated or late report changes nothing.
type Reporter interface {
	RecordReport(ctx context.Context, tenant, job string, r verify.Report) error
}

// Brands returns the brands of tenants; message.BrandCache implements it.
type Brands interface {
	// Brand returns the tenant's brand, which is read-only. CodeNotFound: the tenant does not exist.
	Brand(ctx context.Context, tenant string) (*message.Brand, error)
}

// Sender sends one message through a carrier. It may be called twice with the same OutgoingMessage.ID.
// Its errors are of type *Fault; any other error is treated as Indeterminate.
type Sender interface {
	Send(ctx context.Context, m OutgoingMessage) (Result, error)
}

// OutgoingMessage is one rendered message. It holds a destination and a secret and is never logged.
type OutgoingMessage struct {
	ID     string // the job's id, which the carrier's delivery reports repeat
	Tenant string
	To     string       // an e-mail address, or a number in E.164
	Mail   message.Mail // for e-mail
	Text   string       // for SMS
}

// LogValue reduces the message to its ids.
func (m OutgoingMessage) LogValue() slog.Value {
	return slog.GroupValue(slog.String("job", m.ID), slog.String("tenant", m.Tenant))
}

// Result identifies a message that a carrier has accepted.
type Result struct {
	Carrier string // "sendgrid"
	Ref     string // the carrier's own id for the message
}

// Config holds the dependencies of a Courier. Workers, Random and Log are optional.
type Config struct {
	Outbox    Outbox
	Reports   Reporter
	Brands    Brands
	Carriers  Carriers
	PublicURL string // base URL of the links in messages
	Now       func() time.Time
	Random    func() float64 // in [0,1): jitter of retries
	Workers   int            // concurrent messages per kind of channel; default 64
	Log       *slog.Logger
}

const (
	// lease is how long a claimed job belongs to one node. A running node finishes leaseMargin earlier.
	lease       = 30 * time.Second
	leaseMargin = 2 * time.Second
	// sendTimeout bounds the request to one carrier.
	sendTimeout = 9 * time.Second
	// idleInterval is the time between polls for jobs of other nodes and for expired leases.
	idleInterval = 5 * time.Second
	// minClaimInterval is the minimum time between two claims, so that a busy outbox is read in batches.
	minClaimInterval = 5 * time.Millisecond
	// minDueWait is the wait after a due job could not be claimed because another node holds it.
	minDueWait = 50 * time.Millisecond
	// claimRetryDelay is the wait after a failed claim.
	claimRetryDelay = time.Second
	lapsedBatchSize = 100
)

// Courier sends the messages of the outbox.
type Courier struct {
	Config
	channels    []*channelWorker
	checkLeases chan struct{} // wakes watchLeasesLeases
}

// New returns a courier. It sends nothing before Run is called.
func New(config Config) *Courier {
	if config.Workers == 0 {
		config.Workers = 64
	}
	if config.Random == nil {
		config.Random = rand.Float64
	}
	if config.Log == nil {
		config.Log = slog.Default()
	}
	return &Courier{
		Config: config, checkLeases: make(chan struct{}, 1),
		channels: []*channelWorker{newChannelWorker(verify.Email, config.Workers), newChannelWorker(verify.Phone, config.Workers)},
	}
}

// Wake signals that the outbox has new jobs, or that the clock has been changed. It never
// blocks; several calls may be merged into one.
func (c *Courier) Wake() {
	for _, w := range c.channels {
		signal(w.wake)
	}
	signal(c.checkLeases)
}

// Run sends messages until ctx is done. It returns when every message in flight is settled.
func (c *Courier) Run(ctx context.Context) {
	var workers sync.WaitGroup
	defer workers.Wait()
	for _, w := range c.channels {
		workers.Go(func() { c.serve(ctx, w) })
	}
	c.watchLeases(ctx)
}

// watchLeases looks for expired leases every idleInterval. It also compares the injected clock, which may have
// been changed before a wake.
func (c *Courier) watchLeases(ctx context.Context) {
	ticker := time.NewTicker(idleInterval)
	defer ticker.Stop()
	var checkedAt time.Time
	for ctx.Err() == nil {
		if now := c.Now(); now.Sub(checkedAt) >= idleInterval {
			checkedAt = now
			c.reportLapsed(ctx)
		}
		select {
		case <-ctx.Done():
		case <-c.checkLeases:
		case <-ticker.C:
		}
	}
}

// reportLapsed reports the messages whose node stopped while it sent them.
func (c *Courier) reportLapsed(ctx context.Context) {
	for ctx.Err() == nil {
		now := c.Now()
		jobs, err := c.Outbox.LapsedJobs(ctx, now, now.Add(lease), lapsedBatchSize)
		if err != nil && ctx.Err() == nil {
			c.Log.ErrorContext(ctx, "lapsed messages can't be read", "err", err)
		}
		c.settleLapsed(ctx, jobs)
		if len(jobs) < lapsedBatchSize {
			return
		}
	}
}

// settleLapsed reports lapsed jobs as indeterminate and settles them within their lease. The lease of the remaining
// jobs expires again.
func (c *Courier) settleLapsed(ctx context.Context, jobs []verify.Job) {
	writeCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lease-leaseMargin)
	defer cancel()
	for _, j := range jobs {
		if ctx.Err() != nil || writeCtx.Err() != nil {
			return
		}
		c.Log.WarnContext(ctx, "a message may or may not have been sent: its sender died", "job", j.ID, "tenant", j.Tenant)
		c.report(writeCtx, j, indeterminate)
		c.settle(writeCtx, j, verify.JobUnsure, "", "its sender went silent")
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// sleep waits for d, or until ctx is done.
func sleep(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
