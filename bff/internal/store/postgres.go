package store

import (
	"context"
	"errors"
	"net/url"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/shieldpod/shieldpod/bff/internal/store/migrations"
)

const (
	postgresConns = 32
	// postgresWriters is how many transactions write at once; the other connections read.
	postgresWriters = 16
	postgresRetries = 5
)

// postgres is the shared database of several nodes, or one that speaks its protocol.
type postgres struct {
	store *Store
	pool  *pgxpool.Pool

	mu      sync.Mutex
	queues  map[string]*tenantQueue // of the tenants that have a leader
	closed  bool
	leaders sync.WaitGroup
	slots   chan struct{}
}

// modeParameter of the URL chooses how pgx runs statements; without it that is decided by whether there is a pooler.
const modeParameter = "default_query_exec_mode"

// openPostgreSQL connects. By default pgx keeps prepared statements on the connection, which a pooler hands on to
// others (PgBouncer in transaction mode, pgcat, Supavisor): behind one only their descriptions are kept.
func openPostgreSQL(ctx context.Context, address string, s *Store) (engine, error) {
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		return nil, errors.New("the database's URL can't be read") // the cause may repeat its password
	}
	config.MaxConns = postgresConns
	pooled, err := behindPooler(ctx, config.ConnConfig)
	if err != nil {
		return nil, err
	}
	if u, parseErr := url.Parse(address); pooled && (parseErr != nil || !u.Query().Has(modeParameter)) {
		config.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	}
	return newPostgreSQL(ctx, config, s)
}

func newPostgreSQL(ctx context.Context, config *pgxpool.Config, s *Store) (*postgres, error) {
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	return &postgres{store: s, pool: pool, queues: map[string]*tenantQueue{}, slots: make(chan struct{}, postgresWriters)}, nil
}

// behindPooler tells whether another process than the one that greeted us runs our statements: a pooler greets with a
// number of its own.
func behindPooler(ctx context.Context, config *pgx.ConnConfig) (pooled bool, err error) {
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	var pid uint32
	if err := conn.QueryRow(ctx, "SELECT pg_backend_pid()", pgx.QueryExecModeSimpleProtocol).Scan(&pid); err != nil {
		return false, err
	}
	return pid != conn.PgConn().PID(), nil
}

func (p *postgres) reader() runner { return poolReader{p.pool} }

// poolReader runs each statement on a connection of the pool.
type poolReader struct{ pool *pgxpool.Pool }

func (r poolReader) query(ctx context.Context, text string, args []any, each func(scan) error) error {
	rows, err := r.pool.Query(ctx, text, args...)
	if err != nil {
		return err
	}
	return eachRow(rows, each)
}

func eachRow(rows pgx.Rows, each func(scan) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// migrator lets one node at a time change the schema; the others wait for it. The lock is a row and not a session's,
// because a pooler may end the session or hand it on.
func (p *postgres) migrator() (*goose.Provider, error) {
	locker, err := lock.NewPostgresTableLocker(lock.WithTableLockTimeout(200*time.Millisecond, 1500))
	if err != nil {
		return nil, err
	}
	db := stdlib.OpenDB(*p.pool.Config().ConnConfig)
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations.Files, goose.WithLocker(locker))
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return provider, nil
}

// close lets the writes that were begun or wait end, and takes no more.
func (p *postgres) close() error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.leaders.Wait()
	p.pool.Close()
	return nil
}
