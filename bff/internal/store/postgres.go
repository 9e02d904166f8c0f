package store

import (
	"context"
	"database/sql"
	"errors"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
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
	store *Store
	db    *sql.DB
	url   string
}

func openPostgreSQL(ctx context.Context, url string, s *Store) (engine, error) {
	db, err := sql.Open("pgx", url)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(postgresConns)
	db.SetMaxIdleConns(postgresConns)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &postgres{store: s, db: db, url: url}, nil
}

func (p *postgres) reader() runner { return p.db }

// migrator lets one node at a time change the schema; the others wait for it.
func (p *postgres) migrator() (*goose.Provider, error) {
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("pgx", p.url)
	if err != nil {
		return nil, err
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations.Files, goose.WithSessionLocker(locker))
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
