package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/shieldpod/shieldpod/bff/internal/store/migrations"
)

const (
	postgresConns   = 32
	postgresRetries = 5
)

// postgres is the shared database of several nodes, or one that speaks its protocol.
type postgres struct {
	store  *Store
	db     *sql.DB
	config *pgx.ConnConfig
}

// modeParameter of the URL chooses how pgx runs statements; without it that is decided by whether there is a pooler.
const modeParameter = "default_query_exec_mode"

// openPostgreSQL connects. By default pgx keeps prepared statements on the connection, which a pooler hands on to
// others (PgBouncer in transaction mode, pgcat, Supavisor): behind one only their descriptions are kept.
func openPostgreSQL(ctx context.Context, address string, s *Store) (engine, error) {
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, errors.New("the database's URL can't be read") // the cause may repeat its password
	}
	db := stdlib.OpenDB(*config)
	pooled, err := behindPooler(ctx, db)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if u, parseErr := url.Parse(address); pooled && (parseErr != nil || !u.Query().Has(modeParameter)) {
		if err := db.Close(); err != nil {
			return nil, err
		}
		config.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
		db = stdlib.OpenDB(*config)
	}
	db.SetMaxOpenConns(postgresConns)
	db.SetMaxIdleConns(postgresConns)
	return &postgres{store: s, db: db, config: config}, nil
}

// behindPooler tells whether another process than the one that greeted us runs our statements: a pooler greets with a
// number of its own.
func behindPooler(ctx context.Context, db *sql.DB) (pooled bool, err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	err = conn.Raw(func(driver any) error {
		own, ok := driver.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("the driver's connection is a %T", driver)
		}
		var pid uint32
		if err := own.Conn().QueryRow(ctx, "SELECT pg_backend_pid()", pgx.QueryExecModeSimpleProtocol).Scan(&pid); err != nil {
			return err
		}
		pooled = pid != own.Conn().PgConn().PID()
		return nil
	})
	return pooled, err
}

func (p *postgres) reader() runner { return p.db }

// migrator lets one node at a time change the schema; the others wait for it. The lock is a row and not a session's,
// because a pooler may end the session or hand it on.
func (p *postgres) migrator() (*goose.Provider, error) {
	locker, err := lock.NewPostgresTableLocker(lock.WithTableLockTimeout(200*time.Millisecond, 1500))
	if err != nil {
		return nil, err
	}
	db := stdlib.OpenDB(*p.config)
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations.Files, goose.WithLocker(locker))
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return provider, nil
}

func (p *postgres) close() error { return p.db.Close() }

// write runs the steps in a transaction of their own, and again from the first
// one when others at the same time made it fail.
func (p *postgres) write(ctx context.Context, steps []step) error {
	for retries := 0; ; retries++ {
		refusal, err := p.try(ctx, steps)
		if err == nil {
			return answer(refusal)
		}
		if !passing(err) || retries == postgresRetries {
			return unavailable("write", err)
		}
	}
}

func (p *postgres) try(ctx context.Context, steps []step) (refusal, err error) {
	conn, err := p.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	// A caller that gives up ends the statement that runs, never the commit: its outcome would stay unknown.
	sqlTx, err := conn.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = sqlTx.Rollback() }() // of what was not committed
	t := &tx{
		store: p.store, run: sqlTx, heads: map[string]head{}, skipLocked: " FOR UPDATE OF o SKIP LOCKED",
		lock: func(ctx context.Context, tenant string) error {
			_, err := sqlTx.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, tenant)
			return err
		},
	}
	refusal, err = t.walk(ctx, steps)
	if err != nil {
		return nil, err
	}
	if passing(refusal) {
		return nil, refusal
	}
	if err := t.flush(context.WithoutCancel(ctx)); err != nil {
		return nil, err
	}
	return refusal, sqlTx.Commit()
}
