package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// Enqueue is [verify.Outbox]'s.
func (t *tx) Enqueue(ctx context.Context, j verify.Job) error {
	plain, err := json.Marshal(j)
	if err != nil {
		return t.fail("enqueue", err)
	}
	sealed, err := t.store.vault.seal(plain, "outbox", j.Tenant, j.ID)
	if err != nil {
		return t.fail("enqueue", err)
	}
	return t.put(ctx, "enqueue", `
		INSERT INTO outbox (id, tenant, method, kind, state, due_at, lease_until, attempts, sealed, carrier_ref, cause)
		VALUES ($1, $2, $3, $4, 'queued', $5, 0, 0, $6, '', '')`,
		j.ID, j.Tenant, string(j.Method), string(j.Method.Kind()), millis(j.ExpiresAt.Add(-j.ValidFor)), sealed)
}

// claimed is a row that ClaimJobs has taken.
type claimed struct {
	job    verify.Job
	due    int64
	live   bool
	sealed []byte
}

// ClaimJobs takes up to n queued jobs to channels of the kind that are due and leases them, oldest first, to be
// sent and then settled or retried. Jobs whose verification has ended or expired become dead instead, and
// are not given. A job's Attempts counts the sends begun before this one. One whose seal can't be opened, as
// another master key's, comes without a message: with its ID, Tenant, Method and Attempts only.
func (s *Store) ClaimJobs(ctx context.Context, kind verify.ChannelKind, now, leaseUntil time.Time, n int) ([]verify.Job, error) {
	var jobs []verify.Job
	err := s.update(ctx, func(t *tx) error {
		jobs = nil
		for len(jobs) < n {
			want := n - len(jobs)
			batch, err := t.claim(ctx, kind, now, leaseUntil, want)
			if err != nil {
				return err
			}
			for _, c := range batch {
				if c.live {
					jobs = append(jobs, t.store.unseal(c))
				}
			}
			if len(batch) < want {
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

// claim takes up to n due rows, those of ended verifications too, in order of their time.
func (t *tx) claim(ctx context.Context, kind verify.ChannelKind, now, leaseUntil time.Time, n int) ([]claimed, error) {
	var batch []claimed
	err := t.list(ctx, "claim jobs", `
		WITH due AS (
			SELECT o.id AS job, CASE WHEN v.outcome = '' AND v.expires_at > $1 THEN 1 ELSE 0 END AS live
			FROM outbox o JOIN verifications v ON v.id = o.id
			WHERE o.state = 'queued' AND o.kind = $4 AND o.due_at <= $1
			ORDER BY o.due_at, o.id LIMIT $3 + 0`+t.skipLocked+`
		)
		UPDATE outbox SET
			state = CASE WHEN due.live = 1 THEN 'sending' ELSE 'dead' END,
			sealed = CASE WHEN due.live = 1 THEN outbox.sealed END,
			cause = CASE WHEN due.live = 1 THEN outbox.cause ELSE 'its verification ended first' END,
			attempts = outbox.attempts + due.live,
			lease_until = $2
		FROM due WHERE outbox.id = due.job
		RETURNING id, tenant, method, state, attempts - 1, due_at, sealed`,
		[]any{millis(now), millis(leaseUntil), n, string(kind)}, func(row scan) error {
			var c claimed
			var state verify.JobState
			err := row(&c.job.ID, &c.job.Tenant, &c.job.Method, &state, &c.job.Attempts, &c.due, &c.sealed)
			c.live = state == verify.JobSending
			batch = append(batch, c)
			return err
		})
	slices.SortFunc(batch, func(a, b claimed) int {
		if a.due != b.due {
			return int(a.due - b.due)
		}
		return strings.Compare(a.job.ID, b.job.ID)
	})
	return batch, err
}

// unseal gives the job with its message, or as it is if the seal can't be opened.
func (s *Store) unseal(c claimed) verify.Job {
	plain, err := s.vault.open(c.sealed, "outbox", c.job.Tenant, c.job.ID)
	if err != nil {
		return c.job
	}
	whole := c.job
	if err := strictjson.Unmarshal(plain, &whole); err != nil {
		return c.job
	}
	return whole
}

// RetryJob puts a job that is being sent back into the queue, not to be claimed before at.
// CodeNotFound: it is not being sent, or its lease has lapsed and was reported.
func (s *Store) RetryJob(ctx context.Context, id string, at time.Time, cause string) error {
	return s.job(ctx, `
		UPDATE outbox SET state = 'queued', due_at = $2, cause = $3
		WHERE id = $1 AND state = 'sending' AND sealed IS NOT NULL`,
		id, millis(at), cause)
}

// SettleJob ends a job and wipes its destination and secret. One whose lease has lapsed may still
// be settled when its answer comes late. CodeNotFound: no such job was given out, or it is settled.
func (s *Store) SettleJob(ctx context.Context, id string, state verify.JobState, carrierRef, cause string) error {
	switch state {
	case verify.JobSent, verify.JobFailed, verify.JobDead, verify.JobUnsure:
	default:
		return &verify.Error{Code: verify.CodeInvalid, Field: "state", Public: "A job can't be settled so."}
	}
	return s.job(ctx, `
		UPDATE outbox SET state = $2, sealed = NULL, carrier_ref = $3, cause = $4
		WHERE id = $1 AND state IN ('sending', 'unknown')`, id, string(state), carrierRef, cause)
}

func (s *Store) job(ctx context.Context, text string, args ...any) error {
	return s.update(ctx, func(t *tx) error {
		n, err := t.exec(ctx, "update job", text, args...)
		if err == nil && n == 0 {
			return errNoJob
		}
		return err
	})
}

// LapsedJobs leases up to n jobs whose sender went silent, to be reported indeterminate and then settled: it may or may not
// have sent them. They are never sent again, so their destination and secret are wiped, and a job has its ID, Tenant,
// Method and Attempts only.
func (s *Store) LapsedJobs(ctx context.Context, now, leaseUntil time.Time, n int) ([]verify.Job, error) {
	var jobs []verify.Job
	err := s.update(ctx, func(t *tx) error {
		jobs = nil
		return t.list(ctx, "find lapsed jobs", `
			WITH lapsed AS (
				SELECT o.id AS job FROM outbox o WHERE o.state = 'sending' AND o.lease_until <= $1
				ORDER BY o.lease_until, o.id LIMIT $3 + 0`+t.skipLocked+`
			)
			UPDATE outbox SET lease_until = $2, sealed = NULL
			FROM lapsed WHERE outbox.id = lapsed.job
			RETURNING id, tenant, method, attempts`, []any{millis(now), millis(leaseUntil), n}, func(row scan) error {
			var j verify.Job
			err := row(&j.ID, &j.Tenant, &j.Method, &j.Attempts)
			jobs = append(jobs, j)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return jobs, nil
}

// NextJobAt tells when the earliest queued job to a channel of the kind is due; false if none is queued.
func (s *Store) NextJobAt(ctx context.Context, kind verify.ChannelKind) (time.Time, bool, error) {
	var due sql.NullInt64
	err := s.get(ctx, "next job", `SELECT MIN(due_at) FROM outbox WHERE state = 'queued' AND kind = $1`, []any{string(kind)}, &due)
	return fromMillis(due.Int64), due.Valid, err
}
