package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

const (
	// batchTimeout bounds how long a transaction may take, so that a connection that has gone silent is given up.
	batchTimeout = 30 * time.Second
	// batchOpen is how long a transaction takes in further writes, once it has its tenant's lock.
	batchOpen = time.Second
)

// tenantQueue holds the writes of one tenant that wait for its leader: the goroutine that takes all of them into one
// transaction under one lock. A tenant has one leader on a node, and so holds one connection at most.
type tenantQueue struct {
	tenant  string
	waiting []*queued
}

// write queues the steps, and leads the tenant's queue where there is no leader yet.
func (p *postgres) write(ctx context.Context, tenant string, steps []step) error {
	if err := ctx.Err(); err != nil {
		return unavailable("write", err)
	}
	q := newQueued(ctx, steps)
	if err := p.submit(tenant, q); err != nil {
		return err
	}
	return q.wait()
}

func (p *postgres) submit(tenant string, q *queued) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return errClosed
	}
	if queue := p.queues[tenant]; queue != nil {
		queue.waiting = append(queue.waiting, q)
		return nil
	}
	queue := &tenantQueue{tenant: tenant, waiting: []*queued{q}}
	if tenant != "" { // a write of several tenants is alone: together they would lock tenants in any order
		p.queues[tenant] = queue
	}
	p.leaders.Add(1)
	go p.lead(queue)
	return nil
}

// lead writes batch after batch until none waits. A step that ends its goroutine (runtime.Goexit) ends this one, so
// another takes its place.
func (p *postgres) lead(queue *tenantQueue) {
	empty := false
	defer func() {
		if empty {
			p.leaders.Done()
		} else {
			go p.lead(queue)
		}
	}()
	for {
		p.slots <- struct{}{}
		taken := p.take(queue, nil)
		if empty = len(taken) == 0; empty {
			<-p.slots
			return
		}
		// For writes that were given up while they waited no transaction is started.
		if taken = slices.DeleteFunc(taken, func(q *queued) bool { return q.state.Load() == abandoned }); len(taken) == 0 {
			<-p.slots
			continue
		}
		p.batch(queue, taken)
	}
}

// take moves writes that wait into the batch, up to its size. Where none waits and the batch is empty, the leader ends.
func (p *postgres) take(queue *tenantQueue, batch []*queued) []*queued {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := min(len(queue.waiting), batchSize-len(batch))
	batch = append(batch, queue.waiting[:n]...)
	queue.waiting = queue.waiting[n:]
	if len(batch) == 0 {
		delete(p.queues, queue.tenant)
	}
	return batch
}

// batch runs the writes in one transaction and answers them when it is durable, or has failed as a whole. A transaction
// that failed only because of others at the same time is run again.
func (p *postgres) batch(queue *tenantQueue, taken []*queued) {
	failure := errStopped
	defer func() {
		<-p.slots
		for _, q := range taken {
			if failure != nil {
				q.refusal = failure
			}
			q.done <- q.refusal
		}
	}()
	careful := false
	for retries := 0; ; retries++ {
		err := p.transaction(queue, &taken, careful)
		if !careful && errors.As(err, new(*lateError)) {
			careful = true
			continue
		}
		if err == nil || !isRetryable(err) || retries == postgresRetries {
			failure = nil
			if err != nil {
				failure = unavailable("write", err)
			}
			return
		}
	}
}

// transaction runs the batch once, and takes in what comes to wait meanwhile.
func (p *postgres) transaction(queue *tenantQueue, taken *[]*queued, careful bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), batchTimeout)
	defer cancel()
	conn, err := p.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release() // the pool closes one with an open transaction
	run := &pipeline{ctx: ctx, conn: conn.Conn(), careful: careful}
	t := p.begin(run)
	if err := t.lead(ctx, queue.tenant); err != nil {
		return err
	}
	closes := time.Now().Add(batchOpen)
	for i := 0; i < len(*taken); i++ {
		q := (*taken)[i]
		if q.state.CompareAndSwap(waiting, begun) || q.state.Load() == begun { // begun: by a try before this one
			if q.refusal, err = t.runSteps(ctx, q.steps); err != nil {
				return err
			}
			if isRetryable(q.refusal) {
				return q.refusal
			}
		}
		if time.Now().Before(closes) {
			*taken = p.take(queue, *taken)
		}
	}
	if err := t.flush(ctx); err != nil {
		return err
	}
	return run.commit()
}

// begin starts a transaction. Its first statement is sent together with the next ones.
func (p *postgres) begin(run *pipeline) *tx {
	run.held = append(run.held, heldStatement{text: "BEGIN"})
	return &tx{
		store: p.store, run: run, heads: map[string]head{}, skipLocked: " FOR UPDATE OF o SKIP LOCKED",
		lock: func(ctx context.Context, tenant string) error {
			_, err := run.exec(ctx, lockTenant, tenant)
			return err
		},
	}
}

// lockTenant keeps other transactions from writing to the tenant. Statements after it see what those before it wrote.
const lockTenant = `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`

// lead locks the tenant and reads the end of its chain, in one round trip.
func (t *tx) lead(ctx context.Context, tenant string) error {
	if tenant == "" {
		return nil
	}
	if err := t.run.hold(ctx, nil, lockTenant, tenant); err != nil {
		return err
	}
	h, err := t.readHead(ctx, tenant)
	if err != nil {
		return fmt.Errorf("lock tenant: %w", err)
	}
	t.heads[tenant] = h
	return nil
}

var errNotCommitted = errors.New("the database rolled the transaction back")
