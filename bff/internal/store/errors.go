package store

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// unavailable is what a failure of the database reads as outside.
func unavailable(doing string, err error) error {
	var known *verify.Error
	if errors.As(err, &known) {
		return err
	}
	return &verify.Error{
		Code:   verify.CodeUnavailable,
		Public: "Shieldpod can't reach its records right now. Try again in a moment.",
		Err:    fmt.Errorf("store: %s: %w", doing, explained(err)),
	}
}

var (
	errNoVerification = &verify.Error{Code: verify.CodeNotFound, Public: "There is no such verification."}
	errNoSession      = &verify.Error{Code: verify.CodeNotFound, Public: "This session is over. Open the ticket again."}
	errNoTenant       = &verify.Error{Code: verify.CodeNotFound, Public: "There is no such tenant."}
	errNoJob          = &verify.Error{Code: verify.CodeNotFound, Public: "No such message is on its way."}
	errNoAPIKey       = &verify.Error{Code: verify.CodeNotFound, Public: "There is no such API key."}
	errNoCarrier      = &verify.Error{Code: verify.CodeNotFound, Public: "The tenant has no account of its own with this carrier."}
	errNoConnection   = &verify.Error{Code: verify.CodeNotFound, Public: "The ticket system is not connected."}
	errNoSync         = &verify.Error{Code: verify.CodeNotFound, Public: "Nothing was pushed in a sync of this token."}
	errSynced         = &verify.Error{Code: verify.CodeKeyReused, Public: "This sync is finished. Begin another with a new token."}
	errNoImage        = &verify.Error{Code: verify.CodeNotFound, Public: "There is no such image."}
	errReplayed       = &verify.Error{Code: verify.CodeContextReplayed, Public: "This launch was used already. Open the ticket again."}
	errKeyReused      = &verify.Error{Code: verify.CodeKeyReused, Public: "This idempotency key was used for another request. Use a new one."}
	errClosed         = &verify.Error{Code: verify.CodeUnavailable, Public: "Shieldpod is shutting down. Try again in a moment.", Err: errors.New("store: closed")}
	errLocked         = &verify.Error{Code: verify.CodeLocked, Public: "Too many wrong codes for this contact."}
)

// explained adds what to do about statements that a pooler gave to another connection.
func explained(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && (pg.Code == stateStatementThere || pg.Code == stateNoStatement) {
		return fmt.Errorf("a pooler stands between Shieldpod and PostgreSQL: add %s=cache_describe to --database-url: %w", modeParameter, err)
	}
	return err
}

// SQLSTATEs of PostgreSQL.
const (
	stateStatementThere = "42P05"
	stateNoStatement    = "26000"

	stateUnique        = "23505"
	stateSerialization = "40001"
	stateDeadlock      = "40P01"
)

// isUniqueViolation reports whether a statement failed because such a row exists.
func isUniqueViolation(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == stateUnique
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return lite.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || lite.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
	}
	return false
}

// isRetryable reports whether a transaction failed only because of concurrent ones.
func isRetryable(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == stateSerialization || pg.Code == stateDeadlock)
}
