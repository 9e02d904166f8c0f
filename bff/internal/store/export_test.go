package store

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// LimitPages lets the SQLite file grow no further.
func (s *Store) LimitPages(t *testing.T) { s.pragma(t, "PRAGMA max_page_count = 1") } // never below what there is

// UnlimitPages lets it grow again.
func (s *Store) UnlimitPages(t *testing.T) { s.pragma(t, "PRAGMA max_page_count = 1073741823") }

func (s *Store) pragma(t *testing.T, text string) {
	t.Helper()
	err := s.update(t.Context(), func(x *tx) error {
		_, err := x.run.exec(t.Context(), text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// ProbeID is the row that Ready has written last.
func (s *Store) ProbeID(t *testing.T) (id string) {
	t.Helper()
	err := s.list(t.Context(), "read probe", `SELECT id FROM write_probes`, nil, func(row scan) error { return row(&id) })
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// RoundTrips counts how often a PostgreSQL store has asked its server something and waited for the answer.
type RoundTrips struct{ n atomic.Int64 }

// Of counts those of one act.
func (r *RoundTrips) Of(act func()) int64 {
	before := r.n.Load()
	act()
	return r.n.Load() - before
}

// TraceQueryStart is [pgx.QueryTracer]'s.
func (r *RoundTrips) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	r.n.Add(1)
	return ctx
}

// TraceQueryEnd is [pgx.QueryTracer]'s.
func (r *RoundTrips) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// TraceBatchStart is [pgx.BatchTracer]'s.
func (r *RoundTrips) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	r.n.Add(1)
	return ctx
}

// TraceBatchQuery is [pgx.BatchTracer]'s.
func (r *RoundTrips) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}

// TraceBatchEnd is [pgx.BatchTracer]'s.
func (r *RoundTrips) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}

// OpenCounted opens a PostgreSQL store on one connection, whose round trips are counted.
func OpenCounted(t *testing.T, url string, vault *Vault) (*Store, *RoundTrips) {
	t.Helper()
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	trips := &RoundTrips{}
	config.MaxConns, config.ConnConfig.Tracer = 1, trips
	s := newStore(Config{Vault: vault, Now: time.Now})
	if s.engine, err = newPostgreSQL(t.Context(), config, s); err != nil {
		t.Fatal(err)
	}
	migrated(t, s)
	return s, trips
}

// migrated brings the store's schema up to date, and closes the store when the test ends.
func migrated(t *testing.T, s *Store) {
	t.Helper()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// Waiting tells how many writes of the tenant wait for their leader on PostgreSQL.
func (s *Store) Waiting(tenant string) int {
	p := s.engine.(*postgres)
	p.mu.Lock()
	defer p.mu.Unlock()
	if queue := p.queues[tenant]; queue != nil {
		return len(queue.waiting)
	}
	return 0
}

// ExplainContact gives the plans of the statements that read a contact's events on PostgreSQL, as if tables were large.
func (s *Store) ExplainContact(t *testing.T) (plans []string) {
	t.Helper()
	conn, err := s.engine.(*postgres).pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	if _, err := conn.Exec(t.Context(), "SET enable_seqscan = off; SET enable_bitmapscan = off"); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{lastEvents, laterEvents} {
		rows, err := conn.Query(t.Context(), "EXPLAIN "+text, "acme", "dana", 100, readChunk)
		if err != nil {
			t.Fatal(err)
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		plans = append(plans, strings.Join(lines, "\n"))
	}
	if _, err := conn.Exec(t.Context(), "RESET ALL"); err != nil {
		t.Fatal(err)
	}
	return plans
}

// VerifyChainInRanges is VerifyChain with ranges of so many events.
func (s *Store) VerifyChainInRanges(ctx context.Context, tenant string, size int64) (events int64, broken *Break, err error) {
	return s.verifyChain(ctx, tenant, size)
}
