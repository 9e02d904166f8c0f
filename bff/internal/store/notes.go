package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// noteBody is what a note's row keeps.
type noteBody struct {
	System  string `json:"system"`
	Ticket  string `json:"ticket"`
	Contact string `json:"contact"`
	Seq     int64  `json:"seq"`
}

// EnqueueNote is [verify.Outbox]'s.
func (t *tx) EnqueueNote(ctx context.Context, j verify.NoteJob) error {
	body, err := json.Marshal(noteBody{System: j.System, Ticket: j.Ticket, Contact: j.Contact, Seq: j.Seq})
	if err != nil {
		return t.fail("enqueue note", err)
	}
	sealed, err := t.store.vault.seal([]byte(j.Name), "jobs", string(verify.NoteJobs), j.Tenant, j.Verification)
	if err != nil {
		return t.fail("enqueue note", err)
	}
	return t.enqueue(ctx, newJob{
		kind: verify.NoteJobs, tenant: j.Tenant, id: j.Verification, dueAt: j.DueAt, body: body, sealed: sealed,
	})
}

// endNote makes the note of a verification that has just ended due, or ends it if there is no result to tell.
func (t *tx) endNote(ctx context.Context, tenant, id string, outcome verify.Outcome, at time.Time) error {
	text := `UPDATE jobs SET due_at = $3 WHERE kind = 'note' AND id = $1 AND tenant = $2 AND state = 'queued'`
	if outcome == verify.Cancelled || outcome == verify.Superseded {
		text = `UPDATE jobs SET due_at = $3, state = 'dead', sealed = NULL WHERE kind = 'note' AND id = $1 AND tenant = $2 AND state = 'queued'`
	}
	return t.put(ctx, "end note", text, id, tenant, millis(at))
}

// requeueNote makes a note due in any state, because its result has changed. The worker that holds it can't settle it.
func (t *tx) requeueNote(ctx context.Context, tenant, id string, at time.Time) error {
	_, err := t.exec(ctx, "queue note again", `
		UPDATE jobs SET state = 'queued', due_at = $3, attempts = 0, cause = '' WHERE kind = 'note' AND id = $1 AND tenant = $2`,
		id, tenant, millis(at))
	return err
}

// SettleNote is [verify.Notes]'.
func (t *tx) SettleNote(ctx context.Context, j verify.NoteJob) (bool, error) {
	return t.move(ctx, j.Tenant, `
		UPDATE jobs SET state = 'sent', sealed = NULL, cause = ''
		WHERE kind = 'note' AND id = $1 AND tenant = $2 AND state = 'queued' AND due_at = $3`, j.Verification, j.Tenant, millis(j.DueAt))
}

// Notes holds the notes. A note is given out again when its lease ends, which is its DueAt. One whose seal can't be opened,
// as another master key's, comes without the contact's name.
func (s *Store) Notes() Queue[verify.NoteJob] {
	return Queue[verify.NoteJob]{store: s, claimRules: repeatable(verify.NoteJobs), decode: s.note,
		id:    func(j verify.NoteJob) (tenant, id string) { return j.Tenant, j.Verification },
		lease: func(j verify.NoteJob) time.Time { return j.DueAt }}
}

func (s *Store) note(r jobRow) verify.NoteJob {
	var body noteBody
	_ = strictjson.Unmarshal(r.body, &body) // EnqueueNote wrote it; an empty system has no writer, and the note is given up
	j := verify.NoteJob{
		Verification: r.id, Tenant: r.tenant, System: body.System, Ticket: body.Ticket, Contact: body.Contact, Seq: body.Seq,
		DueAt: fromMillis(r.dueAt), Attempts: r.attempts - 1,
	}
	if name, err := s.vault.open(r.sealed, "jobs", string(verify.NoteJobs), r.tenant, r.id); err == nil {
		j.Name = string(name)
	}
	return j
}

// DroppedNotes tells how many of the tenant's notes were given up lately, and why the last one was.
func (s *Store) DroppedNotes(ctx context.Context, tenant string) (n int64, cause string, err error) {
	err = s.list(ctx, "count dropped notes", `
		SELECT cause FROM jobs WHERE kind = 'note' AND state = 'failed' AND tenant = $1
		ORDER BY due_at DESC, id DESC`, []any{tenant}, func(row scan) error {
		var why string
		err := row(&why)
		if n++; n == 1 {
			cause = why
		}
		return err
	})
	return n, cause, err
}
