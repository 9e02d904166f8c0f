package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/shieldpod/shieldpod/bff/internal/store/migrations"
)

// sqliteReaders is how many reads run at once.
const sqliteReaders = 8

// sqliteEngine is the embedded database: one writer, many readers.
type sqliteEngine struct {
	writer  *writer
	readers *sql.DB
	reading *prepared
	path    string
}

func openSQLite(ctx context.Context, path string, s *Store) (engine, error) {
	// Created here so that other users of the machine can't read it; SQLite gives its other files the same mode.
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := file.Close(); err != nil {
		return nil, err
	}
	w, err := openWriter(ctx, path, s)
	if err != nil {
		return nil, err
	}
	readers, err := sql.Open("sqlite", sqliteDSN(path, true))
	if err != nil {
		return nil, errors.Join(err, w.close())
	}
	readers.SetMaxOpenConns(sqliteReaders)
	readers.SetMaxIdleConns(sqliteReaders)
	return &sqliteEngine{writer: w, readers: readers, reading: newPrepared(readers.PrepareContext), path: path}, nil
}

// sqliteDSN names the file with all that a connection needs: what is set by a
// statement later would reach one connection of the pool only.
func sqliteDSN(path string, readOnly bool) string {
	q := url.Values{"_txlock": {"immediate"}, "_pragma": {
		"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)", "temp_store(MEMORY)", "cache_size(-32768)",
	}}
	if readOnly {
		q = url.Values{"mode": {"ro"}, "_pragma": {"busy_timeout(5000)", "query_only(ON)", "cache_size(-8192)"}}
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

// write has one writer for all tenants: it is the file that takes one transaction at a time.
func (l *sqliteEngine) write(ctx context.Context, _ string, steps []step) error {
	return l.writer.write(ctx, steps)
}

func (l *sqliteEngine) reader() runner { return l.reading }

// migrator has a connection of its own: the writer's only one stays the writer's.
func (l *sqliteEngine) migrator() (*goose.Provider, error) {
	db, err := sql.Open("sqlite", sqliteDSN(l.path, false))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, migrations.Files)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return provider, nil
}

func (l *sqliteEngine) close() error {
	return errors.Join(l.reading.close(), l.readers.Close(), l.writer.close())
}

// prepared keeps the statements that were once compiled: SQLite compiles them in the process, dearly.
// It heeds no cancellation of what it runs, which takes microseconds, because watching for it costs as much.
//
// A bound limit is written LIMIT $n + 0: of a bare parameter there SQLite wants to know the value when it
// plans, and so compiles the statement again for every execution.
type prepared struct {
	prepare func(ctx context.Context, text string) (*sql.Stmt, error)
	mu      sync.RWMutex
	byText  map[string]*sql.Stmt
}

func newPrepared(prepare func(context.Context, string) (*sql.Stmt, error)) *prepared {
	return &prepared{prepare: prepare, byText: map[string]*sql.Stmt{}}
}

func (p *prepared) exec(ctx context.Context, text string, args ...any) (int64, error) {
	ctx = context.WithoutCancel(ctx)
	stmt, err := p.statement(ctx, text) //nolint:sqlclosecheck // kept for the next time
	if err != nil {
		return 0, err
	}
	result, err := stmt.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// hold runs the statement at once: nothing lies between this process and the database.
func (p *prepared) hold(ctx context.Context, explain func(error) error, text string, args ...any) error {
	_, err := p.exec(ctx, text, args...)
	if err != nil && explain != nil {
		err = explain(err)
	}
	return err
}

// readAhead does nothing, for the same reason.
func (p *prepared) readAhead(context.Context, []question) error { return nil }

func (p *prepared) beginStep(ctx context.Context) error {
	_, err := p.exec(ctx, "SAVEPOINT step")
	return err
}

func (p *prepared) endStep(ctx context.Context) error {
	_, err := p.exec(ctx, "RELEASE SAVEPOINT step")
	return err
}

func (p *prepared) undoStep(ctx context.Context) error {
	if _, err := p.exec(ctx, "ROLLBACK TO SAVEPOINT step"); err != nil {
		return err
	}
	return p.endStep(ctx)
}

func (p *prepared) query(ctx context.Context, text string, args []any, each func(scan) error) (err error) {
	ctx = context.WithoutCancel(ctx)
	stmt, err := p.statement(ctx, text) //nolint:sqlclosecheck // kept for the next time
	if err != nil {
		return err
	}
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	defer func() {
		if closing := rows.Close(); err == nil {
			err = closing
		}
	}()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (p *prepared) statement(ctx context.Context, text string) (*sql.Stmt, error) {
	p.mu.RLock()
	stmt := p.byText[text]
	p.mu.RUnlock()
	if stmt != nil {
		return stmt, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if stmt := p.byText[text]; stmt != nil {
		return stmt, nil
	}
	stmt, err := p.prepare(ctx, text) //nolint:sqlclosecheck // close closes it
	if err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	p.byText[text] = stmt
	return stmt, nil
}

func (p *prepared) close() (err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, stmt := range p.byText {
		err = errors.Join(err, stmt.Close())
	}
	clear(p.byText)
	return err
}
