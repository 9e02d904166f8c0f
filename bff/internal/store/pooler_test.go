package store_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// askAtOnce has many connections run the same statement, and gives what the first failure says.
func askAtOnce(t *testing.T, s *store.Store) string {
	t.Helper()
	var mu sync.Mutex
	var said string
	var all sync.WaitGroup
	for range 32 {
		all.Go(func() {
			for range 20 {
				if _, err := s.BySecret(t.Context(), []byte("of none")); verify.CodeOf(err) != verify.CodeNotFound {
					mu.Lock()
					said = fmt.Sprint(err)
					mu.Unlock()
				}
			}
		})
	}
	all.Wait()
	return said
}

// PgBouncer before 1.21 hands prepared statements of one client on to the next in transaction mode.
func TestStatementsWorkThroughAPoolerOrTheErrorSaysWhatToSet(t *testing.T) {
	for _, c := range []struct {
		name, mode string
		want       string // in what a failure says; empty: there is none
	}{
		{"by itself", "", ""},
		{"in a mode that was set and works", "&default_query_exec_mode=exec", ""},
		{"in a mode that was set and does not", "&default_query_exec_mode=cache_statement", "add default_query_exec_mode=cache_describe to --database-url"},
	} {
		t.Run(c.name, func(t *testing.T) {
			address := storetest.PgBouncerURL(t)
			storetest.Open(t, address, nil) // brings the tables up to date
			s, err := store.Open(t.Context(), store.Config{URL: address + c.mode, Vault: storetest.Vault(t)})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			if said := askAtOnce(t, s); !strings.Contains(said, c.want) || c.want == "" && said != "" {
				t.Errorf("said %q, want %q", said, c.want)
			}
		})
	}
}

// Several nodes that start at once change the schema one after the other, without a session to lock.
func TestNodesMigrateOneAfterTheOtherThroughAPooler(t *testing.T) {
	address := storetest.PgBouncerURL(t)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() { storetest.Open(t, address, nil) })
	}
	all.Wait()
}
