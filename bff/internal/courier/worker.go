package courier

import (
	"context"
	"sync"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// channelWorker sends the messages of one kind of channel. It has its own claims, waits and slots, so that a carrier
// that does not respond delays no messages of another kind.
type channelWorker struct {
	kind  verify.ChannelKind
	wake  chan struct{}
	slots chan struct{} // one token per message in flight
	freed chan struct{}
}

func newChannelWorker(kind verify.ChannelKind, slots int) *channelWorker {
	return &channelWorker{
		kind: kind, wake: make(chan struct{}, 1), freed: make(chan struct{}, 1),
		slots: make(chan struct{}, slots),
	}
}

// serve sends the worker's messages until ctx is done. It returns when every message in flight is settled.
func (c *Courier) serve(ctx context.Context, w *channelWorker) {
	var inFlight sync.WaitGroup
	defer inFlight.Wait()
	for ctx.Err() == nil {
		free := w.freeSlots(ctx)
		if free == 0 {
			return
		}
		now := c.Now()
		jobs, err := c.Outbox.ClaimJobs(ctx, w.kind, now, now.Add(lease), free)
		claimed := time.Now()
		for _, j := range jobs {
			w.slots <- struct{}{}
			inFlight.Go(func() {
				defer w.release()
				c.deliver(context.WithoutCancel(ctx), j)
			})
		}
		switch {
		case err != nil:
			if ctx.Err() == nil {
				c.Log.ErrorContext(ctx, "the outbox can't be read", "err", err)
			}
			sleep(ctx, claimRetryDelay)
		case len(jobs) < free:
			c.idle(ctx, w)
		}
		sleep(ctx, minClaimInterval-time.Since(claimed))
	}
}

// freeSlots waits for a free slot and returns how many there are; 0 when ctx is done.
func (w *channelWorker) freeSlots(ctx context.Context) int {
	for {
		if free := cap(w.slots) - len(w.slots); free > 0 {
			return free
		}
		select {
		case <-ctx.Done():
			return 0
		case <-w.freed:
		}
	}
}

func (w *channelWorker) release() {
	<-w.slots
	signal(w.freed)
}

// idle waits for a wake, the next due job or the end of idleInterval.
func (c *Courier) idle(ctx context.Context, w *channelWorker) {
	wait := idleInterval
	if due, ok, err := c.Outbox.NextJobAt(ctx, w.kind); err == nil && ok {
		wait = min(idleInterval, max(due.Sub(c.Now()), minDueWait))
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-w.wake:
	case <-timer.C:
	}
}
