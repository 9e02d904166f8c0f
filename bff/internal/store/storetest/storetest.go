// Package storetest gives tests a store to work on, and holds the contract that
// every database under the store must keep.
//
// [SQLite] and [PostgreSQL] give an empty, migrated store that ends with the test;
// [Run] puts a store to all that its ports promise.
package storetest

import (
	"bytes"
	"crypto/rand"
	"path/filepath"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/store"
)

// SQLite gives an empty store on a temporary SQLite file.
func SQLite(t testing.TB) *store.Store {
	t.Helper()
	return Open(t, filepath.Join(t.TempDir(), "shieldpod.db"), nil)
}

// Vault gives a vault that is the same in every test.
func Vault(t testing.TB) *store.Vault {
	t.Helper()
	vault, err := store.NewVault(bytes.Repeat([]byte{7}, 32), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return vault
}

// Open opens and migrates the store at the URL, and closes it when the test ends. A nil now is time.Now.
func Open(t testing.TB, url string, now func() time.Time) *store.Store {
	t.Helper()
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
