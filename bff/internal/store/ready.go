package store

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

const (
	probeEvery = 2 * time.Second // interval of probes; all requests between two probes get the same result
	probeTime  = 5 * time.Second // for a write, before it counts as failed
	probeBytes = 8 << 10         // more than the pages that are open have room for: a full disk is noticed
)

// probe is the last write that was made to see whether the database takes writes.
type probe struct {
	mu      sync.Mutex
	begun   time.Time
	running chan struct{} // closed when it is over; nil before the first
	verdict error
}

// Ready tells whether the database takes writes: it writes a row, at most once in two seconds. [Fault] says what is wrong.
func (s *Store) Ready(ctx context.Context) error {
	p := &s.probe
	p.mu.Lock()
	now := s.now()
	due := p.running == nil
	select {
	case <-p.running:
		age := now.Sub(p.begun)
		due = age < 0 || age >= probeEvery
	default: // one is under way, or there was none
	}
	if due {
		p.begun, p.running = now, make(chan struct{})
		go s.runProbe(context.WithoutCancel(ctx), p.running)
	}
	running := p.running
	p.mu.Unlock()
	select {
	case <-running:
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.verdict
	case <-ctx.Done():
		return unavailable("ready", ctx.Err())
	}
}

func (s *Store) runProbe(ctx context.Context, over chan struct{}) {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	written := make(chan error, 1)
	go func() { written <- s.writeProbe(ctx) }()
	var err error
	select {
	case err = <-written:
	case <-ctx.Done(): // a write that has begun is waited for, however silent the database is
		err = unavailable("ready", ctx.Err())
	}
	s.probe.mu.Lock()
	s.probe.verdict = err
	s.probe.mu.Unlock()
	close(over)
}

// writeProbe puts a row in, and those of earlier times out: in this order, so that it needs room.
func (s *Store) writeProbe(ctx context.Context) error {
	return s.update(ctx, func(t *tx) error {
		id := rand.Text()
		_, err := t.exec(ctx, "write probe", `INSERT INTO write_probes (id, padding) VALUES ($1, $2)`, id, make([]byte, probeBytes))
		if err != nil {
			return err
		}
		_, err = t.exec(ctx, "remove probes", `DELETE FROM write_probes WHERE id <> $1`, id)
		return err
	})
}

// Fault says in a few words, without anything secret, why the database did not do what it was asked.
func Fault(err error) string {
	var pg *pgconn.PgError
	var lite *sqlite.Error
	switch {
	case errors.As(err, &pg):
		return postgresFault(pg.Code)
	case errors.As(err, &lite):
		return sqliteFault(lite.Code())
	case errors.Is(err, errClosed):
		return "it is closed: the server is shutting down"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return "it does not answer in time"
	}
	return "it can't be reached"
}

func postgresFault(state string) string {
	switch {
	case state == "25006":
		return "it is read-only: a write was refused"
	case state == "53100":
		return "its disk is full"
	case state == "53300":
		return "it takes no more connections"
	case state == "42501":
		return "its user may not write"
	case state == "57014":
		return "it does not answer in time"
	case len(state) == 5 && (state[:2] == "57" || state[:2] == "08"):
		return "it is shutting down, or can't be reached"
	}
	return "a write failed with SQLSTATE " + state
}

func sqliteFault(code int) string {
	switch code & 0xff {
	case sqlite3.SQLITE_FULL:
		return "its disk is full"
	case sqlite3.SQLITE_READONLY:
		return "it is read-only: a write was refused"
	case sqlite3.SQLITE_IOERR:
		return "its disk fails"
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return "another process holds it"
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return "its file is damaged"
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return "its file can't be opened"
	}
	return "a write failed"
}
