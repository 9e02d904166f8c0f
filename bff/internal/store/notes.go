package store

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// EnqueueNote is [verify.Outbox]'s.
func (t *tx) EnqueueNote(ctx context.Context, j verify.NoteJob) error {
	sealed, err := t.store.vault.seal([]byte(j.Name), "notes", j.Tenant, j.Verification)
	if err != nil {
		return t.fail("enqueue note", err)
	}
	return t.put(ctx, "enqueue note", `
		INSERT INTO notes (id, tenant, system, ticket, contact, seq, sealed, state, due_at, attempts, cause)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting', $8, 0, '')`,
		j.Verification, j.Tenant, j.System, j.Ticket, j.Contact, j.Seq, sealed, millis(j.DueAt))
}

// endNote makes the note of a verification that has just ended due, or void if there is no result to tell.
func (t *tx) endNote(ctx context.Context, tenant, id string, outcome verify.Outcome, at time.Time) error {
	text := `UPDATE notes SET due_at = $3 WHERE id = $1 AND tenant = $2 AND state = 'waiting'`
	if outcome == verify.Cancelled || outcome == verify.Superseded {
		text = `UPDATE notes SET due_at = $3, state = 'void', sealed = NULL WHERE id = $1 AND tenant = $2 AND state = 'waiting'`
	}
	return t.put(ctx, "end note", text, id, tenant, millis(at))
}

// SettleNote is [verify.Outbox]'s.
func (t *tx) SettleNote(ctx context.Context, j verify.NoteJob) (bool, error) {
	return t.move(ctx, j.Tenant, `
		UPDATE notes SET state = 'written', sealed = NULL, cause = ''
		WHERE id = $1 AND tenant = $2 AND state = 'waiting' AND due_at = $3`, j.Verification, j.Tenant, millis(j.DueAt))
}

// ClaimNotes takes up to n notes that are due, the longest due first. A worker that has not ended one when its lease runs
// out has lost it: it is given again. DueAt is that time, and Attempts counts the writes begun before this one.
// One whose seal can't be opened, as another master key's, comes without the contact's name.
func (s *Store) ClaimNotes(ctx context.Context, now, leaseUntil time.Time, n int) ([]verify.NoteJob, error) {
	var jobs []verify.NoteJob
	err := s.update(ctx, func(t *tx) error {
		jobs = nil
		return t.list(ctx, "claim notes", `
			WITH due AS (
				SELECT o.id AS note FROM notes o WHERE o.state = 'waiting' AND o.due_at <= $1
				ORDER BY o.due_at, o.id LIMIT $3 + 0`+t.skipLocked+`
			)
			UPDATE notes SET due_at = $2, attempts = notes.attempts + 1
			FROM due WHERE notes.id = due.note
			RETURNING id, tenant, system, ticket, contact, seq, sealed, due_at, attempts - 1`,
			[]any{millis(now), millis(leaseUntil), n}, func(row scan) error {
				var j verify.NoteJob
				var sealed []byte
				var until int64
				err := row(&j.Verification, &j.Tenant, &j.System, &j.Ticket, &j.Contact, &j.Seq, &sealed, &until, &j.Attempts)
				j.DueAt = fromMillis(until)
				if name, unsealed := t.store.vault.open(sealed, "notes", j.Tenant, j.Verification); unsealed == nil {
					j.Name = string(name)
				}
				jobs = append(jobs, j)
				return err
			})
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(jobs, func(a, b verify.NoteJob) int { return strings.Compare(a.Verification, b.Verification) })
	return jobs, nil
}

// NextNoteAt tells when the earliest note is due; false if none waits.
func (s *Store) NextNoteAt(ctx context.Context) (time.Time, bool, error) {
	var due sql.NullInt64
	err := s.get(ctx, "next note", `SELECT MIN(due_at) FROM notes WHERE state = 'waiting'`, nil, &due)
	return fromMillis(due.Int64), due.Valid, err
}

// RetryNote has a note written again, not before at.
func (s *Store) RetryNote(ctx context.Context, tenant, verification string, at time.Time, cause string) error {
	return s.note(ctx, `UPDATE notes SET due_at = $3, cause = $4 WHERE id = $1 AND tenant = $2 AND state = 'waiting'`,
		verification, tenant, millis(at), cause)
}

// DropNote gives a note up.
func (s *Store) DropNote(ctx context.Context, tenant, verification, cause string) error {
	return s.note(ctx, `
		UPDATE notes SET state = 'dropped', cause = $3, sealed = NULL WHERE id = $1 AND tenant = $2 AND state = 'waiting'`,
		verification, tenant, cause)
}

// DroppedNotes tells how many of the tenant's notes were given up lately, and why the last one was.
func (s *Store) DroppedNotes(ctx context.Context, tenant string) (n int64, cause string, err error) {
	err = s.list(ctx, "count dropped notes", `
		SELECT cause FROM notes WHERE tenant = $1 AND state = 'dropped' ORDER BY due_at DESC, id DESC`, []any{tenant}, func(row scan) error {
		var why string
		err := row(&why)
		if n++; n == 1 {
			cause = why
		}
		return err
	})
	return n, cause, err
}

func (s *Store) note(ctx context.Context, text string, args ...any) error {
	return s.update(ctx, func(t *tx) error {
		_, err := t.exec(ctx, "update note", text, args...)
		return err
	})
}
