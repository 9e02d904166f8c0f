package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

var _ verify.Tx = (*tx)(nil)

// runner takes statements: a connection, a pool or a transaction.
type runner interface {
	ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error)
}

// tx is one transaction as its steps see it.
type tx struct {
	store *Store
	run   runner
	// lock keeps others from writing to a tenant until the transaction ends.
	// Nil where nobody else can write anyway.
	lock func(ctx context.Context, tenant string) error
	// skipLocked ends a query that passes over rows of o that another node is busy with.
	skipLocked string

	heads    map[string]head // of the tenants touched
	undo     []undo          // what the step that runs has done to heads
	counters counters
	broken   error // a statement of this step has failed: the step is over, whatever it says
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

// walk runs the steps up to the first that fails, each in a savepoint of its own. refusal is that
// step's error: what the steps before it did stands. With err nothing of the transaction stands.
func (t *tx) walk(ctx context.Context, steps []step) (refusal, err error) {
	for _, s := range steps {
		t.undo, t.counters.undo, t.broken = t.undo[:0], t.counters.undo[:0], nil
		if _, err := t.run.ExecContext(ctx, "SAVEPOINT step"); err != nil {
			return nil, err
		}
		refusal = guarded(s, t)
		if t.broken != nil && !errors.As(refusal, new(*panicked)) {
			refusal = t.broken
		}
		if refusal != nil {
			if _, err := t.run.ExecContext(ctx, "ROLLBACK TO SAVEPOINT step"); err != nil {
				if t.broken != nil { // SQLite ends the transaction itself when the disk is full: that is the cause to tell
					return nil, fmt.Errorf("%w (undoing the step: %w)", t.broken, err)
				}
				// Not wrapped: the refusal of one step would be taken for the verdict on the whole transaction.
				return nil, fmt.Errorf("undo a step that failed with %q: %w", refusal.Error(), err)
			}
			t.forget()
		}
		if _, err := t.run.ExecContext(ctx, "RELEASE SAVEPOINT step"); err != nil {
			return nil, err
		}
		if refusal != nil {
			return refusal, nil
		}
	}
	return nil, nil
}

// forget sets heads and counters back to what they were before the step.
func (t *tx) forget() {
	t.counters.forget()
	for i := len(t.undo) - 1; i >= 0; i-- {
		if u := t.undo[i]; u.known {
			t.heads[u.tenant] = u.before
		} else {
			delete(t.heads, u.tenant)
		}
	}
}

// panicked is a step's panic on its way to the caller whose step it was.
type panicked struct {
	value any
	stack []byte
}

func (p *panicked) Error() string { return fmt.Sprintf("panic: %v\n%s", p.value, p.stack) }

// guarded takes a step that panics as one that fails.
func guarded(s step, t *tx) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &panicked{value: value, stack: debug.Stack()}
		}
	}()
	return s(t)
}

// answer gives a caller the verdict on its steps; a panic of theirs goes on in the caller.
func answer(refusal error) error {
	var p *panicked
	if errors.As(refusal, &p) {
		panic(p)
	}
	return refusal
}

// fail notes that a statement failed, and says so in the domain's words.
func (t *tx) fail(doing string, err error) error {
	if t.broken == nil {
		t.broken = unavailable(doing, err)
	}
	return t.broken
}

// exec runs a statement and tells how many rows it changed.
func (t *tx) exec(ctx context.Context, doing, text string, args ...any) (int64, error) {
	if t.broken != nil {
		return 0, t.broken
	}
	result, err := t.run.ExecContext(ctx, text, args...)
	if err != nil {
		return 0, t.fail(doing, err)
	}
	n, err := result.RowsAffected()
	if err != nil {
		return 0, t.fail(doing, err)
	}
	return n, nil
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
func list(ctx context.Context, r runner, doing, text string, args []any, each func(scan) error) (err error) {
	rows, err := r.QueryContext(ctx, text, args...)
	if err != nil {
		return unavailable(doing, err)
	}
	defer func() {
		if closing := rows.Close(); err == nil && closing != nil {
			err = unavailable(doing, closing)
		}
	}()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return unavailable(doing, err)
		}
	}
	if err := rows.Err(); err != nil {
		return unavailable(doing, err)
	}
	return nil
}
