// Package courier sends messages through carriers. It claims them as jobs, by workers of package jobs.
//
// A message is sent after the transaction that requested it has committed. The state of its job is
// always true: sent means that a carrier accepted the message, indeterminate means that a carrier may have
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
//   - The node that reports an expired lease holds a lease itself and settles the job as indeterminate after the report.
//     After a crash in between, another node repeats the report.
//
// Start with [New] and [Courier.Run].
package courier

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/jobs"
	"github.com/shieldpod/shieldpod/bff/internal/message"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// Queues hold the messages to one kind of channel.
type Queues struct {
	// Messages gives each message once. It leaves out messages of a verification that has ended or expired. A message that
	// can't be unsealed has an empty destination.
	Messages jobs.Queue[verify.Job]
	// Lapsed gives messages whose lease has ended. They are reported and settled, not sent.
	Lapsed jobs.Queue[verify.Job]
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
	Queues    map[channel.Kind]Queues
	Waker     *jobs.Waker
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
	// lease is how long a claimed message belongs to one node.
	lease = 30 * time.Second
	// sendTimeout bounds the request to one carrier.
	sendTimeout = 9 * time.Second
	// pollInterval is the time between polls for messages of other nodes and for expired leases.
	pollInterval    = 5 * time.Second
	lapsedBatchSize = 100
)

// retryDelays are short, because a message is worth nothing when its verification has ended.
var retryDelays = jobs.Backoff{Base: time.Second, Max: 20 * time.Second, Full: true}

// Courier sends the messages of its queues.
type Courier struct {
	Config
	workers []*jobs.Worker[verify.Job]
}

// New returns a courier. It sends nothing before Run is called. Each kind of channel has workers of its own, so that a
// carrier that does not respond delays no messages of another kind.
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
	c := &Courier{Config: config}
	base := jobs.Config[verify.Job]{Attrs: attrs, Waker: c.Waker, Now: c.Now, Log: c.Log, Lease: lease, Poll: pollInterval}
	for kind, queues := range c.Queues {
		messages, lapsed := base, base
		messages.Queue, messages.Do, messages.Kind, messages.Slots = queues.Messages, c.deliver, verify.MessageJobs(kind), c.Workers
		lapsed.Queue, lapsed.Do, lapsed.Slots, lapsed.Batch = queues.Lapsed, c.reportLapsed, 1, lapsedBatchSize
		lapsed.Group = func(verify.Job) jobs.Group { return jobs.Group{} } // one after another
		c.workers = append(c.workers, jobs.New(messages), jobs.New(lapsed))
	}
	return c
}

func attrs(j verify.Job) []any { return []any{"job", j.ID, "tenant", j.Tenant} }

// Run sends messages until ctx is done. It returns when every message in flight is settled.
func (c *Courier) Run(ctx context.Context) {
	var running sync.WaitGroup
	for _, w := range c.workers {
		running.Go(func() { w.Run(ctx) })
	}
	running.Wait()
}

// reportLapsed reports a message whose node stopped while it sent the message.
func (c *Courier) reportLapsed(ctx context.Context, j verify.Job) jobs.Result[verify.Job] {
	c.Log.WarnContext(ctx, "a message may or may not have been sent: its sender died", "job", j.ID, "tenant", j.Tenant)
	c.report(ctx, j, indeterminate)
	return jobs.Result[verify.Job]{State: verify.JobIndeterminate, Cause: "its sender went silent"}
}
