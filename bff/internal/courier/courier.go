// Package courier takes messages out of the outbox and hands them to carriers.
//
// Start with [New], [Courier.Run] and [Courier.Wake]. A message leaves after the
// transaction that asked for it, and its job tells the truth at every moment:
// sent is what a carrier took, unknown is what a carrier may have taken. Nobody
// is sent the same message twice in silence.
//
// # Crashes
//
// A job passes the carrier once between two writes, and the process may die between
// any two steps. So what is final is first reported and then settled: dying in between
// leaves the job leased; the lease runs out, and the report that it is unsure changes
// nothing because a later stage or an end is on record already. What is to be tried again
// is first queued and then reported: dying in between costs a word, not the message. Dying
// while the carrier is asked leaves a lease that runs out, and the technician is told that
// the message may or may not arrive. Who tells holds a lease too, and settles the job as
// unknown once it is told: should it die in between, another one tells the same again.
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

// Outbox is where jobs wait and where it is kept what became of them.
type Outbox interface {
	Queue
	Results
}

// Queue gives out jobs.
type Queue interface {
	// ClaimJobs leases at most n jobs to channels of the kind that are due, until leaseUntil. None of
	// them is of a verification that has ended or expired, and no two callers get the same one. One
	// that can't be unsealed names nobody to send it to.
	ClaimJobs(ctx context.Context, kind verify.ChannelKind, now, leaseUntil time.Time, n int) ([]verify.Job, error)
	// LapsedJobs leases at most n jobs whose lease ran out, until leaseUntil: not to be sent, but to be
	// told of and settled. No two callers get the same one while the lease lasts.
	LapsedJobs(ctx context.Context, now, leaseUntil time.Time, n int) ([]verify.Job, error)
	// NextJobAt tells when the earliest queued job to a channel of the kind is due; false when none is queued.
	NextJobAt(ctx context.Context, kind verify.ChannelKind) (time.Time, bool, error)
}

// Results keeps what became of a job. A cause is for people and names nobody.
type Results interface {
	// RetryJob queues a claimed job again, not to be claimed before at.
	RetryJob(ctx context.Context, id string, at time.Time, cause string) error
	// SettleJob ends a job, and forgets its destination and secret.
	SettleJob(ctx context.Context, id string, state verify.JobState, carrierRef, cause string) error
}

// Reporter writes down what is known of a message; verify.Service is one.
// The same report twice, or out of order, changes nothing.
type Reporter interface {
	Delivered(ctx context.Context, tenant, job string, r verify.Report) error
}

// Brands knows how tenants look and speak; message.Shelf is one.
type Brands interface {
	// Brand gives a tenant's, to be read only. CodeNotFound: there is no such tenant.
	Brand(ctx context.Context, tenant string) (*message.Brand, error)
}

// Sender hands one message to a carrier. It may be called twice with the same Parcel.ID.
// An error is a *Fault; any other is taken to mean that the carrier may have the message.
type Sender interface {
	Send(ctx context.Context, p Parcel) (Receipt, error)
}

// Parcel is one message, ready to go. It holds a person's address and a secret: it is never logged.
type Parcel struct {
	ID     string // the job's: what the carrier's receipts bring back
	Tenant string
	To     string       // an e-mail address, or a number in E.164
	Mail   message.Mail // of an e-mail
	Text   string       // of an SMS
}

// LogValue is what a log may know of a parcel.
func (p Parcel) LogValue() slog.Value {
	return slog.GroupValue(slog.String("job", p.ID), slog.String("tenant", p.Tenant))
}

// Receipt is a carrier's word that it has taken a message.
type Receipt struct {
	Carrier string // "sendgrid"
	Ref     string // the carrier's own id for the message
}

// Config is what a courier needs. Workers, Chance and Log may be left out.
type Config struct {
	Outbox    Outbox
	Reports   Reporter
	Brands    Brands
	Carriers  Carriers
	PublicURL string // where the links of messages lead
	Now       func() time.Time
	Chance    func() float64 // in [0,1): spreads retries
	Workers   int            // messages on their way at once, to each carrier; 64
	Log       *slog.Logger
}

const (
	// lease is how long a job is one node's; a living node is done with it sparedTime before.
	lease      = 30 * time.Second
	sparedTime = 2 * time.Second
	// sendTime is the most that one carrier may take to answer.
	sendTime = 9 * time.Second
	// tick is how often the courier looks for what nobody told it of: jobs of other nodes, lapsed leases.
	tick = 5 * time.Second
	// breath is the least time between two claims, so that a busy outbox is read in batches.
	breath = 5 * time.Millisecond
	// overduePause is the wait when a job is due that could not be claimed: another node is at it.
	overduePause = 50 * time.Millisecond
	// claimPause follows a claim that failed.
	claimPause = time.Second
	lapsedPage = 100
)

// Courier is the outbox's worker.
type Courier struct {
	Config
	lanes    []*lane
	watching chan struct{} // wakes watch
}

// New makes a courier; nothing is sent before Run.
func New(c Config) *Courier {
	if c.Workers == 0 {
		c.Workers = 64
	}
	if c.Chance == nil {
		c.Chance = rand.Float64
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return &Courier{
		Config: c, watching: make(chan struct{}, 1),
		lanes: []*lane{newLane(verify.Email, c.Workers), newLane(verify.Phone, c.Workers)},
	}
}

// Wake tells that the outbox has something, or that the clock has jumped. It never
// blocks; many calls may count as one.
func (c *Courier) Wake() {
	for _, l := range c.lanes {
		nudge(l.wake)
	}
	nudge(c.watching)
}

// Run sends until ctx is done, and returns once what was on its way has been settled.
func (c *Courier) Run(ctx context.Context) {
	var all sync.WaitGroup
	defer all.Wait()
	for _, l := range c.lanes {
		all.Go(func() { c.serve(ctx, l) })
	}
	c.watch(ctx)
}

// watch looks for lapsed leases every tick, by the injected clock too: a wake may mean that it has jumped.
func (c *Courier) watch(ctx context.Context) {
	every := time.NewTicker(tick)
	defer every.Stop()
	var looked time.Time
	for ctx.Err() == nil {
		if now := c.Now(); now.Sub(looked) >= tick {
			looked = now
			c.reportLapsed(ctx)
		}
		select {
		case <-ctx.Done():
		case <-c.watching:
		case <-every.C:
		}
	}
}

// reportLapsed tells of the messages that a node was sending when it died.
func (c *Courier) reportLapsed(ctx context.Context) {
	for ctx.Err() == nil {
		now := c.Now()
		jobs, err := c.Outbox.LapsedJobs(ctx, now, now.Add(lease), lapsedPage)
		if err != nil && ctx.Err() == nil {
			c.Log.ErrorContext(ctx, "lapsed messages can't be read", "error", err)
		}
		c.giveUp(ctx, jobs)
		if len(jobs) < lapsedPage {
			return
		}
	}
}

// giveUp reports lapsed jobs unsure and settles them, within their lease. Those that
// it does not come to lapse once more.
func (c *Courier) giveUp(ctx context.Context, jobs []verify.Job) {
	writing, cancel := context.WithTimeout(context.WithoutCancel(ctx), lease-sparedTime)
	defer cancel()
	for _, j := range jobs {
		if ctx.Err() != nil || writing.Err() != nil {
			return
		}
		c.Log.WarnContext(ctx, "a message may or may not have been sent: its sender died", "job", j.ID, "tenant", j.Tenant)
		c.report(writing, j, unsure)
		c.settle(writing, j, verify.JobUnsure, "", "its sender went silent")
	}
}

func nudge(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default:
	}
}

// rest waits, but not longer than ctx.
func rest(ctx context.Context, d time.Duration) {
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
