package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// Break is the first event of a tenant's chain that is not as it was written.
type Break struct {
	Tenant string
	Seq    int64
	Why    string
}

func (b *Break) String() string { return fmt.Sprintf("event %d of %s: %s", b.Seq, b.Tenant, b.Why) }

// LastEvent gives the number of the tenant's last event, 0 before the first.
func (s *Store) LastEvent(ctx context.Context, tenant string) (seq int64, err error) {
	err = s.get(ctx, "last event", `SELECT seq FROM events WHERE tenant = $1 ORDER BY seq DESC LIMIT 1`, []any{tenant}, &seq)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return seq, err
}

const (
	// chainPage is how many events are read at a time, so that no read keeps the database busy long.
	chainPage = 1000
	// chainRange is how many events one walker checks before it takes the next ones.
	chainRange = 20 * chainPage
)

// VerifyChain walks a tenant's events from the first, and tells how many are sound and which one is
// the first that is not. Events cut off at the end can't be told by the chain alone.
//
// A long chain is walked in several places at once, by no more walkers than there are processors, also when many chains
// are verified at the same time: a server that uses the same database keeps its connections. Each walker trusts the hash of
// the event before its range: whether that event has this hash is for the range before to tell, and the first break of all
// counts.
func (s *Store) VerifyChain(ctx context.Context, tenant string) (events int64, broken *Break, err error) {
	return s.verifyChain(ctx, tenant, chainRange)
}

func (s *Store) verifyChain(ctx context.Context, tenant string, size int64) (events int64, broken *Break, err error) {
	last, err := s.LastEvent(ctx, tenant)
	if err != nil {
		return 0, nil, err
	}
	walkers := max(1, min(int64(runtime.GOMAXPROCS(0)), last/size))
	check := chainCheck{store: s, tenant: tenant, size: size, last: last}
	var group sync.WaitGroup
	for range walkers {
		group.Go(func() { check.walk(ctx) })
	}
	group.Wait()
	switch {
	case check.broken != nil: // it is the first one, also when what comes later could not be read
		return check.broken.Seq - 1, check.broken, nil
	case check.err != nil:
		return 0, nil, check.err
	}
	return check.end, nil, nil
}

// chainCheck is what the walkers of one chain share.
type chainCheck struct {
	store  *Store
	tenant string
	size   int64 // of a range
	last   int64 // number of the last event when the check began; what comes later belongs to the last range

	mu     sync.Mutex
	next   int64 // of the event after which the next range begins
	end    int64 // number of the last event
	broken *Break
	err    error
}

// walk checks range after range until there is none left, or a break before them.
func (c *chainCheck) walk(ctx context.Context) {
	for {
		c.mu.Lock()
		after, upTo := c.next, int64(math.MaxInt64)
		if c.err != nil || after > c.last || c.broken != nil && c.broken.Seq <= after {
			c.mu.Unlock()
			return
		}
		if after < c.last-c.size {
			upTo = after + c.size
		}
		c.next = upTo
		c.mu.Unlock()
		r := chainRangeCheck{tenant: c.tenant, seq: after, upTo: upTo}
		c.store.chainSlots <- struct{}{}
		err := r.run(ctx, c.store)
		<-c.store.chainSlots
		c.mu.Lock()
		c.end = max(c.end, r.seq)
		if r.broken != nil && (c.broken == nil || r.broken.Seq < c.broken.Seq) {
			c.broken = r.broken
		}
		if c.err == nil {
			c.err = err
		}
		c.mu.Unlock()
	}
}

// chainRangeCheck checks the events after the one numbered seq, up to and with upTo.
type chainRangeCheck struct {
	tenant string
	seq    int64 // of the last sound event
	upTo   int64
	prev   verify.Hash
	broken *Break
	link   link // the row, used again for each
}

func (r *chainRangeCheck) run(ctx context.Context, s *Store) error {
	if r.seq > 0 {
		err := s.get(ctx, "read hash", `SELECT hash FROM events WHERE tenant = $1 AND seq = $2`, []any{r.tenant, r.seq}, &r.link.hash)
		if errors.Is(err, sql.ErrNoRows) {
			r.broken = &Break{Tenant: r.tenant, Seq: r.seq, Why: whyMissing}
			return nil
		}
		if err != nil {
			return err
		}
		copy(r.prev[:], r.link.hash)
	}
	for {
		read, begin := 0, r.seq
		err := s.list(ctx, "walk chain", `
			SELECT seq, at, kind, verification, contact, body, hash FROM events
			WHERE tenant = $1 AND seq > $2 ORDER BY seq LIMIT $3 + 0`, []any{r.tenant, begin, min(chainPage, r.upTo-begin)}, func(row scan) error {
			read++
			return r.add(row)
		})
		if err != nil || r.broken != nil || r.seq == r.upTo {
			return err
		}
		if read < chainPage {
			if r.upTo < math.MaxInt64 { // a later event was there when the check began
				r.broken = &Break{Tenant: r.tenant, Seq: r.seq + 1, Why: whyMissing}
			}
			return nil
		}
	}
}

// add checks one event.
func (r *chainRangeCheck) add(row scan) error {
	if r.broken != nil {
		return nil
	}
	l := &r.link
	if err := row(&l.seq, &l.at, &l.kind, &l.verification, &l.contact, &l.body, &l.hash); err != nil {
		return err
	}
	if why := l.check(r.tenant, r.seq+1, r.prev); why != "" {
		r.broken = &Break{Tenant: r.tenant, Seq: r.seq + 1, Why: why}
		return nil
	}
	r.seq++
	r.prev = verify.Hash(l.hash)
	return nil
}

// link is an event as it is stored.
type link struct {
	seq, at                     int64
	kind, verification, contact string
	body                        string
	hash                        []byte
}

const whyMissing = "it is missing"

// check says what is wrong with the link as the one of number seq after prev; nothing if it is sound.
func (l *link) check(tenant string, seq int64, prev verify.Hash) string {
	if l.seq != seq {
		return whyMissing
	}
	if seal := verify.Seal(prev, l.body); string(seal[:]) != string(l.hash) {
		return "its hash does not fit its body and the event before it"
	}
	e, err := verify.ParseEvent(l.body)
	if err != nil {
		return "its body can't be read"
	}
	if e.Tenant != tenant || e.Seq != l.seq || millis(e.At) != l.at || string(e.Kind) != l.kind ||
		e.Verification != l.verification || e.Contact != l.contact {
		return "its columns differ from its body"
	}
	return ""
}
