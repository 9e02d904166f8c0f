// Package storetest gives tests a store to work on, and holds the contract that
// every database under the store must keep.
//
// [SQLite] and [PostgreSQL] give an empty, migrated store that ends with the test;
// [Run] puts a store to all that its ports promise.
package storetest

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/store"
)

// SQLite gives an empty store on a temporary SQLite file.
func SQLite(t testing.TB) *store.Store {
	t.Helper()
	return Open(t, filepath.Join(t.TempDir(), "shieldpod.db"), nil)
}

// Seed makes an empty, migrated SQLite file at the path, unless there is a file. It takes the master key of the first
// store that opens it.
func Seed(t testing.TB, path string) {
	t.Helper()
	if _, err := os.Stat(path); err == nil {
		return
	}
	file, err := migratedFile()
	if err == nil {
		err = os.WriteFile(path, file, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// migratedFile is an SQLite file whose schema is up to date. It is made once, because a migration takes longer than most
// tests: goose takes a buffer of 4 MiB for each line of SQL, and the race detector has sync.Pool drop a quarter of them.
var migratedFile = sync.OnceValues(func() (file []byte, err error) {
	dir, err := os.MkdirTemp("", "shieldpod-sqlite-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "shieldpod.db")
	if err := errors.Join(migrate(path), forgetKey(path)); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// forgetKey removes the row by which a store recognizes its master key.
func forgetKey(path string) (err error) {
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for _, statement := range []string{"DELETE FROM key_proof", "PRAGMA wal_checkpoint(TRUNCATE)"} {
		if _, err := db.ExecContext(context.Background(), statement); err != nil {
			return err
		}
	}
	return nil
}

// migrate brings the database's schema up to date.
func migrate(url string) (err error) {
	vault, err := newVault()
	if err != nil {
		return err
	}
	s, err := store.Open(context.Background(), store.Config{URL: url, Vault: vault})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return s.Migrate(context.Background())
}

// Vault gives a vault that is the same in every test.
func Vault(t testing.TB) *store.Vault {
	t.Helper()
	vault, err := newVault()
	if err != nil {
		t.Fatal(err)
	}
	return vault
}

func newVault() (*store.Vault, error) {
	return store.NewVault(bytes.Repeat([]byte{7}, 32), rand.Reader)
}

// Open opens and migrates the store at the URL, and closes it when the test ends. A nil now is time.Now.
func Open(t testing.TB, url string, now func() time.Time) *store.Store {
	t.Helper()
	if !strings.Contains(url, "://") {
		Seed(t, url)
	}
	s, err := store.Open(t.Context(), store.Config{URL: url, Vault: Vault(t), Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}
