package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// OpenSession stores a session, records the jti of its context as used, and replaces the known channels of its contacts:
// all of it or nothing. An empty jti records nothing. It reports whether no session of this technician had this ticket
// before.
// CodeContextReplayed: the jti was used before.
func (s *Store) OpenSession(ctx context.Context, v verify.NewSession) (first bool, err error) {
	plain, err := json.Marshal(v.Context)
	if err != nil {
		return false, unavailable("open session", err)
	}
	ticketContext, err := s.vault.seal(plain, "sessions", v.Context.Tenant, v.ID)
	if err != nil {
		return false, unavailable("open session", err)
	}
	err = s.updateOf(ctx, v.Context.Tenant, func(t *tx) error {
		if err := t.spend(ctx, v.Context.Tenant, v.JTI, v.JTIUntil); err != nil {
			return err
		}
		opened, err := t.exec(ctx, "open ticket", `
			INSERT INTO opened_tickets (tenant, technician, ticket, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
			v.Context.Tenant, v.Context.Technician.ID, v.Context.Ticket.PSA+"/"+v.Context.Ticket.ID, millis(v.OpenedAt))
		if err != nil {
			return err
		}
		first = opened > 0
		if err := t.putKnownChannels(ctx, v.Context.Tenant, v.Channels); err != nil {
			return err
		}
		return t.put(ctx, "open session", `
			INSERT INTO sessions (id, tenant, origin, opened_at, ends_at, context, first_open) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			v.ID, v.Context.Tenant, v.Origin, millis(v.OpenedAt), millis(v.EndsAt), ticketContext, opened)
	})
	return first, err
}

// spend remembers a jti that was not used before.
func (t *tx) spend(ctx context.Context, tenant, jti string, until time.Time) error {
	if jti == "" {
		return nil
	}
	spent := sha256.Sum256([]byte(jti))
	n, err := t.exec(ctx, "spend context", `
		INSERT INTO used_contexts (tenant, jti, until) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
		tenant, spent[:], millis(until))
	if err == nil && n == 0 {
		err = errReplayed
	}
	return err
}

// Session gives a session by its id, past its end too until it is swept. CodeNotFound: there is none, or it was ended.
func (s *Store) Session(ctx context.Context, id string) (verify.Session, error) {
	var v verify.Session
	var tenant string
	var opened, ends, first int64
	var ticketContext []byte
	err := s.get(ctx, "read session", `
		SELECT id, tenant, origin, opened_at, ends_at, context, first_open FROM sessions WHERE id = $1`, []any{id},
		&v.ID, &tenant, &v.Origin, &opened, &ends, &ticketContext, &first)
	if errors.Is(err, sql.ErrNoRows) {
		return verify.Session{}, errNoSession
	}
	if err != nil {
		return verify.Session{}, err
	}
	plain, err := s.vault.open(ticketContext, "sessions", tenant, v.ID)
	if err != nil {
		return verify.Session{}, unavailable("read session", err)
	}
	if err := strictjson.Unmarshal(plain, &v.Context); err != nil {
		return verify.Session{}, unavailable("read session", err)
	}
	v.OpenedAt, v.EndsAt, v.FirstOpen = fromMillis(opened), fromMillis(ends), first > 0
	return v, nil
}

// EndSession revokes a session. One that is not there has ended already.
func (s *Store) EndSession(ctx context.Context, tenant, id string) error {
	return s.update(ctx, func(t *tx) error {
		n, err := t.exec(ctx, "end session", `DELETE FROM sessions WHERE id = $1 AND tenant = $2`, id, tenant)
		if err != nil || n == 0 {
			return err
		}
		return t.countEnd(ctx, tenant)
	})
}

// countEnd has every node look at the tenant's sessions again: see EndedSince.
func (t *tx) countEnd(ctx context.Context, tenant string) error {
	if t.lock != nil { // calls are numbered in the order in which they are committed
		if err := t.lock(ctx, "session_ends"); err != nil {
			return t.fail("count session end", err)
		}
	}
	_, err := t.exec(ctx, "count session end", `
		INSERT INTO session_ends (tenant, n) VALUES ($1, (SELECT COALESCE(MAX(n), 0) + 1 FROM session_ends))
		ON CONFLICT (tenant) DO UPDATE SET n = excluded.n`, tenant)
	return err
}

// EndedSince gives the tenants of which sessions were ended by calls numbered above after, and the last call's number; after itself
// if there was none.
func (s *Store) EndedSince(ctx context.Context, after int64) (tenants []string, last int64, err error) {
	last = after
	err = s.list(ctx, "list session ends", `SELECT tenant, n FROM session_ends WHERE n > $1 ORDER BY n`, []any{after}, func(row scan) error {
		var tenant string
		if err := row(&tenant, &last); err != nil {
			return err
		}
		tenants = append(tenants, tenant)
		return nil
	})
	return tenants, last, err
}

// OpenSessions gives the ids of a tenant's sessions that were opened and not ended.
func (s *Store) OpenSessions(ctx context.Context, tenant string) (map[string]bool, error) {
	open := map[string]bool{}
	err := s.list(ctx, "list open sessions", `SELECT id FROM sessions WHERE tenant = $1`, []any{tenant}, func(row scan) error {
		var id string
		err := row(&id)
		open[id] = true
		return err
	})
	return open, err
}

// SessionIDs is [admin.Sessions]'.
func (s *Store) SessionIDs(ctx context.Context, tenant, technician string) (ids []string, err error) {
	err = s.list(ctx, "list sessions", `SELECT id, context FROM sessions WHERE tenant = $1`, []any{tenant}, func(row scan) error {
		var id string
		var sealed []byte
		if err := row(&id, &sealed); err != nil {
			return err
		}
		if technician == "" { // also one that can't be opened is ended
			ids = append(ids, id)
			return nil
		}
		plain, err := s.vault.open(sealed, "sessions", tenant, id)
		if err != nil {
			return err
		}
		var d verify.TicketContext
		err = strictjson.Unmarshal(plain, &d)
		if d.Technician.ID == technician {
			ids = append(ids, id)
		}
		return err
	})
	return ids, err
}

// EndSessions is [admin.SessionRecords]'.
func (t *tx) EndSessions(ctx context.Context, tenant string, ids []string) (ended int64, err error) {
	for chunk := range slices.Chunk(ids, sweepSize) {
		marks, args := among(chunk, tenant)
		n, err := t.exec(ctx, "end sessions", `DELETE FROM sessions WHERE tenant = $1 AND id IN (`+marks+`)`, args...)
		if err != nil {
			return 0, err
		}
		ended += n
	}
	if ended == 0 {
		return 0, nil
	}
	return ended, t.countEnd(ctx, tenant)
}

const (
	// messagesKept is how long the results of messages are kept, for support.
	// Delivery reports name the verification and need no job.
	messagesKept = 24 * time.Hour
	// alertsKept is the same for alerts.
	alertsKept = 7 * 24 * time.Hour
	// notesKept is the same for notes.
	notesKept = 7 * 24 * time.Hour
	// openedKept is for how long a ticket that was opened once is not opened for the first time.
	openedKept = 180 * 24 * time.Hour
	// syncsKept is for how long a sync of contacts may take, and its token is remembered.
	syncsKept = 7 * 24 * time.Hour
	// windowsKept is longer than any quota's window and pause.
	windowsKept = 3 * 24 * time.Hour
	// sweepSize bounds what one write of Sweep deletes, so that other writes wait for it only briefly.
	sweepSize = 250
)

// Sweep forgets what has run out: sessions, spent contexts and quotas' windows, and what was settled long ago.
func (s *Store) Sweep(ctx context.Context, now time.Time) error {
	for _, old := range []struct {
		text  string
		until time.Time
	}{
		{`DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE ends_at <= $1 LIMIT $2 + 0)`, now},
		{`DELETE FROM used_contexts WHERE (tenant, jti) IN (SELECT tenant, jti FROM used_contexts WHERE until <= $1 LIMIT $2 + 0)`, now},
		{sweepJobs(verify.MessageJobs(channel.Email)), now.Add(-messagesKept)},
		{sweepJobs(verify.MessageJobs(channel.Phone)), now.Add(-messagesKept)},
		{sweepJobs(verify.NoteJobs), now.Add(-notesKept)},
		{sweepJobs(verify.WebhookJobs), now.Add(-alertsKept)},
		{`DELETE FROM opened_tickets WHERE (tenant, technician, ticket) IN (
			SELECT tenant, technician, ticket FROM opened_tickets WHERE at <= $1 LIMIT $2 + 0)`, now.Add(-openedKept)},
		{`DELETE FROM directory_syncs WHERE (tenant, system, client, token) IN (
			SELECT tenant, system, client, token FROM directory_syncs WHERE at <= $1 LIMIT $2 + 0)`, now.Add(-syncsKept)},
		{`DELETE FROM quotas WHERE (tenant, name, key) IN (
			SELECT tenant, name, key FROM quotas WHERE began <= $1 LIMIT $2 + 0)`, now.Add(-windowsKept)},
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
