package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

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

// chainPage is how many events are read at a time, so that no read keeps the database busy long.
const chainPage = 1000

// VerifyChain walks a tenant's events from the first, and tells how many are sound and which one is
// the first that is not. Events cut off at the end can't be told by the chain alone.
func (s *Store) VerifyChain(ctx context.Context, tenant string) (events int64, broken *Break, err error) {
	var prev verify.Hash
	for {
		read := 0
		err := s.list(ctx, "walk chain", `
			SELECT seq, at, kind, verification, contact, body, hash FROM events
			WHERE tenant = $1 AND seq > $2 ORDER BY seq LIMIT $3 + 0`, []any{tenant, events, chainPage}, func(row scan) error {
			read++
			if broken != nil {
				return nil
			}
			var l link
			if err := row(&l.seq, &l.at, &l.kind, &l.verification, &l.contact, &l.body, &l.hash); err != nil {
				return err
			}
			if why := l.check(tenant, events+1, prev); why != "" {
				broken = &Break{Tenant: tenant, Seq: events + 1, Why: why}
				return nil
			}
			events++
			prev = verify.Hash(l.hash)
			return nil
		})
		if err != nil || broken != nil || read < chainPage {
			return events, broken, err
		}
	}
}

// link is an event as it is stored.
type link struct {
	seq, at                     int64
	kind, verification, contact string
	body, hash                  []byte
}

// check says what is wrong with the link as the one of number seq after prev; nothing if it is sound.
func (l link) check(tenant string, seq int64, prev verify.Hash) string {
	if l.seq != seq {
		return "it is missing"
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
