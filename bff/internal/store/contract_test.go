package store_test

import (
	"testing"

	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
)

func TestSQLiteKeepsTheContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) *store.Store { return storetest.SQLite(t) })
}

// The groups in which transactions, locks and parallel callers meet.
func TestPostgreSQLKeepsTheContractThroughPgBouncer(t *testing.T) {
	storetest.Run(t, func(t *testing.T) *store.Store { return storetest.PgBouncer(t) }, "ledger", "attempts", "sessions", "service")
}

func TestPostgreSQLKeepsTheContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) *store.Store { return storetest.PostgreSQL(t) })
}
