package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// Queue holds the jobs of one kind. All kinds share a table and these statements; what a claim and a result mean for the
// kind is in its claimRules.
type Queue[T any] struct {
	claimRules
	store  *Store
	id     func(T) (tenant, id string)
	lease  func(T) time.Time // the end of a claimed job's lease, of kinds that are given out again; nil: of others
	decode func(jobRow) T
}

// claimRules are parts of statements. They hold no values of callers.
type claimRules struct {
	kind verify.JobKind
	// claimed is the state of jobs that can be claimed.
	claimed verify.JobState
	live    string // 1 for a row that is given out, 0 for one that is ended instead
	set     string // what a claim changes, beside due_at
	held    string // condition of a job that can be queued again
	ends    string // condition of a job that can be settled
}

// repeatable are the rules of jobs that are given out again when their lease ends: they stay queued under a lease, due at
// its end. A job that was never claimed, or is due anew, has no holder.
func repeatable(kind verify.JobKind) claimRules {
	return claimRules{
		kind: kind, claimed: verify.JobQueued, live: "1", set: "attempts = jobs.attempts + 1",
		held: "state = 'queued' AND attempts > 0", ends: "state = 'queued' AND attempts > 0",
	}
}

// jobRow is a claimed row.
type jobRow struct {
	tenant, id string
	state      verify.JobState
	attempts   int   // claims, this one included
	dueAt      int64 // the end of the lease
	body       []byte
	sealed     []byte
}

// newJob is a row to insert.
type newJob struct {
	kind         verify.JobKind
	tenant, id   string
	dueAt        time.Time
	body, sealed []byte // body: what the job keeps; sealed: what is deleted when it ends
}

// enqueue stores a job of a verification, which has the job's id.
func (t *tx) enqueue(ctx context.Context, j newJob) error {
	return t.put(ctx, "enqueue "+string(j.kind), `
		INSERT INTO jobs (kind, id, tenant, verification, state, due_at, attempts, body, sealed, ref, cause)
		VALUES ($1, $2, $3, $2, 'queued', $4, 0, $5, $6, '', '')`,
		string(j.kind), j.id, j.tenant, millis(j.dueAt), j.body, j.sealed)
}

// Claim leases up to n due jobs until leaseUntil, the longest due first. It leaves out those of busy tenants.
func (q Queue[T]) Claim(ctx context.Context, now, leaseUntil time.Time, n int, busy []string) ([]T, error) {
	args := []any{millis(now), millis(leaseUntil), n, string(q.kind)}
	text := fmt.Sprintf(`
		WITH due AS (
			SELECT o.id AS job, %s AS live FROM jobs o
			WHERE o.kind = $4 AND o.state = '%s' AND o.due_at <= $1%s
			ORDER BY o.due_at, o.id LIMIT $3 + 0`, q.live, q.claimed, except(busy, &args))
	var jobs []T
	err := q.store.update(ctx, func(t *tx) error {
		jobs = nil
		for len(jobs) < n { // those that are ended instead do not use up the batch
			args[2] = n - len(jobs)
			rows, err := t.claim(ctx, text+t.skipLocked+`
				)
				UPDATE jobs SET due_at = $2, `+q.set+`
				FROM due WHERE jobs.kind = $4 AND jobs.id = due.job
				RETURNING tenant, id, state, attempts, due_at, body, sealed`, args)
			if err != nil {
				return err
			}
			for _, r := range rows {
				if r.state != verify.JobDead {
					jobs = append(jobs, q.decode(r))
				}
			}
			if len(rows) < args[2].(int) {
				return nil
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return jobs, nil
}

// claim runs the claim's statement and gives its rows in order of their ids: a shorter id, such as acme-9, comes before a
// longer one, such as acme-10.
func (t *tx) claim(ctx context.Context, text string, args []any) ([]jobRow, error) {
	var rows []jobRow
	err := t.list(ctx, "claim jobs", text, args, func(row scan) error {
		var r jobRow
		err := row(&r.tenant, &r.id, &r.state, &r.attempts, &r.dueAt, &r.body, &r.sealed)
		rows = append(rows, r)
		return err
	})
	slices.SortFunc(rows, func(a, b jobRow) int { return cmp.Or(cmp.Compare(len(a.id), len(b.id)), strings.Compare(a.id, b.id)) })
	return rows, err
}

// except leaves out the tenants' jobs.
func except(tenants []string, args *[]any) string {
	if len(tenants) == 0 {
		return ""
	}
	list := make([]string, len(tenants))
	for i, tenant := range tenants {
		*args = append(*args, tenant)
		list[i] = fmt.Sprintf("$%d", len(*args))
	}
	return " AND o.tenant NOT IN (" + strings.Join(list, ", ") + ")"
}

// NextDue tells when the earliest job is due, or its lease ends; false if there is none. It leaves out those of busy tenants.
func (q Queue[T]) NextDue(ctx context.Context, busy []string) (time.Time, bool, error) {
	args := []any{string(q.kind)}
	var due int64
	err := q.store.get(ctx, "next job", fmt.Sprintf(`
		SELECT o.due_at FROM jobs o WHERE o.kind = $1 AND o.state = '%s'%s
		ORDER BY o.due_at LIMIT 1`, q.claimed, except(busy, &args)), args, &due)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, false, nil
	}
	return fromMillis(due), err == nil, err
}

// Retry queues a claimed job again, not to be claimed before at. CodeNotFound: the job has no holder any more.
func (q Queue[T]) Retry(ctx context.Context, job T, at time.Time, cause string) error {
	tenant, id := q.id(job)
	args := []any{string(q.kind), tenant, id, millis(at), cause}
	return q.update(ctx, `UPDATE jobs SET state = 'queued', due_at = $4, cause = $5
		WHERE kind = $1 AND tenant = $2 AND id = $3 AND `+q.held+q.ofLease(job, &args), args...)
}

// Settle ends a claimed job and wipes what is sealed in it. CodeNotFound: no such job was given out, or it is settled.
func (q Queue[T]) Settle(ctx context.Context, job T, state verify.JobState, ref, cause string) error {
	switch state {
	case verify.JobSent, verify.JobFailed, verify.JobDead, verify.JobIndeterminate:
	default:
		return &verify.Error{Code: verify.CodeInvalid, Field: "state", Public: "A job can't be settled so."}
	}
	tenant, id := q.id(job)
	args := []any{string(q.kind), tenant, id, string(state), ref, cause}
	return q.update(ctx, `UPDATE jobs SET state = $4, sealed = NULL, ref = $5, cause = $6
		WHERE kind = $1 AND tenant = $2 AND id = $3 AND `+q.ends+q.ofLease(job, &args), args...)
}

// ofLease is the condition that the job is still under the lease that it was claimed with: after the lease ended, another
// node may hold the job.
func (q Queue[T]) ofLease(job T, args *[]any) string {
	if q.lease == nil {
		return ""
	}
	*args = append(*args, millis(q.lease(job)))
	return fmt.Sprintf(" AND due_at = $%d", len(*args))
}

func (q Queue[T]) update(ctx context.Context, text string, args ...any) error {
	return q.store.update(ctx, func(t *tx) error {
		n, err := t.exec(ctx, "update job", text, args...)
		if err == nil && n == 0 {
			return errNoJob
		}
		return err
	})
}

// sweepJobs deletes jobs of a kind that have ended.
func sweepJobs(kind verify.JobKind) string {
	return fmt.Sprintf(`DELETE FROM jobs WHERE kind = '%[1]s' AND id IN (
		SELECT id FROM jobs WHERE kind = '%[1]s' AND state NOT IN ('queued', 'sending') AND due_at <= $1 LIMIT $2 + 0)`, kind)
}
