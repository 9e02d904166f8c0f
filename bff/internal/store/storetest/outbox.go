package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// later is when everything that was enqueued is due, by the clock that runs in these tests too.
var later = time.Now().Add(time.Hour).Truncate(time.Millisecond)

// lease is until when a claim at later holds.
var lease = later.Add(time.Minute)

// job gives the message of a verification.
func job(v verify.Verification) verify.Job {
	return verify.Job{
		ID: v.ID, Tenant: v.Tenant, Method: v.Method, To: "dana@contoso.com", Secret: "the token", Recipient: "Dana Reyes",
		Technician: "Ana Ortiz", Ticket: "4711", ExpiresAt: v.ExpiresAt, ValidFor: 5 * time.Minute,
	}
}

// pending stores verifications that are open at later, each with its job, and gives the jobs.
func pending(t *testing.T, s *store.Store, ids ...string) []verify.Job {
	t.Helper()
	ctx := t.Context()
	jobs := make([]verify.Job, len(ids))
	for i, id := range ids {
		v := link(id)
		v.ExpiresAt = later.Add(5 * time.Minute).UTC()
		jobs[i] = job(v)
		must(t, s, insert(ctx, v), func(tx verify.Tx) error { return tx.Enqueue(ctx, jobs[i]) })
	}
	return jobs
}

// claim takes e-mails.
func claim(t *testing.T, s *store.Store, at time.Time, n int) []verify.Job {
	t.Helper()
	jobs, err := s.ClaimJobs(t.Context(), verify.Email, at, at.Add(time.Minute), n)
	if err != nil {
		t.Fatal(err)
	}
	return jobs
}

// wiped demands that nothing of the job can be claimed, retried or settled any more.
func wiped(t *testing.T, s *store.Store, id string) {
	t.Helper()
	for _, at := range []time.Time{later, lease, lease.Add(time.Hour)} {
		if jobs := claim(t, s, at, 9); len(jobs) > 0 {
			t.Errorf("job %s was given out again", jobs[0].ID)
		}
	}
	want(t, s.RetryJob(t.Context(), id, later, ""), verify.CodeNotFound)
}

var outbox = []promise{
	{"a job is given out once, whole, oldest first, when it is due", func(t *testing.T, s *store.Store) {
		jobs := pending(t, s, "v1", "v2", "v3")
		if early := claim(t, s, noon, 9); len(early) > 0 {
			t.Errorf("%d jobs were given out before they were due", len(early))
		}
		for _, n := range []int{2, 1} {
			if diff := cmp.Diff(jobs[:n], claim(t, s, later, 2)); diff != "" {
				t.Error(diff)
			}
			jobs = jobs[n:]
		}
		if again := claim(t, s, later, 9); len(again) > 0 {
			t.Errorf("%d jobs were given out again", len(again))
		}
	}},
	{"a job is there only if its transaction is", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		v := link("v1")
		v.ExpiresAt = later.Add(time.Minute)
		err := s.Write(ctx, "acme", insert(ctx, v), func(tx verify.Tx) error {
			if err := tx.Enqueue(ctx, job(v)); err != nil {
				return err
			}
			return errOfStep
		})
		if err == nil || len(claim(t, s, later, 9)) > 0 {
			t.Errorf("a job of an undone step was given out, error %v", err)
		}
	}},
	{"of fifty senders at once none gets another's job", func(t *testing.T, s *store.Store) {
		ids := make([]string, 2*crowd)
		for i := range ids {
			ids[i] = fmt.Sprintf("v%03d", i)
		}
		pending(t, s, ids...)
		var mu sync.Mutex
		given := map[string]int{}
		ended := together(func(int) error {
			for {
				jobs, err := s.ClaimJobs(t.Context(), verify.Email, later, lease, 3)
				if err != nil || len(jobs) == 0 {
					return err
				}
				mu.Lock()
				for _, j := range jobs {
					given[j.ID]++
				}
				mu.Unlock()
			}
		})
		if diff := cmp.Diff(map[verify.Code]int{"": crowd}, ended); diff != "" {
			t.Error(diff)
		}
		for _, id := range ids {
			if given[id] != 1 {
				t.Errorf("job %s was given out %d times", id, given[id])
			}
		}
	}},
	{"a job that is retried comes again at its time, its sends counted", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		jobs := pending(t, s, "v1")
		for sends := range 3 {
			jobs[0].Attempts = sends
			at := later.Add(time.Duration(sends) * time.Minute)
			if sends > 0 {
				if early := claim(t, s, at.Add(-time.Millisecond), 9); len(early) > 0 {
					t.Error("it came before its time")
				}
			}
			if diff := cmp.Diff(jobs, claim(t, s, at, 9)); diff != "" {
				t.Error(diff)
			}
			want(t, s.RetryJob(ctx, "v1", at.Add(time.Minute), "the carrier is down"), "")
		}
		want(t, s.RetryJob(ctx, "v1", later, ""), verify.CodeNotFound) // it is queued and not being sent
	}},
	{"NextJobAt tells when the earliest queued job is due", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		pending(t, s, "v1", "v2")
		claim(t, s, later, 9)
		if _, any, err := s.NextJobAt(ctx, verify.Email); any || err != nil {
			t.Errorf("one is due though all are being sent, error %v", err)
		}
		want(t, s.RetryJob(ctx, "v1", later.Add(2*time.Minute), ""), "")
		want(t, s.RetryJob(ctx, "v2", later.Add(time.Minute), ""), "")
		at, any, err := s.NextJobAt(ctx, verify.Email)
		if !any || !at.Equal(later.Add(time.Minute)) || err != nil {
			t.Errorf("the next is due at %v, %t, error %v", at, any, err)
		}
	}},
	{"e-mails and texts wait each in a line of their own", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		mail := pending(t, s, "v1", "v3")
		texts := make([]verify.Job, 2)
		for i, method := range []verify.Method{verify.SMSCode, verify.SMSLink} {
			v := code(string(method))
			v.Method, v.ExpiresAt = method, later.Add(5*time.Minute).UTC()
			texts[i] = job(v)
			must(t, s, insert(ctx, v), func(tx verify.Tx) error { return tx.Enqueue(ctx, texts[i]) })
		}
		given, err := s.ClaimJobs(ctx, verify.Phone, later, lease, 9)
		if diff := cmp.Diff(texts, given); diff != "" || err != nil {
			t.Error(err, diff)
		}
		for kind, queued := range map[verify.ChannelKind]bool{verify.Phone: false, verify.Email: true} {
			if _, any, err := s.NextJobAt(ctx, kind); any != queued || err != nil {
				t.Errorf("of kind %s one is queued: %t, error %v; want %t", kind, any, err, queued)
			}
		}
		if diff := cmp.Diff(mail, claim(t, s, later, 9)); diff != "" {
			t.Error(diff)
		}
		want(t, s.RetryJob(ctx, "v1", later, ""), "")
		if given, err := s.ClaimJobs(ctx, verify.Phone, later, lease, 9); len(given) > 0 || err != nil {
			t.Errorf("%d e-mails were given out as texts, error %v", len(given), err)
		}
	}},
	{"a settled job is wiped and never given out again", func(t *testing.T, s *store.Store) {
		for _, state := range []verify.JobState{verify.JobSent, verify.JobFailed, verify.JobDead, verify.JobUnsure} {
			id := string(state)
			pending(t, s, id)
			claim(t, s, later, 1)
			want(t, s.SettleJob(t.Context(), id, state, "carrier's id", "a cause"), "")
			wiped(t, s, id)
		}
	}},
	{"a job can be settled once, by who was given it, in a final state", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		pending(t, s, "v1")
		want(t, s.SettleJob(ctx, "v1", verify.JobSent, "", ""), verify.CodeNotFound)
		claim(t, s, later, 1)
		want(t, s.SettleJob(ctx, "v1", verify.JobQueued, "", ""), verify.CodeInvalid)
		want(t, s.SettleJob(ctx, "v1", verify.JobSent, "", ""), "")
		want(t, s.SettleJob(ctx, "v1", verify.JobSent, "", ""), verify.CodeNotFound)
		want(t, s.SettleJob(ctx, "none", verify.JobSent, "", ""), verify.CodeNotFound)
	}},
	{"a job whose lease has run out is given to be told, again until it is settled, and never sent again", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		pending(t, s, "v1")
		claim(t, s, later, 1)
		told := []verify.Job{{ID: "v1", Tenant: "acme", Method: verify.EmailLink, Attempts: 1}}
		again := lease.Add(30 * time.Second)
		for _, row := range []struct {
			at   time.Time
			want []verify.Job
		}{
			{lease.Add(-time.Millisecond), nil},
			{lease, told},
			{again.Add(-time.Millisecond), nil}, // it is leased
			{again, told},                       // who died too
		} {
			lapsed, err := s.LapsedJobs(ctx, row.at, row.at.Add(30*time.Second), 9)
			if diff := cmp.Diff(row.want, lapsed); diff != "" || err != nil {
				t.Error(err, diff)
			}
		}
		want(t, s.SettleJob(ctx, "v1", verify.JobUnsure, "", "its sender went silent"), "")
		if lapsed, err := s.LapsedJobs(ctx, again.Add(time.Hour), again.Add(2*time.Hour), 9); len(lapsed) > 0 || err != nil {
			t.Errorf("it was given though it is settled, error %v", err)
		}
		wiped(t, s, "v1")
		// The carrier's answer may come yet.
		want(t, s.SettleJob(ctx, "v1", verify.JobSent, "carrier's id", ""), "")
	}},
	{"a lapsed job is wiped before it is settled", func(t *testing.T, s *store.Store) {
		pending(t, s, "v1")
		claim(t, s, later, 1)
		_, err := s.LapsedJobs(t.Context(), lease, lease.Add(time.Minute), 9)
		want(t, err, "")
		wiped(t, s, "v1")
	}},
	{"of fifty that look for lapsed jobs one is told of each", func(t *testing.T, s *store.Store) {
		pending(t, s, "v1", "v2", "v3")
		claim(t, s, later, 9)
		var mu sync.Mutex
		told := 0
		together(func(int) error {
			lapsed, err := s.LapsedJobs(t.Context(), lease, lease.Add(time.Minute), 9)
			mu.Lock()
			defer mu.Unlock()
			told += len(lapsed)
			return err
		})
		if told != 3 {
			t.Errorf("%d were told, want 3", told)
		}
	}},
	{"nothing is sent for a verification that has ended or expired", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		jobs := pending(t, s, "v1", "v2", "v3", "v4")
		must(t, s, func(tx verify.Tx) error { _, err := tx.End(ctx, "acme", "v1", verify.Superseded, noon); return err })
		must(t, s, func(tx verify.Tx) error { _, err := tx.End(ctx, "acme", "v3", verify.Verified, noon); return err })
		if diff := cmp.Diff([]verify.Job{jobs[1], jobs[3]}, claim(t, s, later, 2)); diff != "" {
			t.Error(diff) // lapsed jobs do not use up the batch
		}
		wiped(t, s, "v1")
		want(t, s.RetryJob(ctx, "v2", later, ""), "")
		if late := claim(t, s, later.Add(5*time.Minute), 9); len(late) > 0 {
			t.Error("it was given out after its verification had expired")
		}
		wiped(t, s, "v2")
	}},
	{"Sweep forgets a message a day after it was settled, and none that is on its way", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		pending(t, s, "old")
		claim(t, s, later, 1)
		want(t, s.SettleJob(ctx, "old", verify.JobUnsure, "", ""), "")
		jobs := pending(t, s, "new", "sending", "waiting")
		claim(t, s, later.Add(time.Millisecond), 2)
		want(t, s.SettleJob(ctx, "new", verify.JobUnsure, "", ""), "")
		for _, row := range []struct {
			after time.Duration
			want  verify.Code
		}{{24*time.Hour - time.Millisecond, ""}, {24 * time.Hour, verify.CodeNotFound}} {
			want(t, s.Sweep(ctx, lease.Add(row.after)), "")
			want(t, s.SettleJob(ctx, "old", verify.JobUnsure, "", ""), row.want) // while it is known, its answer may come
			want(t, s.SettleJob(ctx, "new", verify.JobUnsure, "", ""), "")
		}
		want(t, s.SettleJob(ctx, "sending", verify.JobSent, "", ""), "")
		if diff := cmp.Diff(jobs[2:], claim(t, s, later, 9)); diff != "" {
			t.Error(diff)
		}
		late := verify.Report{Kind: verify.EventDelivered}
		want(t, Service(s, time.Now).RecordReport(ctx, "acme", "old", late), "") // a delivery report needs the verification only
	}},
	{"Sweep forgets them all, however many there are", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		ids := make([]string, 6*crowd) // more than one write takes
		steps := make([]func(verify.Tx) error, len(ids))
		for i := range ids {
			ids[i] = fmt.Sprintf("v%03d", i)
			v := link(ids[i])
			v.ExpiresAt = lease
			steps[i] = func(tx verify.Tx) error { return errors.Join(tx.Insert(ctx, v), tx.Enqueue(ctx, job(v))) }
		}
		must(t, s, steps...)
		claim(t, s, later, len(ids))
		each := func(code verify.Code) {
			ended := together(func(n int) (err error) {
				for _, id := range ids[6*n : 6*n+6] {
					if verify.CodeOf(s.SettleJob(ctx, id, verify.JobUnsure, "", "")) != code {
						err = errOfStep
					}
				}
				return err
			})
			if diff := cmp.Diff(map[verify.Code]int{"": crowd}, ended); diff != "" {
				t.Errorf("settling did not always end with %q: %s", code, diff)
			}
		}
		each("")
		want(t, s.Sweep(ctx, lease.Add(24*time.Hour)), "")
		each(verify.CodeNotFound)
	}},
	{"a job of no verification is refused", func(t *testing.T, s *store.Store) {
		err := s.Write(t.Context(), "acme", func(tx verify.Tx) error { return tx.Enqueue(t.Context(), job(link("none"))) })
		want(t, err, verify.CodeUnavailable)
	}},
}
