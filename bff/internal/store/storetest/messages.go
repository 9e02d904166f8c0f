package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
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
	jobs, err := s.Messages(channel.Email).Claim(t.Context(), at, at.Add(time.Minute), n, nil)
	if err != nil {
		t.Fatal(err)
	}
	return jobs
}

// lapsed takes e-mails whose lease has ended, until the given time.
func lapsed(t *testing.T, s *store.Store, at, until time.Time) []verify.Job {
	t.Helper()
	jobs, err := s.LapsedMessages(channel.Email).Claim(t.Context(), at, until, 9, nil)
	if err != nil {
		t.Fatal(err)
	}
	return jobs
}

// retry queues an e-mail again.
func retry(t *testing.T, s *store.Store, id string, at time.Time, cause string) error {
	t.Helper()
	return s.Messages(channel.Email).Retry(t.Context(), verify.Job{Tenant: "acme", ID: id}, at, cause)
}

// settle ends an e-mail.
func settle(t *testing.T, s *store.Store, id string, state verify.JobState) error {
	t.Helper()
	return s.Messages(channel.Email).Settle(t.Context(), verify.Job{Tenant: "acme", ID: id}, state, "carrier's id", "a cause")
}

// wiped demands that nothing of the job can be claimed or retried any more.
func wiped(t *testing.T, s *store.Store, id string) {
	t.Helper()
	for _, at := range []time.Time{later, lease, lease.Add(time.Hour)} {
		if jobs := claim(t, s, at, 9); len(jobs) > 0 {
			t.Errorf("job %s was given out again", jobs[0].ID)
		}
	}
	want(t, retry(t, s, id, later, ""), verify.CodeNotFound)
}

var messages = []promise{
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
	{"a job that is retried comes again at its time, its sends counted", func(t *testing.T, s *store.Store) {
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
			want(t, retry(t, s, "v1", at.Add(time.Minute), "the carrier is down"), "")
		}
		want(t, retry(t, s, "v1", later, ""), verify.CodeNotFound) // it is queued and not being sent
	}},
	{"e-mails and texts wait each in a line of their own", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		mail := pending(t, s, "v1", "v3")
		texts := make([]verify.Job, 2)
		for i, method := range []channel.Method{channel.SMSCode, channel.SMSLink} {
			v := code(string(method))
			v.Method, v.ExpiresAt = method, later.Add(5*time.Minute).UTC()
			texts[i] = job(v)
			must(t, s, insert(ctx, v), func(tx verify.Tx) error { return tx.Enqueue(ctx, texts[i]) })
		}
		given, err := s.Messages(channel.Phone).Claim(ctx, later, lease, 9, nil)
		if diff := cmp.Diff(texts, given); diff != "" || err != nil {
			t.Error(err, diff)
		}
		for kind, queued := range map[channel.Kind]bool{channel.Phone: false, channel.Email: true} {
			if _, any, err := s.Messages(kind).NextDue(ctx, nil); any != queued || err != nil {
				t.Errorf("of kind %s one is queued: %t, error %v; want %t", kind, any, err, queued)
			}
		}
		if diff := cmp.Diff(mail, claim(t, s, later, 9)); diff != "" {
			t.Error(diff)
		}
		want(t, retry(t, s, "v1", later, ""), "")
		if given, err := s.Messages(channel.Phone).Claim(ctx, later, lease, 9, nil); len(given) > 0 || err != nil {
			t.Errorf("%d e-mails were given out as texts, error %v", len(given), err)
		}
	}},
	{"a settled job is wiped and never given out again", func(t *testing.T, s *store.Store) {
		for _, state := range []verify.JobState{verify.JobSent, verify.JobFailed, verify.JobDead, verify.JobIndeterminate} {
			id := string(state)
			pending(t, s, id)
			claim(t, s, later, 1)
			want(t, settle(t, s, id, state), "")
			wiped(t, s, id)
		}
	}},
	{"a job whose lease has run out is given to be told, again until it is settled, and never sent again", func(t *testing.T, s *store.Store) {
		pending(t, s, "v1")
		claim(t, s, later, 1)
		told := []verify.Job{{ID: "v1", Tenant: "acme", Method: channel.EmailLink, Attempts: 1}}
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
			if diff := cmp.Diff(row.want, lapsed(t, s, row.at, row.at.Add(30*time.Second))); diff != "" {
				t.Error(diff)
			}
		}
		want(t, settle(t, s, "v1", verify.JobIndeterminate), "")
		if late := lapsed(t, s, again.Add(time.Hour), again.Add(2*time.Hour)); len(late) > 0 {
			t.Error("it was given though it is settled")
		}
		wiped(t, s, "v1")
		// The carrier's answer may come yet.
		want(t, settle(t, s, "v1", verify.JobSent), "")
	}},
	{"a lapsed job is wiped before it is settled", func(t *testing.T, s *store.Store) {
		pending(t, s, "v1")
		claim(t, s, later, 1)
		lapsed(t, s, lease, lease.Add(time.Minute))
		wiped(t, s, "v1")
	}},
	{"of fifty that look for lapsed jobs one is told of each", func(t *testing.T, s *store.Store) {
		pending(t, s, "v1", "v2", "v3")
		claim(t, s, later, 9)
		var mu sync.Mutex
		told := 0
		together(func(int) error {
			lapsed, err := s.LapsedMessages(channel.Email).Claim(t.Context(), lease, lease.Add(time.Minute), 9, nil)
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
		want(t, retry(t, s, "v2", later, ""), "")
		if late := claim(t, s, later.Add(5*time.Minute), 9); len(late) > 0 {
			t.Error("it was given out after its verification had expired")
		}
		wiped(t, s, "v2")
	}},
	{"Sweep forgets a message a day after it was settled, and none that is on its way", func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		pending(t, s, "old")
		claim(t, s, later, 1)
		want(t, settle(t, s, "old", verify.JobIndeterminate), "")
		jobs := pending(t, s, "new", "sending", "waiting")
		claim(t, s, later.Add(time.Millisecond), 2)
		want(t, settle(t, s, "new", verify.JobIndeterminate), "")
		for _, row := range []struct {
			after time.Duration
			want  verify.Code
		}{{24*time.Hour - time.Millisecond, ""}, {24 * time.Hour, verify.CodeNotFound}} {
			want(t, s.Sweep(ctx, lease.Add(row.after)), "")
			want(t, settle(t, s, "old", verify.JobIndeterminate), row.want) // while it is known, its answer may come
			want(t, settle(t, s, "new", verify.JobIndeterminate), "")
		}
		want(t, settle(t, s, "sending", verify.JobSent), "")
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
					if verify.CodeOf(settle(t, s, id, verify.JobIndeterminate)) != code {
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
