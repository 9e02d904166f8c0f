package store

import (
	"context"
	"database/sql"
	"errors"
	"math"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// Append is [verify.Journal]'s.
func (t *tx) Append(ctx context.Context, e *verify.Event) error {
	last, err := t.head(ctx, e.Tenant)
	if err != nil {
		return err
	}
	e.Seq = last.seq + 1
	body, hash, err := e.Link(last.hash)
	if err != nil {
		return t.fail("link event", err)
	}
	err = t.put(ctx, "append event", `
		INSERT INTO events (tenant, seq, at, kind, verification, contact, body, hash)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		e.Tenant, e.Seq, millis(e.At), string(e.Kind), e.Verification, e.Contact, string(body), hash[:])
	if err != nil {
		return err
	}
	t.undo = append(t.undo, undo{tenant: e.Tenant, before: last, known: true})
	t.heads[e.Tenant] = head{seq: e.Seq, hash: hash}
	return nil
}

// head gives the end of the tenant's chain. No other transaction can extend it until this one ends.
func (t *tx) head(ctx context.Context, tenant string) (head, error) {
	if err := t.lockTenant(ctx, tenant); err != nil {
		return head{}, err
	}
	if h, known := t.heads[tenant]; known && h.seq >= 0 {
		return h, nil
	}
	h, err := t.readHead(ctx, tenant)
	if err != nil {
		return head{}, err
	}
	t.heads[tenant] = h
	return h, nil
}

func (t *tx) readHead(ctx context.Context, tenant string) (h head, err error) {
	var hash []byte
	err = t.get(ctx, "read head", `
		SELECT seq, hash FROM events WHERE tenant = $1 ORDER BY seq DESC LIMIT 1`, []any{tenant}, &h.seq, &hash)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return head{}, err
	}
	copy(h.hash[:], hash)
	return h, nil
}

// unread is the head of a locked tenant whose chain was not read yet.
var unread = head{seq: -1}

// lockTenant locks the tenant against other transactions, once.
func (t *tx) lockTenant(ctx context.Context, tenant string) error {
	if t.broken != nil {
		return t.broken
	}
	if _, owned := t.heads[tenant]; owned {
		return nil
	}
	if t.lock != nil {
		if err := t.lock(ctx, tenant); err != nil {
			return t.fail("lock tenant", err)
		}
	}
	// Rolling back to a savepoint gives back the locks taken after it.
	t.undo = append(t.undo, undo{tenant: tenant})
	t.heads[tenant] = unread
	return nil
}

// Changed gives the contacts of the tenant that have events numbered above after, with the number of the last one of each.
func (s *Store) Changed(ctx context.Context, tenant string, after int64) (map[string]int64, error) {
	changed := map[string]int64{}
	// Not grouped by the database: it would walk all of the tenant's contacts to save itself the sorting.
	err := s.list(ctx, "list changes", `SELECT contact, seq FROM events WHERE tenant = $1 AND seq > $2 ORDER BY seq`,
		[]any{tenant, after}, func(row scan) error {
			var contact string
			var seq int64
			err := row(&contact, &seq)
			changed[contact] = seq
			return err
		})
	return changed, err
}

// AdminEvents gives up to n events of the tenant's administrative acts that are numbered below before, newest first; from
// the newest on if before is 0. Its condition is that of the index events_of_acts.
func (s *Store) AdminEvents(ctx context.Context, tenant string, before int64, n int) (events []verify.Event, err error) {
	if before == 0 {
		before = math.MaxInt64
	}
	err = s.list(ctx, "list acts", `
		SELECT body FROM events WHERE tenant = $1 AND seq < $2 AND (contact = '' OR kind = 'unlocked') AND kind <> $3
		ORDER BY seq DESC LIMIT $4 + 0`, []any{tenant, before, string(verify.EventPrefixPaused), n}, func(row scan) error {
		var body []byte
		if err := row(&body); err != nil {
			return err
		}
		e, err := verify.ParseEvent(body)
		events = append(events, e)
		return err
	})
	return events, err
}
