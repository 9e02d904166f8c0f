package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// fillUp writes until the database takes no more, and gives the error.
func fillUp(t *testing.T, s *store.Store) error {
	t.Helper()
	for i := range 100_000 {
		err := storetest.PutTenant(t.Context(), s, verify.Tenant{ID: fmt.Sprint("t-", i), Name: strings.Repeat("x", 2000)})
		if err != nil {
			return err
		}
	}
	t.Fatal("the database is never full")
	return nil
}

func TestAFullDatabaseIsNotReady(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	path := filepath.Join(t.TempDir(), "shieldpod.db")
	s := storetest.Open(t, path, func() time.Time { return now })
	if err := s.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.LimitPages(t)
	err := fillUp(t, s)
	if verify.CodeOf(err) != verify.CodeUnavailable || store.Fault(err) != "its disk is full" {
		t.Fatalf("a write fails with %v (%s)", err, store.Fault(err))
	}
	s.LimitPages(t) // a write that fails ends its connection, and the limit with it
	if err := s.Ready(t.Context()); err != nil {
		t.Errorf("within two seconds the verdict holds: %v", err)
	}
	now = now.Add(2 * time.Second)
	if err := s.Ready(t.Context()); verify.CodeOf(err) != verify.CodeUnavailable || store.Fault(err) != "its disk is full" {
		t.Errorf("it is ready, or for another reason not: %v", err)
	}
	s.UnlimitPages(t)
	now = now.Add(2 * time.Second)
	if err := s.Ready(t.Context()); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

func TestADatabaseThatIsMadeReadOnlyIsNotReady(t *testing.T) {
	address := storetest.PostgreSQLURL(t)
	storetest.Open(t, address, nil) // has the tables made
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("default_transaction_read_only", "on")
	u.RawQuery = q.Encode()
	s, err := store.Open(t.Context(), store.Config{URL: u.String(), Vault: storetest.Vault(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if _, err := s.Tenant(t.Context(), "acme"); verify.CodeOf(err) != verify.CodeNotFound {
		t.Fatalf("it does not even read: %v", err)
	}
	if err := s.Ready(t.Context()); verify.CodeOf(err) != verify.CodeUnavailable || store.Fault(err) != "it is read-only: a write was refused" {
		t.Errorf("it is ready, or for another reason not: %v", err)
	}
}

func TestADatabaseThatIsHeldByAnotherIsNotReady(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shieldpod.db")
	s := storetest.Open(t, path, nil)
	other, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	held, err := other.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = held.Rollback() }()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Ready(ctx); verify.CodeOf(err) != verify.CodeUnavailable || store.Fault(err) != "it does not answer in time" {
		t.Errorf("whoever asks waits no longer than it wants to: %v", err)
	}
}

func TestReadinessIsWrittenOnceHoweverManyAsk(t *testing.T) {
	for name, open := range map[string]func(*testing.T) string{
		"SQLite":     func(t *testing.T) string { return filepath.Join(t.TempDir(), "shieldpod.db") },
		"PostgreSQL": func(t *testing.T) string { return storetest.PostgreSQLURL(t) },
	} {
		t.Run(name, func(t *testing.T) {
			now := time.Unix(1_000_000, 0)
			s := storetest.Open(t, open(t), func() time.Time { return now })
			before := ""
			for range 3 {
				seen := map[string]bool{}
				var mu sync.Mutex
				var all sync.WaitGroup
				for range 20 {
					all.Go(func() {
						err := s.Ready(t.Context())
						id := s.ProbeID(t)
						mu.Lock()
						defer mu.Unlock()
						seen[id] = true
						if err != nil {
							t.Error(err)
						}
					})
				}
				all.Wait()
				if len(seen) != 1 || seen[before] {
					t.Errorf("rows %v were written, before it was %q: want a new one", seen, before)
				}
				before = s.ProbeID(t)
				now = now.Add(2 * time.Second)
			}
			now = now.Add(-time.Hour) // a clock that is set back
			if err := s.Ready(t.Context()); err != nil || s.ProbeID(t) == before {
				t.Errorf("no row is written any more: %v", err)
			}
		})
	}
}

func TestFaultsAreSaidWithoutTheirText(t *testing.T) {
	for err, want := range map[error]string{
		context.DeadlineExceeded:                               "it does not answer in time",
		errors.New("dial tcp 10.0.0.7:5432: password=hunter2"): "it can't be reached",
	} {
		if got := store.Fault(err); got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
}
