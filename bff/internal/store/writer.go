package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"sync"
	"sync/atomic"
)

// batchSize bounds how many writes share one commit, and with it how long the first of them waits.
const batchSize = 128

// writer owns the only connection that writes to the SQLite file. Writes that wait
// at the same time share one transaction, and so one flush to the disk, which is
// most of what a small write costs. Each is kept apart from the others by savepoints.
type writer struct {
	store *Store
	db    *sql.DB
	queue chan *queued
	ended chan struct{}

	mu     sync.RWMutex // guards queue against being closed under a sender
	closed bool

	// Of the writing goroutine alone:
	conn  *sql.Conn
	run   *prepared
	known knownState
}

// queued is one caller's write on its way.
type queued struct {
	ctx   context.Context
	steps []step
	state atomic.Int32
	done  chan error // gets the verdict, once

	refusal error // of a step, good only once the batch is durable
}

// States of a queued write. Only who moves it on from waiting may decide about it.
const (
	waiting int32 = iota
	begun
	abandoned
)

func newQueued(ctx context.Context, steps []step) *queued {
	return &queued{ctx: ctx, steps: steps, done: make(chan error, 1)}
}

// wait gives the verdict. A caller that gives up before the steps have begun takes the write back.
func (q *queued) wait() error {
	select {
	case verdict := <-q.done:
		return rethrow(verdict)
	case <-q.ctx.Done():
		if q.state.CompareAndSwap(waiting, abandoned) {
			return unavailable("write", q.ctx.Err())
		}
		return rethrow(<-q.done)
	}
}

func openWriter(ctx context.Context, path string, s *Store) (*writer, error) {
	db, err := sql.Open("sqlite", sqliteDSN(path, false))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	w := &writer{store: s, db: db, queue: make(chan *queued, 8*batchSize), ended: make(chan struct{})}
	if err := w.connect(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	go w.work()
	return w, nil
}

// write queues the steps and waits for the batch that takes them. Once they have begun, a
// cancelled context changes nothing: the caller is told what truly became of them.
func (w *writer) write(ctx context.Context, steps []step) error {
	if err := ctx.Err(); err != nil {
		return unavailable("write", err)
	}
	q := newQueued(ctx, steps)
	if err := w.submit(q); err != nil {
		return err
	}
	return q.wait()
}

func (w *writer) submit(q *queued) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return errClosed
	}
	select {
	case w.queue <- q:
		return nil
	case <-q.ctx.Done():
		return unavailable("write", q.ctx.Err())
	}
}

func (w *writer) close() error {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return nil
	}
	w.closed = true
	close(w.queue)
	w.mu.Unlock()
	<-w.ended
	w.disconnect()
	return w.db.Close()
}

// work serves the queue until it is closed and empty. A step that ends its goroutine
// (runtime.Goexit) ends this one, so another takes its place.
func (w *writer) work() {
	served := false
	defer func() {
		if served {
			close(w.ended)
		} else {
			go w.work()
		}
	}()
	for q := range w.queue {
		w.batch(q)
	}
	served = true
}

// errStopped is the verdict on a batch one of whose steps ended the goroutine.
var errStopped = unavailable("write", errors.New("a step stopped the writer"))

// batch takes the first write and those that queue up meanwhile into one transaction, and
// answers them all when it is durable, or has failed as a whole.
func (w *writer) batch(first *queued) {
	taken := []*queued{first}
	failure := errStopped
	defer func() { w.settle(taken, failure) }()
	failure = w.transaction(&taken)
}

func (w *writer) transaction(taken *[]*queued) error {
	ctx := context.Background()
	if err := w.begin(ctx); err != nil {
		*taken = append(*taken, w.more(batchSize)...)
		return unavailable("begin", err)
	}
	t := &tx{store: w.store, run: w.run, heads: map[string]head{}}
	if err := w.reuseState(ctx, t); err != nil {
		return unavailable("begin", err)
	}
	for i := 0; i < len(*taken); i++ {
		if q := (*taken)[i]; q.state.CompareAndSwap(waiting, begun) {
			var err error
			if q.refusal, err = t.runSteps(ctx, q.steps); err != nil {
				return unavailable("write", err)
			}
		}
		if len(*taken) < batchSize {
			*taken = append(*taken, w.more(1)...)
		}
	}
	if err := t.flush(ctx); err != nil {
		return unavailable("count", err)
	}
	if _, err := w.run.exec(ctx, "COMMIT"); err != nil {
		return unavailable("commit", err)
	}
	w.known.counters = t.counters.byKey
	return nil
}

// knownState is what the last transaction has read and written.
type knownState struct {
	counters map[counterKey]*counter
	version  int64 // of the file's content, which others change
}

// maxKnownCounters bounds the counters that are kept between transactions.
const maxKnownCounters = 10_000

// reuseState gives the transaction the state of the last one, if no other process has written since. The transaction's
// own state replaces it at the commit.
func (w *writer) reuseState(ctx context.Context, t *tx) error {
	last := w.known
	w.known = knownState{}
	err := list(ctx, w.run, "data version", "PRAGMA data_version", nil, func(row scan) error { return row(&w.known.version) })
	if err == nil && last.version == w.known.version && len(last.counters) <= maxKnownCounters {
		t.counters.byKey = last.counters
	}
	return err
}

// settle returns the results of the batch. When the transaction failed, every write gets that error.
func (w *writer) settle(taken []*queued, failure error) {
	if failure != nil {
		w.disconnect()
	}
	for _, q := range taken {
		if failure != nil {
			q.refusal = failure
		}
		q.done <- q.refusal
	}
}

// more takes up to n of the waiting writes.
func (w *writer) more(n int) (more []*queued) {
	for len(more) < n {
		select {
		case q, open := <-w.queue:
			if !open {
				return more
			}
			more = append(more, q)
		default:
			return more
		}
	}
	return more
}

func (w *writer) begin(ctx context.Context) error {
	if w.conn == nil {
		if err := w.connect(ctx); err != nil {
			return err
		}
	}
	_, err := w.run.exec(ctx, "BEGIN IMMEDIATE")
	return err
}

func (w *writer) connect(ctx context.Context) error {
	conn, err := w.db.Conn(ctx)
	if err != nil {
		return err
	}
	w.conn, w.run = conn, newPrepared(conn.PrepareContext)
	return nil
}

// disconnect closes the connection and with it an open transaction; the next batch makes a new one.
func (w *writer) disconnect() {
	if w.conn == nil {
		return
	}
	_, _ = w.run.exec(context.Background(), "ROLLBACK") // fails when there is nothing to roll back
	_ = w.run.close()
	// ErrBadConn has the pool close the connection.
	_ = w.conn.Raw(func(any) error { return driver.ErrBadConn })
	w.conn, w.run, w.known = nil, nil, knownState{}
}
