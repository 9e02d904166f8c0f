package store

import (
	"context"
	"encoding/json"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// Enqueue is [verify.Outbox]'s.
func (t *tx) Enqueue(ctx context.Context, j verify.Job) error {
	plain, err := json.Marshal(j)
	if err != nil {
		return t.fail("enqueue message", err)
	}
	kind := verify.MessageJobs(j.Method.Kind())
	sealed, err := t.store.vault.seal(plain, "jobs", string(kind), j.Tenant, j.ID)
	if err != nil {
		return t.fail("enqueue message", err)
	}
	return t.enqueue(ctx, newJob{
		kind: kind, tenant: j.Tenant, id: j.ID, dueAt: j.ExpiresAt.Add(-j.ValidFor), body: []byte(j.Method), sealed: sealed,
	})
}

// Messages holds the messages to channels of the kind. A message of a verification that has ended or expired becomes dead
// instead of being given out. A message is given out once: when its lease ends it is one of LapsedMessages. It can still be
// settled when its answer comes late. One whose seal can't be opened, as another master key's, comes with its ID, Tenant,
// Method and Attempts only.
func (s *Store) Messages(kind channel.Kind) Queue[verify.Job] {
	return Queue[verify.Job]{store: s, id: messageID, claimRules: claimRules{
		kind: verify.MessageJobs(kind), claimed: verify.JobQueued,
		live: `CASE WHEN EXISTS (
			SELECT 1 FROM verifications v WHERE v.id = o.verification AND v.outcome = '' AND v.expires_at > $1) THEN 1 ELSE 0 END`,
		set: `
			state = CASE WHEN due.live = 1 THEN 'sending' ELSE 'dead' END,
			sealed = CASE WHEN due.live = 1 THEN jobs.sealed END,
			cause = CASE WHEN due.live = 1 THEN jobs.cause ELSE 'its verification ended first' END,
			attempts = jobs.attempts + due.live`,
		held: "state = 'sending' AND sealed IS NOT NULL", ends: messageEnds,
	}, decode: s.message}
}

// messageEnds is the condition of a message that can be settled: one that is being sent, or was reported as indeterminate.
const messageEnds = "state IN ('sending', 'indeterminate')"

// LapsedMessages holds the messages to channels of the kind whose sender went silent: it may or may not have sent them.
// They are reported and then settled, and never sent again, so a claim wipes their destination and secret. A job has its
// ID, Tenant, Method and Attempts only, and Attempts counts the lapsed send.
func (s *Store) LapsedMessages(kind channel.Kind) Queue[verify.Job] {
	return Queue[verify.Job]{store: s, id: messageID, claimRules: claimRules{
		kind: verify.MessageJobs(kind), claimed: verify.JobSending, live: "1", set: "sealed = NULL",
		held: "1 = 0", ends: messageEnds,
	}, decode: func(r jobRow) verify.Job {
		return verify.Job{ID: r.id, Tenant: r.tenant, Method: channel.Method(r.body), Attempts: r.attempts}
	}}
}

func messageID(j verify.Job) (tenant, id string) { return j.Tenant, j.ID }

// message gives the job with its message, or without if the seal can't be opened.
func (s *Store) message(r jobRow) verify.Job {
	bare := verify.Job{ID: r.id, Tenant: r.tenant, Method: channel.Method(r.body), Attempts: r.attempts - 1}
	plain, err := s.vault.open(r.sealed, "jobs", string(verify.MessageJobs(bare.Method.Kind())), r.tenant, r.id)
	if err != nil {
		return bare
	}
	whole := bare
	if err := strictjson.Unmarshal(plain, &whole); err != nil {
		return bare
	}
	return whole
}
