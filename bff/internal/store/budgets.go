package store

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// counters are the budgets that a transaction has touched. Most sends of a moment share most of their budgets,
// and the writer puts many sends into one transaction: each row is read once and written once for all of them.
type counters struct {
	byKey map[counterKey]counter
	dirty map[counterKey]bool
	undo  []counterUndo // what the step that runs has done
}

type counterKey struct{ tenant, name, key string }

type counter struct{ began, used, paused int64 }

type counterUndo struct {
	key    counterKey
	before counter
	dirty  bool
}

// spend counts amount in the window that at lies in, and gives the counter as it then stands.
func (c counter) spend(at, window, amount int64) counter {
	if at-c.began >= window {
		return counter{began: at, used: amount, paused: c.paused}
	}
	c.used += amount
	return c
}

func (c counter) use() verify.Use {
	return verify.Use{Used: c.used, Began: moment(c.began), Paused: moment(c.paused)}
}

func (k *counters) put(key counterKey, c counter) {
	k.undo = append(k.undo, counterUndo{key: key, before: k.byKey[key], dirty: k.dirty[key]})
	k.set(key, c)
}

func (k *counters) set(key counterKey, c counter) {
	if k.dirty == nil {
		k.dirty = map[counterKey]bool{}
	}
	k.byKey[key], k.dirty[key] = c, true
}

// rewind has a window that began in what is now the future, because the clock was set back, begin now: it lasts no
// longer for that, and is not emptied. Nor does a pause last longer than the longest. This holds whatever becomes
// of the step.
func (k *counters) rewind(key counterKey, at, longest int64) {
	c := k.byKey[key]
	c.began, c.paused = min(c.began, at), min(c.paused, at+longest)
	if c != k.byKey[key] {
		k.set(key, c)
	}
}

// forget sets the counters back to what they were before the step.
func (k *counters) forget() {
	for _, u := range slices.Backward(k.undo) {
		k.byKey[u.key] = u.before
		if !u.dirty {
			delete(k.dirty, u.key)
		}
	}
}

func keyOf(tenant string, b verify.Budget) counterKey { return counterKey{tenant, b.Name, b.Key} }

// Spend is [verify.Spending]'s.
func (t *tx) Spend(ctx context.Context, tenant string, at time.Time, budgets []verify.Budget) ([]verify.Use, error) {
	if err := t.load(ctx, tenant, at, budgets); err != nil {
		return nil, err
	}
	uses := make([]verify.Use, len(budgets))
	for i, b := range budgets {
		key := keyOf(tenant, b)
		c := t.counters.byKey[key].spend(millis(at), b.Window.Milliseconds(), b.Amount)
		t.counters.put(key, c)
		uses[i] = c.use()
	}
	return uses, nil
}

// Used is [verify.Spending]'s.
func (t *tx) Used(ctx context.Context, tenant string, at time.Time, b verify.Budget) (verify.Use, error) {
	if err := t.load(ctx, tenant, at, []verify.Budget{b}); err != nil {
		return verify.Use{}, err
	}
	return t.counters.byKey[keyOf(tenant, b)].spend(millis(at), b.Window.Milliseconds(), 0).use(), nil
}

// Pause is [verify.Spending]'s.
func (t *tx) Pause(ctx context.Context, tenant string, b verify.Budget, until time.Time) error {
	if err := t.load(ctx, tenant, until, []verify.Budget{b}); err != nil {
		return err
	}
	c := t.counters.byKey[keyOf(tenant, b)]
	c.paused = millis(until)
	t.counters.put(keyOf(tenant, b), c)
	return nil
}

// load reads the counters that the transaction has not touched yet; one that there is not is zero.
func (t *tx) load(ctx context.Context, tenant string, at time.Time, budgets []verify.Budget) error {
	if err := t.own(ctx, tenant); err != nil {
		return err
	}
	if t.counters.byKey == nil {
		t.counters.byKey = map[counterKey]counter{}
	}
	args := []any{tenant}
	for _, b := range budgets {
		key := keyOf(tenant, b)
		if _, known := t.counters.byKey[key]; !known {
			t.counters.byKey[key] = counter{}
			args = append(args, b.Name, b.Key)
		}
	}
	if len(args) > 1 {
		err := t.list(ctx, "read budgets", `
			SELECT name, key, began, used, paused_until FROM budgets
			WHERE tenant = $1 AND (name, key) IN (VALUES `+tuples(2, len(args)/2, 2)+`)`, args, func(row scan) error {
			key, c := counterKey{tenant: tenant}, counter{}
			err := row(&key.name, &key.key, &c.began, &c.used, &c.paused)
			t.counters.byKey[key] = c
			return err
		})
		if err != nil {
			return err
		}
	}
	for _, b := range budgets {
		t.counters.rewind(keyOf(tenant, b), millis(at), b.Pause.Milliseconds())
	}
	return nil
}

// flushSize is how many counters one statement writes.
const flushSize = 16

// flush writes what the transaction has counted. It is its last statement before the commit.
func (t *tx) flush(ctx context.Context) error {
	const columns = 6
	for keys := range slices.Chunk(slices.Collect(maps.Keys(t.counters.dirty)), flushSize) {
		args := make([]any, 0, columns*len(keys))
		for _, key := range keys {
			c := t.counters.byKey[key]
			args = append(args, key.tenant, key.name, key.key, c.began, c.used, c.paused)
		}
		_, err := t.run.ExecContext(ctx, `
			INSERT INTO budgets (tenant, name, key, began, used, paused_until) VALUES `+tuples(1, len(keys), columns)+`
			ON CONFLICT (tenant, name, key) DO UPDATE SET
				began = excluded.began, used = excluded.used, paused_until = excluded.paused_until`, args...)
		if err != nil {
			return err
		}
	}
	return nil
}

// tuples are so many rows of placeholders, such as ($2, $3), ($4, $5), from the first one's number on.
func tuples(first, rows, width int) string {
	var b strings.Builder
	for i := range rows * width {
		switch {
		case i == 0:
			b.WriteString("($")
		case i%width == 0:
			b.WriteString("), ($")
		default:
			b.WriteString(", $")
		}
		b.WriteString(strconv.Itoa(first + i))
	}
	b.WriteByte(')')
	return b.String()
}
