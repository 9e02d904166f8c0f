package jobs

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// Worker does the jobs of one queue. It must be made by New.
type Worker[T any] struct {
	Config[T]
	wake     <-chan struct{}
	slots    chan struct{} // one token for each job or group in progress
	freed    chan struct{} // a slot was freed
	look     chan struct{} // a job may be due that was not: it was queued again, or its tenant is not busy any more
	inFlight sync.WaitGroup

	mu   sync.Mutex
	held map[string]int // groups in progress, by tenant
}

// New returns a worker. It does nothing before Run is called.
func New[T any](c Config[T]) *Worker[T] {
	return &Worker[T]{
		Config: c, wake: c.Waker.subscribe(c.Kind), slots: make(chan struct{}, c.Slots), freed: make(chan struct{}, 1),
		look: make(chan struct{}, 1), held: map[string]int{},
	}
}

// Run does jobs until ctx is done. It returns when every job in progress is settled.
func (w *Worker[T]) Run(ctx context.Context) {
	defer w.inFlight.Wait()
	for ctx.Err() == nil {
		n := w.room(ctx)
		if n == 0 {
			return
		}
		claimed, err := w.claim(ctx, n)
		claimedAt := time.Now()
		switch {
		case err != nil:
			sleep(ctx, claimRetryDelay)
		case claimed < n:
			w.idle(ctx)
		}
		sleep(ctx, minClaimInterval-time.Since(claimedAt))
	}
}

// DoDue does the jobs that are due and returns when they are settled.
func (w *Worker[T]) DoDue(ctx context.Context) {
	for n := w.room(ctx); n > 0; n = w.room(ctx) {
		claimed, err := w.claim(ctx, n)
		w.inFlight.Wait()
		if err != nil || claimed < n {
			return
		}
	}
}

// room waits for a free slot and returns how many jobs may be claimed; 0 when ctx is done.
func (w *Worker[T]) room(ctx context.Context) int {
	for ctx.Err() == nil {
		free := cap(w.slots) - len(w.slots)
		if free > 0 && w.Group != nil {
			return w.Batch
		}
		if free > 0 {
			return free
		}
		select {
		case <-ctx.Done():
		case <-w.freed:
		}
	}
	return 0
}

// claim claims at most n jobs, begins them and returns their number.
func (w *Worker[T]) claim(ctx context.Context, n int) (int, error) {
	now := w.Now()
	l := lease{until: now.Add(w.Lease), ends: time.Now().Add(w.Lease - SettleMargin)}
	jobs, err := w.Queue.Claim(ctx, now, l.until, n, w.busy())
	if err != nil {
		if ctx.Err() == nil {
			w.Log.ErrorContext(ctx, "jobs can't be claimed", "kind", string(w.Kind), "err", err)
		}
		return 0, err
	}
	for _, g := range w.grouped(jobs) {
		w.slots <- struct{}{}
		w.hold(g.Tenant, 1)
		w.inFlight.Go(func() {
			defer w.release(g.Tenant)
			w.do(ctx, l, g.jobs)
		})
	}
	return len(jobs), nil
}

// lease is how long claimed jobs belong to the worker.
type lease struct {
	until time.Time // by the injected clock, as the queue stores it
	ends  time.Time // when attempts end, by the machine's clock
}

// group is jobs that are done one after another.
type group[T any] struct {
	Group
	jobs []T
}

// grouped puts the jobs into groups, in their order.
func (w *Worker[T]) grouped(jobs []T) []group[T] {
	groups := make([]group[T], 0, len(jobs))
	index := map[Group]int{}
	for _, j := range jobs {
		if w.Group == nil {
			groups = append(groups, group[T]{jobs: []T{j}})
			continue
		}
		name := w.Group(j)
		i, known := index[name]
		if !known {
			i = len(groups)
			index[name] = i
			groups = append(groups, group[T]{Group: name})
		}
		groups[i].jobs = append(groups[i].jobs, j)
	}
	return groups
}

// do does the jobs of a group. Those that it does not begin are given out again when the lease ends.
func (w *Worker[T]) do(ctx context.Context, l lease, jobs []T) {
	attempt, cancel := context.WithDeadline(context.WithoutCancel(ctx), l.ends)
	defer cancel()
	first := 0
	if w.Begin != nil {
		first = w.Begin(len(jobs))
	}
	do := w.Do
	for i := range jobs {
		if w.Group != nil && (ctx.Err() != nil || attempt.Err() != nil || w.late(l)) {
			return
		}
		job := jobs[(first+i)%len(jobs)]
		r := w.attempt(attempt, job, do)
		w.record(attempt, job, r)
		if r.Rest != nil {
			do = r.Rest
		}
	}
}

// attempt attempts a job. After a panic nothing is recorded: the end of the lease decides, as after a node that stopped.
func (w *Worker[T]) attempt(ctx context.Context, job T, do func(context.Context, T) Result[T]) (r Result[T]) {
	defer func() {
		if value := recover(); value != nil {
			// Its value may hold data of the job.
			w.Log.With(w.Attrs(job)...).ErrorContext(ctx, "an attempt at a job panicked",
				"kind", string(w.Kind), "type", fmt.Sprintf("%T", value), "stack", string(debug.Stack()))
			r = Result[T]{}
		}
	}()
	return do(ctx, job)
}

// late reports whether it is too late to begin a job of a group.
func (w *Worker[T]) late(l lease) bool {
	return w.Start > 0 && w.Now().After(l.until.Add(w.Start-w.Lease))
}

// record records the result of an attempt.
func (w *Worker[T]) record(ctx context.Context, job T, r Result[T]) {
	log := w.Log.With(w.Attrs(job)...)
	switch {
	case r.State != "":
		Persist(ctx, log, "settle as "+string(r.State), func(ctx context.Context) error {
			return w.Queue.Settle(ctx, job, r.State, r.Ref, r.Cause)
		})
	case !r.RetryAt.IsZero():
		Persist(ctx, log, "queue again", func(ctx context.Context) error {
			return w.Queue.Retry(ctx, job, r.RetryAt, r.Cause)
		})
		signal(w.look)
	}
	if r.Then != nil {
		r.Then(ctx)
	}
}

// idle waits for a wake, the next due job or the end of the poll interval.
func (w *Worker[T]) idle(ctx context.Context) {
	wait := w.Poll
	if due, ok, err := w.Queue.NextDue(ctx, w.busy()); err == nil && ok {
		wait = min(w.Poll, max(due.Sub(w.Now()), minDueWait))
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-w.wake:
	case <-w.look:
	case <-timer.C:
	}
}

// busy returns the tenants that have groups in progress.
func (w *Worker[T]) busy() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	tenants := make([]string, 0, len(w.held))
	for tenant := range w.held {
		tenants = append(tenants, tenant)
	}
	return tenants
}

// hold counts the groups in progress of a tenant; the empty tenant stands for jobs without a group.
func (w *Worker[T]) hold(tenant string, n int) {
	if tenant == "" {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.held[tenant] += n; w.held[tenant] == 0 {
		delete(w.held, tenant)
	}
}

func (w *Worker[T]) release(tenant string) {
	w.hold(tenant, -1)
	<-w.slots
	signal(w.freed)
	if tenant != "" {
		signal(w.look)
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
