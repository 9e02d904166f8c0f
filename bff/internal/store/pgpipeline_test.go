package store

import (
	"context"
	"fmt"
	"io"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

func TestOnlyARefusedStatementSaysThatATransactionWasRolledBack(t *testing.T) {
	for _, row := range []struct {
		name string
		err  error
		want bool
	}{
		{"a row that is there already", &pgconn.PgError{SeverityUnlocalized: "ERROR", Code: "23505"}, true},
		{"the same within another error", fmt.Errorf("insert: %w", &pgconn.PgError{SeverityUnlocalized: "ERROR", Code: "23505"}), true},
		{"a server that shuts down, maybe after the commit", &pgconn.PgError{SeverityUnlocalized: "FATAL", Code: "57P01"}, false},
		{"a pooler that has lost its server", &pgconn.PgError{SeverityUnlocalized: "ERROR", Code: "08P01"}, false},
		{"a connection that is lost", io.ErrUnexpectedEOF, false},
		{"a time-out", context.DeadlineExceeded, false},
	} {
		if got := rolledBack(row.err); got != row.want {
			t.Errorf("%s: %v, want %v", row.name, got, row.want)
		}
	}
}
