//go:build unix

package storetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"github.com/shieldpod/shieldpod/bff/internal/store"
)

// PostgreSQL gives an empty store in a database of its own, on a server that the first call starts
// and that ends with the test binary. Where PostgreSQL is not installed the test fails.
func PostgreSQL(t testing.TB) *store.Store {
	t.Helper()
	return Open(t, migratedURL(t), nil)
}

// PostgreSQLURL gives the URL of an empty database that is dropped when the test ends.
func PostgreSQLURL(t testing.TB) string {
	t.Helper()
	s, err := running()
	if err != nil {
		t.Fatal(err)
	}
	name, err := s.create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.admin(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	return s.url(name)
}

// migratedURL gives the URL of a database whose schema is up to date and whose tables are empty. When the test ends
// another one gets it: making and migrating one takes longer than most tests do.
func migratedURL(t testing.TB) string {
	t.Helper()
	s, err := running()
	if err != nil {
		t.Fatal(err)
	}
	name, err := s.takeMigrated(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.putBack(context.Background(), name); err != nil {
			t.Error(err)
		}
	})
	return s.url(name)
}

func (s *server) takeMigrated(ctx context.Context) (name string, err error) {
	s.mu.Lock()
	if n := len(s.migrated); n > 0 {
		name, s.migrated = s.migrated[n-1], s.migrated[:n-1]
	}
	s.mu.Unlock()
	if name != "" {
		return name, nil
	}
	if name, err = s.create(ctx); err != nil {
		return "", err
	}
	return name, migrate(s.url(name))
}

// emptied is what leaves a database as the migrations made it.
const emptied = `DO $$
DECLARE t text;
BEGIN
	SET LOCAL session_replication_role = replica; -- in any order, whatever refers to what
	FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'goose_db_version' LOOP
		EXECUTE 'DELETE FROM ' || quote_ident(t);
	END LOOP;
END $$`

func (s *server) putBack(ctx context.Context, name string) error {
	if err := s.run(ctx, name, emptied); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.migrated = append(s.migrated, name)
	return nil
}

// create makes an empty database.
func (s *server) create(ctx context.Context) (name string, err error) {
	name = fmt.Sprintf("shieldpod_%d", s.databases.Add(1))
	return name, s.admin(ctx, "CREATE DATABASE "+name)
}

// server is the one PostgreSQL of this test binary.
type server struct {
	dir       string
	port      string // empty: PostgreSQL's own
	databases atomic.Int64
	alive     io.Closer // while it is open the server runs

	mu       sync.Mutex
	migrated []string // names of databases that no test uses, empty and with an up-to-date schema
}

var running = sync.OnceValues(start)

// untilClosed runs a command until its own input ends, which it does when this
// process ends, a crash included; then it stops the command and takes its files away.
const untilClosed = `dir=$1 signal=$2; shift 2; "$@" & pid=$!; cat >/dev/null; kill -"$signal" "$pid"; wait "$pid"; rm -rf "$dir"`

func start() (*server, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	// The path of a socket is short, so not in a test's own directory.
	dir, err := os.MkdirTemp("", "shieldpod-pg-")
	if err != nil {
		return nil, err
	}
	s, err := startIn(dir, bin)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return s, s.await()
}

func startIn(dir, bin string) (*server, error) {
	as, err := unprivileged(dir)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	initdb := exec.CommandContext(context.Background(), filepath.Join(bin, "initdb"), "--pgdata", data, "--username", "shieldpod",
		"--auth", "trust", "--encoding", "UTF8", "--no-locale", "--no-sync")
	initdb.Dir, initdb.SysProcAttr = dir, as
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	s := &server{dir: dir}
	postgres := exec.CommandContext(context.Background(), "sh", "-c",
		untilClosed, "sh", dir, "QUIT", filepath.Join(bin, "postgres"), "-D", data,
		"-k", dir, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=300")
	postgres.Dir, postgres.SysProcAttr = dir, as
	log, err := os.Create(s.log())
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }() // the server has its own
	postgres.Stdout, postgres.Stderr = log, log
	if s.alive, err = postgres.StdinPipe(); err != nil {
		return nil, err
	}
	if err := postgres.Start(); err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	return s, nil
}

// binaries finds the newest PostgreSQL of this machine.
func binaries() (dir string, err error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return "", errors.New("these tests need PostgreSQL: install its server (Debian and Ubuntu: apt-get install postgresql; " +
			"macOS: brew install postgresql), or put initdb and postgres on the PATH")
	}
	newest := slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })
	return filepath.Dir(newest), nil
}

// version reads 15 from /usr/lib/postgresql/15/bin/initdb.
func version(path string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path)))) // 9.6 and the like read as 0
	return n
}

// unprivileged gives the directory to a user that may run PostgreSQL, because root may not.
func unprivileged(dir string) (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return &syscall.SysProcAttr{}, nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		account, err = user.Lookup("nobody")
	}
	if err != nil {
		return nil, fmt.Errorf("root may not run PostgreSQL, and there is neither a user postgres nor nobody: %w", err)
	}
	uid, err := strconv.ParseUint(account.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(account.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	if err := os.Chown(dir, int(uid), int(gid)); err != nil {
		return nil, err
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
}

// await returns when the server takes statements.
func (s *server) await() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		err := s.admin(ctx, "SELECT 1")
		if err == nil {
			return nil
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			log, _ := os.ReadFile(s.log())
			return fmt.Errorf("PostgreSQL did not come up: %w\n%s", err, log)
		}
	}
}

func (s *server) log() string { return filepath.Join(s.dir, "log") }

// admin runs one statement outside the tests' databases.
func (s *server) admin(ctx context.Context, statement string) error {
	return s.run(ctx, "postgres", statement)
}

func (s *server) run(ctx context.Context, database, statement string) (err error) {
	db, err := sql.Open("pgx", s.url(database))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	_, err = db.ExecContext(ctx, statement)
	return err
}

func (s *server) url(database string) string {
	query := url.Values{"host": {s.dir}}
	if s.port != "" {
		query.Set("port", s.port)
		query.Set("default_query_exec_mode", "simple_protocol")
	}
	u := url.URL{Scheme: "postgres", User: url.User("shieldpod"), Path: "/" + database, RawQuery: query.Encode()}
	return u.String()
}
