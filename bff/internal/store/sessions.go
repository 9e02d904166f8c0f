package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// OpenSession spends a launch context's jti, to be remembered until the given time, and stores the
// session it opens: both or neither. CodeContextReplayed: the jti was spent before.
func (s *Store) OpenSession(ctx context.Context, v verify.Session, jti string, jtiUntil time.Time) error {
	plain, err := json.Marshal(v.Desk)
	if err != nil {
		return unavailable("open session", err)
	}
	desk, err := s.vault.seal(plain, "sessions", v.Desk.Tenant, v.ID)
	if err != nil {
		return unavailable("open session", err)
	}
	spent := sha256.Sum256([]byte(jti))
	return s.update(ctx, func(t *tx) error {
		n, err := t.exec(ctx, "spend context", `
			INSERT INTO spent_contexts (tenant, jti, until) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
			v.Desk.Tenant, spent[:], millis(jtiUntil))
		if err != nil {
			return err
		}
		if n == 0 {
			return errReplayed
		}
		_, err = t.exec(ctx, "open session", `
			INSERT INTO sessions (id, tenant, origin, opened_at, ends_at, desk) VALUES ($1, $2, $3, $4, $5, $6)`,
			v.ID, v.Desk.Tenant, v.Origin, millis(v.OpenedAt), millis(v.EndsAt), desk)
		return err
	})
}

// Session gives a session by its id, past its end too until it is swept. CodeNotFound: there is none, or it was ended.
func (s *Store) Session(ctx context.Context, id string) (verify.Session, error) {
	var v verify.Session
	var tenant string
	var opened, ends int64
	var desk []byte
	err := s.get(ctx, "read session", `
		SELECT id, tenant, origin, opened_at, ends_at, desk FROM sessions WHERE id = $1`, []any{id},
		&v.ID, &tenant, &v.Origin, &opened, &ends, &desk)
	if errors.Is(err, sql.ErrNoRows) {
		return verify.Session{}, errNoSession
	}
	if err != nil {
		return verify.Session{}, err
	}
	plain, err := s.vault.open(desk, "sessions", tenant, v.ID)
	if err != nil {
		return verify.Session{}, unavailable("read session", err)
	}
	if err := json.Unmarshal(plain, &v.Desk); err != nil {
		return verify.Session{}, unavailable("read session", err)
	}
	v.OpenedAt, v.EndsAt = moment(opened), moment(ends)
	return v, nil
}

// EndSession revokes a session. One that is not there has ended already.
func (s *Store) EndSession(ctx context.Context, tenant, id string) error {
	return s.update(ctx, func(t *tx) error {
		_, err := t.exec(ctx, "end session", `DELETE FROM sessions WHERE id = $1 AND tenant = $2`, id, tenant)
		return err
	})
}

const (
	// settledKept is how long the outbox remembers what became of a message, for whoever has to look into it.
	// Delivery reports name the verification and need no row of the outbox.
	settledKept = 24 * time.Hour
	// sweepSize bounds what one write of Sweep deletes, so that nobody waits for it long.
	sweepSize = 250
)

// Sweep forgets the sessions and the spent contexts that have run out, and the messages that were settled a day ago.
func (s *Store) Sweep(ctx context.Context, now time.Time) error {
	for _, old := range []struct {
		text  string
		until time.Time
	}{
		{`DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE ends_at <= $1 LIMIT $2 + 0)`, now},
		{`DELETE FROM spent_contexts WHERE (tenant, jti) IN (SELECT tenant, jti FROM spent_contexts WHERE until <= $1 LIMIT $2 + 0)`, now},
		{`DELETE FROM outbox WHERE id IN (
			SELECT id FROM outbox WHERE state NOT IN ('queued', 'sending') AND lease_until <= $1 LIMIT $2 + 0)`, now.Add(-settledKept)},
	} {
		for swept := int64(sweepSize); swept == sweepSize; {
			err := s.update(ctx, func(t *tx) (err error) {
				swept, err = t.exec(ctx, "sweep", old.text, millis(old.until), sweepSize)
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}
