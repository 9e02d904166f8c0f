// Package jobs does work that leaves after a commit: messages, ticket notes and webhooks. Each kind has a [Queue] in the
// store and a [Worker] on every node.
//
// A worker claims due jobs under a lease, attempts them, and records each result. A job whose attempt failed for now is
// queued again with a growing delay. When a node stops without a result, the lease ends and the queue gives the job to
// another node; so a job is done at least once, unless its queue promises otherwise. A wake after a commit saves the wait
// for the next poll. A lost wake delays a job; it loses none.
//
// Start with [New], [Worker.Run] and [Waker].
package jobs

import (
	"context"
	"log/slog"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// Queue stores the jobs of one kind. Its methods may be called from several nodes.
type Queue[T any] interface {
	// Claim leases at most n due jobs until leaseUntil, the longest due first. It leaves out the jobs of busy tenants. It
	// gives no job to two callers while the lease lasts.
	Claim(ctx context.Context, now, leaseUntil time.Time, n int, busy []string) ([]T, error)
	// NextDue returns the time at which the earliest job is due; false without one. It leaves out the jobs of busy tenants.
	NextDue(ctx context.Context, busy []string) (time.Time, bool, error)
	// Retry queues a claimed job again. It can't be claimed before at. CodeNotFound: the job is not held any more.
	Retry(ctx context.Context, job T, at time.Time, cause string) error
	// Settle ends a claimed job and deletes what is sealed in it. CodeNotFound: the job is not held any more. A cause is
	// text for operators without personal data.
	Settle(ctx context.Context, job T, state verify.JobState, ref, cause string) error
}

// Result is how an attempt at a job ended. Without State and RetryAt the attempt has settled the job itself.
type Result[T any] struct {
	State   verify.JobState // the job has ended
	RetryAt time.Time       // the job is attempted again
	Ref     string          // the receiver's own id
	Cause   string          // of a failure: text for operators without personal data
	// Then is called at the end, also when the result could not be recorded. Nil: nothing is to be done.
	Then func(ctx context.Context)
	// Rest returns the result of each further job of the group without an attempt. Nil: they are attempted.
	Rest func(ctx context.Context, job T) Result[T]
}

// Group names the jobs that are done one after another, so that a slow receiver delays only its own.
type Group struct{ Tenant, Receiver string }

// Config holds the dependencies and the limits of a worker.
type Config[T any] struct {
	Queue Queue[T]
	// Do attempts one job. Its context ends before the lease does, and not when the worker stops.
	Do    func(ctx context.Context, job T) Result[T]
	Attrs func(job T) []any // what logs say of a job
	Kind  verify.JobKind    // what the worker is woken for; empty: for WakeAll only
	Waker *Waker
	Now   func() time.Time
	Log   *slog.Logger

	Lease time.Duration // more than SettleMargin
	Poll  time.Duration // the longest wait between two claims
	Slots int           // jobs, or groups, that are done at once

	// Group returns the job's group. Nil: each job is alone, and a claim takes as many as there are free slots.
	Group func(job T) Group
	Batch int             // jobs of a claim, for a worker with groups
	Begin func(n int) int // index of the job that a group of n jobs begins with; nil: the first one
	Start time.Duration   // no job of a group is begun later than this after the claim; 0: until the lease ends
}

// SettleMargin is the end of a lease in which nothing is attempted or recorded any more.
const SettleMargin = 2 * time.Second

const (
	// minClaimInterval is the minimum time between two claims, so that a busy queue is read in batches.
	minClaimInterval = 5 * time.Millisecond
	// minDueWait is the wait after a due job could not be claimed because another node holds it.
	minDueWait = 50 * time.Millisecond
	// claimRetryDelay is the wait after a failed claim.
	claimRetryDelay = time.Second
	// The delay of a repeated write doubles from minWriteDelay to maxWriteDelay.
	minWriteDelay = 100 * time.Millisecond
	maxWriteDelay = 2 * time.Second
)

// Persist repeats a write until it succeeds, is refused for good or ctx ends. After the end of ctx
// nothing is written, because a job whose result was not reported must not be settled. A result that was not recorded is
// logged: the job is given out again when its lease ends.
func Persist(ctx context.Context, log *slog.Logger, step string, write func(context.Context) error) {
	for wait := minWriteDelay; ; wait = min(2*wait, maxWriteDelay) {
		err := ctx.Err()
		if err == nil {
			err = write(ctx)
		}
		if err == nil {
			return
		}
		permanent := verify.CodeOf(err) == verify.CodeNotFound || verify.CodeOf(err) == verify.CodeInvalid
		if permanent || ctx.Err() != nil {
			log.ErrorContext(ctx, "the result of a job can't be recorded", "step", step, "err", err)
			return
		}
		sleep(ctx, wait)
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
