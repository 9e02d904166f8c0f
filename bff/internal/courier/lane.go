package courier

import (
	"context"
	"sync"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// lane is the way to one carrier. It claims, waits and fills up on its own: a carrier that
// swallows what it is asked holds up its own messages, never those of the other one.
type lane struct {
	kind  verify.ChannelKind
	wake  chan struct{}
	slots chan struct{} // one token per message on its way
	freed chan struct{}
}

func newLane(kind verify.ChannelKind, workers int) *lane {
	return &lane{
		kind: kind, wake: make(chan struct{}, 1), freed: make(chan struct{}, 1),
		slots: make(chan struct{}, workers),
	}
}

// serve sends what is in the lane until ctx is done, and returns once what was on its way has been settled.
func (c *Courier) serve(ctx context.Context, l *lane) {
	var underway sync.WaitGroup
	defer underway.Wait()
	for ctx.Err() == nil {
		free := l.room(ctx)
		if free == 0 {
			return
		}
		now := c.Now()
		jobs, err := c.Outbox.ClaimJobs(ctx, l.kind, now, now.Add(lease), free)
		claimed := time.Now()
		for _, j := range jobs {
			l.slots <- struct{}{}
			underway.Go(func() {
				defer l.done()
				c.deliver(context.WithoutCancel(ctx), j)
			})
		}
		switch {
		case err != nil:
			if ctx.Err() == nil {
				c.Log.ErrorContext(ctx, "the outbox can't be read", "error", err)
			}
			rest(ctx, claimPause)
		case len(jobs) < free:
			c.idle(ctx, l)
		}
		rest(ctx, breath-time.Since(claimed))
	}
}

// room waits until a message can be taken on, and tells how many can; 0 when ctx is done.
func (l *lane) room(ctx context.Context) int {
	for {
		if free := cap(l.slots) - len(l.slots); free > 0 {
			return free
		}
		select {
		case <-ctx.Done():
			return 0
		case <-l.freed:
		}
	}
}

func (l *lane) done() {
	<-l.slots
	nudge(l.freed)
}

// idle waits for something to do: a wake, a job that falls due, or the tick.
func (c *Courier) idle(ctx context.Context, l *lane) {
	wait := tick
	if due, ok, err := c.Outbox.NextJobAt(ctx, l.kind); err == nil && ok {
		wait = min(tick, max(due.Sub(c.Now()), overduePause))
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-l.wake:
	case <-timer.C:
	}
}
