package store

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/quota"
)

// counters are the quotas that a transaction has touched. Most sends of a moment share most of their quotas,
// and the writer puts many sends into one transaction: each row is read once and written once for all of them.
type counters struct {
	byKey   map[counterKey]*counter
	dirty   []*counter    // those that may be other than what is stored
	undo    []counterUndo // what the step that runs has done
	rewinds []rewind
}

type counterKey struct{ tenant, name, key string }

type counter struct {
	tally
	key   counterKey
	dirty bool // other than what is stored
}

type tally struct{ began, used, paused int64 }

type counterUndo struct {
	of     *counter
	before tally
	dirty  bool
}

// rewind is the correction of a counter after the clock was set back. It is kept even if the step fails.
type rewind struct {
	of          *counter
	at, longest int64
}

// spend counts amount in the window that at lies in, and gives what it then comes to.
func (c tally) spend(at, window, amount int64) tally {
	if at-c.began >= window {
		c.began, c.used = at, 0
	}
	c.used += amount
	return c
}

func (c tally) use() quota.Usage {
	return quota.Usage{Used: c.used, Began: fromMillis(c.began), Paused: fromMillis(c.paused)}
}

// back is what a clock that was set back makes of it. A window that began in what is now the future begins now: it
// lasts no longer for that, and is not emptied. Nor does a pause last longer than the longest.
func (c tally) back(at, longest int64) tally {
	c.began, c.paused = min(c.began, at), min(c.paused, at+longest)
	return c
}

// put has the counter stand at what the step that runs has made of it.
func (k *counters) put(c *counter, now tally) {
	k.undo = append(k.undo, counterUndo{of: c, before: c.tally, dirty: c.dirty})
	k.set(c, now)
}

func (k *counters) set(c *counter, now tally) {
	if !c.dirty {
		c.dirty = true
		k.dirty = append(k.dirty, c)
	}
	c.tally = now
}

// discardStep sets the counters back to their state before the step.
func (k *counters) discardStep() {
	for _, u := range slices.Backward(k.undo) {
		u.of.tally, u.of.dirty = u.before, u.dirty
	}
}

// Spend is [verify.Quotas]'.
func (t *tx) Spend(ctx context.Context, tenant string, at time.Time, quotas []quota.Quota) ([]quota.Usage, error) {
	found, err := t.load(ctx, tenant, at, quotas)
	if err != nil {
		return nil, err
	}
	uses := make([]quota.Usage, len(quotas))
	for i, b := range quotas {
		t.counters.put(found[i], found[i].spend(millis(at), b.Window.Milliseconds(), b.Amount))
		uses[i] = found[i].use()
	}
	return uses, nil
}

// Used is [verify.Quotas]'.
func (t *tx) Used(ctx context.Context, tenant string, at time.Time, b quota.Quota) (quota.Usage, error) {
	found, err := t.load(ctx, tenant, at, []quota.Quota{b})
	if err != nil {
		return quota.Usage{}, err
	}
	return found[0].spend(millis(at), b.Window.Milliseconds(), 0).use(), nil
}

// Pause is [verify.Quotas]'.
func (t *tx) Pause(ctx context.Context, tenant string, b quota.Quota, until time.Time) error {
	found, err := t.load(ctx, tenant, until, []quota.Quota{b})
	if err != nil {
		return err
	}
	c := found[0].tally
	c.paused = millis(until)
	t.counters.put(found[0], c)
	return nil
}

// load gives the quotas' counters, and reads those that the transaction has not touched yet; one that there is not is zero.
func (t *tx) load(ctx context.Context, tenant string, at time.Time, quotas []quota.Quota) ([]*counter, error) {
	if err := t.lockTenant(ctx, tenant); err != nil {
		return nil, err
	}
	if t.counters.byKey == nil {
		t.counters.byKey = map[counterKey]*counter{}
	}
	fresh := t.counters.unread(tenant, quotas)
	for _, key := range fresh {
		t.counters.byKey[key] = &counter{key: key}
	}
	found := make([]*counter, len(quotas))
	for i, b := range quotas {
		found[i] = t.counters.byKey[counterKey{tenant, b.Name, b.Key}]
	}
	if len(fresh) > 0 {
		if err := t.readCounters(ctx, tenant, fresh); err != nil {
			for _, key := range fresh {
				delete(t.counters.byKey, key) // it is not zero for not having been read
			}
			return nil, err
		}
	}
	for i, b := range quotas {
		if back := found[i].back(millis(at), b.Pause.Milliseconds()); back != found[i].tally {
			t.counters.set(found[i], back)
			t.counters.rewinds = append(t.counters.rewinds, rewind{of: found[i], at: millis(at), longest: b.Pause.Milliseconds()})
		}
	}
	return found, nil
}

// readCounters fills in the counters of the keys.
func (t *tx) readCounters(ctx context.Context, tenant string, keys []counterKey) error {
	q := countersOf(tenant, keys)
	return t.list(ctx, "read quotas", q.text, q.args, func(row scan) error {
		key, c := counterKey{tenant: tenant}, tally{}
		err := row(&key.name, &key.key, &c.began, &c.used, &c.paused)
		t.counters.byKey[key].tally = c
		return err
	})
}

func countersOf(tenant string, keys []counterKey) question {
	args := make([]any, 1, 1+2*len(keys))
	args[0] = tenant
	for _, key := range keys {
		args = append(args, key.name, key.key)
	}
	return question{`SELECT name, key, began, used, paused_until FROM quotas
		WHERE tenant = $1 AND (name, key) IN (VALUES ` + tuples(2, len(keys), 2) + `)`, args}
}

// unread gives the quotas' counters that have not been read yet, in order.
func (k *counters) unread(tenant string, quotas []quota.Quota) (keys []counterKey) {
	for _, b := range quotas {
		if key := (counterKey{tenant, b.Name, b.Key}); k.byKey[key] == nil && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return keys
}

// flushSize is how many counters one statement writes.
const flushSize = 16

// flush writes what the transaction has counted. It is its last statement before the commit.
func (t *tx) flush(ctx context.Context) error {
	if err := t.reconcile(ctx); err != nil {
		return err
	}
	const columns = 6
	// A counter is listed again when a step was undone in between, and PostgreSQL takes no row twice in a statement.
	dirty := slices.DeleteFunc(t.counters.dirty, func(c *counter) bool {
		listed := c.dirty
		c.dirty = false
		return !listed
	})
	for some := range slices.Chunk(dirty, flushSize) {
		args := make([]any, 0, columns*len(some))
		for _, c := range some {
			args = append(args, c.key.tenant, c.key.name, c.key.key, c.began, c.used, c.paused)
		}
		err := t.run.hold(ctx, nil, `
			INSERT INTO quotas (tenant, name, key, began, used, paused_until) VALUES `+tuples(1, len(some), columns)+`
			ON CONFLICT (tenant, name, key) DO UPDATE SET
				began = excluded.began, used = excluded.used, paused_until = excluded.paused_until`, args...)
		if err != nil {
			return err
		}
	}
	return nil
}

// reconcile takes the lock on a tenant again that was given back with a step that was undone, and sets back what
// others may have counted meanwhile.
func (t *tx) reconcile(ctx context.Context) error {
	for _, r := range t.counters.rewinds {
		tenant := r.of.key.tenant
		if _, owned := t.heads[tenant]; owned || t.lock == nil {
			continue
		}
		if err := t.lock(ctx, tenant); err != nil {
			return err
		}
		if err := t.readCounters(ctx, tenant, []counterKey{r.of.key}); err != nil {
			return err
		}
		r.of.tally = r.of.back(r.at, r.longest)
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
