package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

var (
	_ verify.Journal       = (*tx)(nil)
	_ verify.Verifications = (*tx)(nil)
	_ verify.Requests      = (*tx)(nil)
	_ verify.Failures      = (*tx)(nil)
	_ verify.Denials       = (*tx)(nil)
	_ verify.Quotas        = (*tx)(nil)
	_ verify.Deliveries    = (*tx)(nil)
	_ verify.Outbox        = (*tx)(nil)
	_ verify.Notes         = (*tx)(nil)
	_ admin.Tx             = (*tx)(nil)
)

// runner reads: a connection, a pool or a transaction.
type runner interface {
	// query calls each for every row of a statement.
	query(ctx context.Context, text string, args []any, each func(scan) error) error
}

// question is a statement that is asked for its rows.
type question struct {
	text string
	args []any
}

// reads tells whether the statement changes nothing.
func (q question) reads() bool { return strings.HasPrefix(strings.TrimSpace(q.text), "SELECT") }

// txRunner runs the statements of one transaction.
type txRunner interface {
	runner
	stepper
	// exec runs a statement and gives the number of rows that it changed.
	exec(ctx context.Context, text string, args ...any) (int64, error)
	// hold runs a statement whose result is not needed, at once or together with a later one. If it fails, hold or
	// the later call returns what explain makes of the error; without explain, the error as it is.
	hold(ctx context.Context, explain func(error) error, text string, args ...any) error
	// readAhead tells what the step is about to query, so that a database that is far away answers all in one round
	// trip. It changes no answer.
	readAhead(ctx context.Context, questions []question) error
}

// stepper undoes a part of a transaction alone.
type stepper interface {
	// beginStep starts a part of the transaction that undoStep can undo alone.
	beginStep(ctx context.Context) error
	// endStep keeps the part. Its error is that of a statement that was held: the part is then to be undone.
	endStep(ctx context.Context) error
	// undoStep undoes the part.
	undoStep(ctx context.Context) error
}

// tx is one transaction as its steps see it.
type tx struct {
	store *Store
	run   txRunner
	// lock keeps others from writing to a tenant until the transaction ends.
	// Nil where this process is the only writer.
	lock func(ctx context.Context, tenant string) error
	// skipLocked ends a query that passes over rows of o that another node is busy with.
	skipLocked string

	heads    map[string]head // of the tenants touched
	undo     []undo          // what the step that runs has done to heads
	counters counters
	broken   error // a statement of this step has failed: the step has failed, even if it returns nil
}

// head is the end of a tenant's chain of events.
type head struct {
	seq  int64
	hash verify.Hash
}

type undo struct {
	tenant string
	before head
	known  bool // before the step
}

// runSteps runs the steps up to the first that fails, each in a savepoint of its own. refusal is that
// step's error: what the steps before it did stands. With err nothing of the transaction stands.
func (t *tx) runSteps(ctx context.Context, steps []step) (refusal, err error) {
	for _, s := range steps {
		t.undo, t.counters.undo, t.broken = t.undo[:0], t.counters.undo[:0], nil
		if err := t.run.beginStep(ctx); err != nil {
			return nil, err
		}
		refusal = guarded(s, t)
		if t.broken != nil && !errors.As(refusal, new(*panicked)) {
			refusal = t.broken
		}
		if refusal == nil {
			refusal = t.run.endStep(ctx)
		}
		if refusal != nil {
			if err := t.run.undoStep(ctx); err != nil {
				if t.broken != nil { // SQLite ends the transaction itself when the disk is full: that is the cause to tell
					return nil, fmt.Errorf("%w (undoing the step: %w)", t.broken, err)
				}
				// Not wrapped: the refusal of one step would be taken for the verdict on the whole transaction.
				return nil, fmt.Errorf("undo a step that failed with %q: %w", refusal.Error(), err)
			}
			t.discardStep()
			return refusal, nil
		}
	}
	return nil, nil
}

// discardStep sets heads and counters back to their state before the step.
func (t *tx) discardStep() {
	t.counters.discardStep()
	for i := len(t.undo) - 1; i >= 0; i-- {
		if u := t.undo[i]; u.known {
			t.heads[u.tenant] = u.before
		} else {
			delete(t.heads, u.tenant)
		}
	}
}

// panicked carries the panic of a step to the caller whose step it was.
type panicked struct {
	value any
	stack []byte
}

func (p *panicked) Error() string { return fmt.Sprintf("panic: %v\n%s", p.value, p.stack) }

// guarded runs a step and returns its panic as an error.
func guarded(s step, t *tx) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &panicked{value: value, stack: debug.Stack()}
		}
	}()
	return s(t)
}

// rethrow returns the result of a caller's steps to the caller, and panics there if a step panicked.
func rethrow(refusal error) error {
	var p *panicked
	if errors.As(refusal, &p) {
		panic(p)
	}
	return refusal
}

// fail records that a statement failed and returns the error as CodeUnavailable.
func (t *tx) fail(doing string, err error) error {
	if t.broken == nil {
		t.broken = unavailable(doing, err)
	}
	return t.broken
}

// exec runs a statement and gives the number of rows that it changed.
func (t *tx) exec(ctx context.Context, doing, text string, args ...any) (int64, error) {
	if t.broken != nil {
		return 0, t.broken
	}
	n, err := t.run.exec(ctx, text, args...)
	if err != nil {
		return 0, t.fail(doing, err)
	}
	return n, nil
}

// put runs a statement whose result is not needed: it may be sent later in the step, together with another one.
func (t *tx) put(ctx context.Context, doing, text string, args ...any) error {
	return t.putOr(ctx, func(err error) error { return unavailable(doing, err) }, text, args...)
}

// putOr is put with an explanation of the statement's failure.
func (t *tx) putOr(ctx context.Context, explain func(error) error, text string, args ...any) error {
	if t.broken != nil {
		return t.broken
	}
	if err := t.run.hold(ctx, explain, text, args...); err != nil {
		return t.fail("write", err)
	}
	return nil
}

// ahead reads the answers of several queries in one round trip, where that is faster than one after the other.
func (t *tx) ahead(ctx context.Context, questions []question) error {
	if t.broken != nil {
		return t.broken
	}
	if err := t.run.readAhead(ctx, questions); err != nil {
		return t.fail("read ahead", err)
	}
	return nil
}

// get reads one row; sql.ErrNoRows if there is none.
func (t *tx) get(ctx context.Context, doing, text string, args []any, into ...any) error {
	if t.broken != nil {
		return t.broken
	}
	err := read(ctx, t.run, doing, text, args, into...)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return t.fail(doing, err)
	}
	return err
}

// list reads rows, calling each for every one.
func (t *tx) list(ctx context.Context, doing, text string, args []any, each func(scan) error) error {
	if t.broken != nil {
		return t.broken
	}
	if err := list(ctx, t.run, doing, text, args, each); err != nil {
		return t.fail(doing, err)
	}
	return nil
}

// scan reads the columns of a row.
type scan func(into ...any) error

// read reads one row; sql.ErrNoRows if there is none.
func read(ctx context.Context, r runner, doing, text string, args []any, into ...any) error {
	found := false
	err := list(ctx, r, doing, text, args, func(row scan) error {
		found = true
		return row(into...)
	})
	if err == nil && !found {
		return sql.ErrNoRows
	}
	return err
}

// list reads rows, calling each for every one.
func list(ctx context.Context, r runner, doing, text string, args []any, each func(scan) error) error {
	if err := r.query(ctx, text, args, each); err != nil {
		return unavailable(doing, err)
	}
	return nil
}
