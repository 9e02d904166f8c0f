package storetest

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/jobs"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// held is a claimed job of any kind.
type held struct {
	tenant, id string
	attempts   int
	job        any
}

// kindOfJob is a kind of job with its type hidden, so that one suite runs for all of them.
type kindOfJob struct {
	kind verify.JobKind
	// enqueue stores the job of a verification, due at later.
	enqueue func(ctx context.Context, v verify.Verification) func(verify.Tx) error
	queue   func(*store.Store) jobs.Queue[held]
	// lapsed is the queue of jobs that are not given out again when their lease ends; nil: they are given out again.
	lapsed func(*store.Store) jobs.Queue[held]
	kept   time.Duration // after a settled job's lease
}

// hidden is a queue of jobs of type T as one of any kind.
type hidden[T any] struct {
	jobs.Queue[T]
	held func(T) held
}

func (h hidden[T]) Claim(ctx context.Context, now, leaseUntil time.Time, n int, busy []string) ([]held, error) {
	claimed, err := h.Queue.Claim(ctx, now, leaseUntil, n, busy)
	all := make([]held, len(claimed))
	for i, j := range claimed {
		all[i] = h.held(j)
		all[i].job = j
	}
	return all, err
}

func (h hidden[T]) Retry(ctx context.Context, j held, at time.Time, cause string) error {
	return h.Queue.Retry(ctx, j.job.(T), at, cause)
}

func (h hidden[T]) Settle(ctx context.Context, j held, state verify.JobState, ref, cause string) error {
	return h.Queue.Settle(ctx, j.job.(T), state, ref, cause)
}

func heldMessage(j verify.Job) held { return held{tenant: j.Tenant, id: j.ID, attempts: j.Attempts} }

// kindsOfJob are all kinds.
var kindsOfJob = []kindOfJob{
	{
		kind: verify.MessageJobs(channel.Email), kept: 24 * time.Hour,
		enqueue: func(ctx context.Context, v verify.Verification) func(verify.Tx) error {
			j := job(v)
			j.ValidFor = v.ExpiresAt.Sub(later)
			return func(tx verify.Tx) error { return tx.Enqueue(ctx, j) }
		},
		queue: func(s *store.Store) jobs.Queue[held] {
			return hidden[verify.Job]{s.Messages(channel.Email), heldMessage}
		},
		lapsed: func(s *store.Store) jobs.Queue[held] {
			return hidden[verify.Job]{s.LapsedMessages(channel.Email), heldMessage}
		},
	},
	{
		kind: verify.NoteJobs, kept: 7 * 24 * time.Hour,
		enqueue: func(ctx context.Context, v verify.Verification) func(verify.Tx) error {
			j := note(v)
			j.DueAt = later
			return func(tx verify.Tx) error { return tx.EnqueueNote(ctx, j) }
		},
		queue: func(s *store.Store) jobs.Queue[held] {
			return hidden[verify.NoteJob]{s.Notes(), func(j verify.NoteJob) held {
				return held{tenant: j.Tenant, id: j.Verification, attempts: j.Attempts}
			}}
		},
	},
	{
		kind: verify.WebhookJobs, kept: 7 * 24 * time.Hour,
		enqueue: func(ctx context.Context, v verify.Verification) func(verify.Tx) error {
			a := verify.Alert{ID: v.ID, Tenant: v.Tenant, Kind: verify.EventDenied, Seq: 1, Body: []byte(`{"type":"denied","seq":1}`)}
			return func(tx verify.Tx) error { return tx.Alert(ctx, a) }
		},
		queue: func(s *store.Store) jobs.Queue[held] {
			return hidden[verify.Alert]{s.Alerts(), func(a verify.Alert) held {
				return held{tenant: a.Tenant, id: a.ID, attempts: a.Attempts}
			}}
		},
	},
}

// jobsOfEachKind are the promises of every queue.
func jobsOfEachKind() []promise {
	var all []promise
	for _, k := range kindsOfJob {
		for _, p := range jobPromises {
			all = append(all, promise{string(k.kind) + ": " + p.name, func(t *testing.T, s *store.Store) {
				want(t, PutTenant(t.Context(), s,
					verify.Tenant{ID: "acme", Webhook: verify.Webhook{URL: "https://hooks.example/", Secret: make([]byte, 32)}}), "")
				p.check(t, jobCase{k, s, k.queue(s)})
			}})
		}
	}
	return all
}

// jobCase is a store that is empty but for a tenant with a webhook, and a queue of one kind.
type jobCase struct {
	kindOfJob
	s *store.Store
	q jobs.Queue[held]
}

// step stores a verification that is open for a day after later, and its job.
func (c jobCase) step(ctx context.Context, id string) func(verify.Tx) error {
	v := openAtLater(id)
	return func(tx verify.Tx) error {
		if err := insert(ctx, v)(tx); err != nil {
			return err
		}
		return c.enqueue(ctx, v)(tx)
	}
}

func openAtLater(id string) verify.Verification {
	v := link(id)
	v.ExpiresAt = later.Add(24 * time.Hour).UTC()
	return v
}

func (c jobCase) add(t *testing.T, ids ...string) {
	t.Helper()
	for _, id := range ids {
		must(t, c.s, c.step(t.Context(), id))
	}
}

// claim claims at most n jobs for a minute, and gives their ids with their attempts.
func (c jobCase) claim(t *testing.T, at time.Time, n int, busy ...string) (ids []string, claimed []held) {
	t.Helper()
	claimed, err := c.q.Claim(t.Context(), at, at.Add(time.Minute), n, busy)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range claimed {
		ids = append(ids, fmt.Sprint(h.id, " ", h.attempts))
	}
	return ids, claimed
}

// wantClaim demands which jobs are due.
func (c jobCase) wantClaim(t *testing.T, at time.Time, want ...string) []held {
	t.Helper()
	ids, claimed := c.claim(t, at, 9)
	if diff := cmp.Diff(want, ids); diff != "" {
		t.Errorf("claimed %s after they were due (-want +got):\n%s", at.Sub(later), diff)
	}
	return claimed
}

// wantNextDue demands when the next job is due; zero: there is none.
func (c jobCase) wantNextDue(t *testing.T, want time.Time, busy ...string) {
	t.Helper()
	at, there, err := c.q.NextDue(t.Context(), busy)
	if err != nil || there == want.IsZero() || there && !at.Equal(want) {
		t.Errorf("the next job is due at %v, %t, error %v; want %v", at, there, err, want)
	}
}

var jobPromises = []struct {
	name  string
	check func(t *testing.T, c jobCase)
}{
	{"is given out once while its lease lasts, and no more than were asked for", func(t *testing.T, c jobCase) {
		c.add(t, "v1", "v2", "v3")
		for _, want := range [][]string{{"v1 0", "v2 0"}, {"v3 0"}, nil} {
			ids, _ := c.claim(t, later, 2)
			if diff := cmp.Diff(want, ids); diff != "" {
				t.Error(diff)
			}
		}
		c.wantClaim(t, lease.Add(-time.Millisecond))
	}},
	{"is there only if its transaction is", func(t *testing.T, c jobCase) {
		err := c.s.Write(t.Context(), "acme", func(tx verify.Tx) error {
			if err := c.step(t.Context(), "v1")(tx); err != nil {
				return err
			}
			return errOfStep
		})
		if err == nil {
			t.Error("the step did not fail")
		}
		c.wantClaim(t, later)
	}},
	{"of fifty nodes that claim at once none gets another's", func(t *testing.T, c jobCase) {
		steps := make([]func(verify.Tx) error, 2*crowd)
		for i := range steps {
			steps[i] = c.step(t.Context(), fmt.Sprintf("v%03d", i))
		}
		must(t, c.s, steps...)
		var mu sync.Mutex
		given := map[string]int{}
		ended := together(func(int) error {
			for {
				claimed, err := c.q.Claim(t.Context(), later, lease, 3, nil)
				if err != nil || len(claimed) == 0 {
					return err
				}
				mu.Lock()
				for _, h := range claimed {
					given[h.id]++
				}
				mu.Unlock()
			}
		})
		if diff := cmp.Diff(map[verify.Code]int{"": crowd}, ended); diff != "" {
			t.Error(diff)
		}
		for i := range steps {
			if id := fmt.Sprintf("v%03d", i); given[id] != 1 {
				t.Errorf("%s was given out %d times", id, given[id])
			}
		}
	}},
	{"that is retried comes at its time, its attempts counted, and NextDue tells it", func(t *testing.T, c jobCase) {
		c.wantNextDue(t, time.Time{})
		c.add(t, "v1", "v2")
		_, claimed := c.claim(t, later, 9)
		for attempts := 1; attempts < 4; attempts++ {
			at := later.Add(10 * time.Duration(attempts) * time.Second) // within the first lease
			want(t, c.q.Retry(t.Context(), claimed[0], at, "it is down"), "")
			c.wantNextDue(t, at)
			c.wantClaim(t, at.Add(-time.Millisecond))
			claimed = c.wantClaim(t, at, fmt.Sprint("v1 ", attempts))
		}
	}},
	{"is settled once, in a final state, by who was given it, and never given out again", func(t *testing.T, c jobCase) {
		c.add(t, "v1")
		_, claimed := c.claim(t, later, 9)
		foreign := claimed[0]
		switch j := foreign.job.(type) {
		case verify.Job:
			j.Tenant = "umbrella"
			foreign.job = j
		case verify.NoteJob:
			j.Tenant = "umbrella"
			foreign.job = j
		case verify.Alert:
			j.Tenant = "umbrella"
			foreign.job = j
		}
		for _, row := range []struct {
			name  string
			job   held
			state verify.JobState
			want  verify.Code
		}{
			{"another tenant's", foreign, verify.JobSent, verify.CodeNotFound},
			{"not a final state", claimed[0], verify.JobQueued, verify.CodeInvalid},
			{"the holder's", claimed[0], verify.JobFailed, ""},
			{"once more", claimed[0], verify.JobFailed, verify.CodeNotFound},
		} {
			if err := c.q.Settle(t.Context(), row.job, row.state, "", "a cause"); verify.CodeOf(err) != row.want {
				t.Errorf("settling %s: %v, want %q", row.name, err, row.want)
			}
		}
		want(t, c.q.Retry(t.Context(), foreign, later, ""), verify.CodeNotFound)
		want(t, c.q.Retry(t.Context(), claimed[0], later, ""), verify.CodeNotFound)
		c.wantClaim(t, lease.Add(time.Hour))
	}},
	{"that was not given out can be neither retried nor settled", func(t *testing.T, c jobCase) {
		c.add(t, "v1")
		_, claimed := c.claim(t, later, 9)
		want(t, c.q.Retry(t.Context(), claimed[0], lease, ""), "")
		if c.lapsed != nil { // one that is given out again has been given out before, and its late result counts
			want(t, c.q.Settle(t.Context(), claimed[0], verify.JobSent, "", ""), verify.CodeNotFound)
			want(t, c.q.Retry(t.Context(), claimed[0], later, ""), verify.CodeNotFound)
		}
		c.wantClaim(t, lease, "v1 1")
	}},
	{"of a busy tenant is left out", func(t *testing.T, c jobCase) {
		c.add(t, "v1")
		if ids, _ := c.claim(t, later, 9, "umbrella", "acme"); len(ids) > 0 {
			t.Errorf("claimed %v", ids)
		}
		c.wantNextDue(t, time.Time{}, "acme")
		if ids, _ := c.claim(t, later, 9, "umbrella"); len(ids) != 1 {
			t.Errorf("claimed %v, want one", ids)
		}
	}},
	{"is forgotten by Sweep when it was settled long ago, and not while it waits", func(t *testing.T, c jobCase) {
		c.add(t, "old", "waiting")
		_, claimed := c.claim(t, later, 1)
		want(t, c.q.Settle(t.Context(), claimed[0], verify.JobIndeterminate, "", ""), "")
		for _, row := range []struct {
			after time.Duration
			want  verify.Code // of a second job of the same id
		}{{c.kept - time.Millisecond, verify.CodeUnavailable}, {c.kept, ""}} {
			want(t, c.s.Sweep(t.Context(), lease.Add(row.after)), "")
			want(t, c.s.Write(t.Context(), "acme", c.enqueue(t.Context(), openAtLater("old"))), row.want)
		}
		c.wantClaim(t, later, "old 0", "waiting 0")
	}},
	{"that another node holds after the lease is not ended or queued again by its first holder", func(t *testing.T, c jobCase) {
		if c.lapsed != nil {
			return // it is not given out again: its late answer counts
		}
		c.add(t, "v1")
		first := c.wantClaim(t, later, "v1 0")[0]
		second := c.wantClaim(t, lease, "v1 1")[0]
		want(t, c.q.Settle(t.Context(), first, verify.JobFailed, "", ""), verify.CodeNotFound)
		want(t, c.q.Retry(t.Context(), first, later, ""), verify.CodeNotFound)
		want(t, c.q.Settle(t.Context(), second, verify.JobSent, "", ""), "")
	}},
	{"that is claimed by a node that stops is done by another, or reported where it must not be done twice", checkCrashes},
	{"is done when the wake is lost, at the next poll", func(t *testing.T, c jobCase) {
		done := make(chan string, 1)
		w, _ := c.worker(10*time.Millisecond, done)
		c.running(t, w, func() {
			c.add(t, "v1")
			<-done
		})
	}},
	{"is done at once when the worker is woken", func(t *testing.T, c jobCase) {
		done := make(chan string, 1)
		w, waker := c.worker(time.Hour, done)
		c.running(t, w, func() {
			c.add(t, "v1")
			waker.Wake(c.kind)
			<-done
		})
	}},
}

// checkCrashes stops a node at each point between a claim and the end of a job.
func checkCrashes(t *testing.T, c jobCase) {
	inTenSeconds := jobs.Result[held]{RetryAt: later.Add(10 * time.Second), Cause: "it is down"}
	done := jobs.Result[held]{State: verify.JobSent}
	for _, row := range []struct {
		id, name string
		result   *jobs.Result[held] // of the node's attempt; nil: it stopped before
		recorded bool
		at       time.Time // when another node looks
		again    bool      // whether it finds the job
		settled  bool      // whether the job had ended, or was queued again
	}{
		{"v1", "before the attempt", nil, false, lease, true, false},
		{"v2", "after the attempt", &done, false, lease, true, false},
		{"v3", "after it was settled", &done, true, lease, false, true},
		{"v4", "after an attempt that failed", &inTenSeconds, false, lease, true, false},
		{"v5", "after it was queued again", &inTenSeconds, true, inTenSeconds.RetryAt, true, true},
	} {
		c.add(t, row.id)
		first := node{c: c, at: later, deaf: !row.recorded}
		if row.result == nil {
			c.wantClaim(t, later, row.id+" 0")
		} else {
			first.result = *row.result
			first.work(t)
		}
		before := node{c: c, at: row.at.Add(-time.Millisecond), result: done}
		before.work(t)
		if diff := cmp.Diff((&node{}).seen(), before.seen()); diff != "" {
			t.Errorf("%s: under another node's lease, or before its time, it is taken: %s", row.name, diff)
		}
		if c.lapsed != nil && row.again && !row.settled {
			reporter := node{c: c, at: row.at, result: done, deaf: true} // it reports, and stops too
			reporter.work(t)
			row.at = row.at.Add(time.Minute)
		}
		second := node{c: c, at: row.at, result: done}
		second.work(t)
		var want node
		switch taken := []string{row.id + " 1"}; {
		case !row.again:
		case c.lapsed != nil && !row.settled:
			want.reported = taken
		default:
			want.attempted = taken
		}
		if diff := cmp.Diff(want.seen(), second.seen()); diff != "" {
			t.Errorf("a node stopped %s, and another one (-want +got):\n%s", row.name, diff)
		}
		last := node{c: c, at: row.at.Add(time.Hour), result: done}
		last.work(t)
		if diff := cmp.Diff((&node{}).seen(), last.seen()); diff != "" {
			t.Errorf("%s: it is done, and is taken again: %s", row.name, diff)
		}
	}
}

// node is a process that works once.
type node struct {
	c                   jobCase
	at                  time.Time
	result              jobs.Result[held]
	deaf                bool // it stops before it records a result
	attempted, reported []string
}

func (n *node) seen() map[string][]string {
	return map[string][]string{"attempted": n.attempted, "reported": n.reported}
}

// work attempts the due jobs, and reports those whose lease has ended.
func (n *node) work(t *testing.T) {
	t.Helper()
	run := func(q jobs.Queue[held], do func(held) jobs.Result[held]) {
		if n.deaf {
			q = unrecorded{q}
		}
		jobs.New(jobs.Config[held]{
			Queue: q, Waker: new(jobs.Waker), Now: func() time.Time { return n.at }, Log: quiet,
			Do:    func(_ context.Context, h held) jobs.Result[held] { return do(h) },
			Attrs: func(h held) []any { return []any{"job", h.id} }, Lease: time.Minute, Poll: time.Hour, Slots: 9,
		}).DoDue(t.Context())
	}
	run(n.c.q, func(h held) jobs.Result[held] {
		n.attempted = append(n.attempted, fmt.Sprint(h.id, " ", h.attempts))
		return n.result
	})
	if n.c.lapsed != nil {
		run(n.c.lapsed(n.c.s), func(h held) jobs.Result[held] {
			n.reported = append(n.reported, fmt.Sprint(h.id, " ", h.attempts))
			return jobs.Result[held]{State: verify.JobIndeterminate}
		})
	}
}

// unrecorded is the queue of a node that stops before it records a result.
type unrecorded struct{ jobs.Queue[held] }

var errStopped = &verify.Error{Code: verify.CodeInvalid}

func (unrecorded) Retry(context.Context, held, time.Time, string) error { return errStopped }

func (unrecorded) Settle(context.Context, held, verify.JobState, string, string) error {
	return errStopped
}

var quiet = slog.New(slog.DiscardHandler)

// worker gives a worker that tells of every job that is done, with a clock by which all are due.
func (c jobCase) worker(poll time.Duration, done chan<- string) (*jobs.Worker[held], *jobs.Waker) {
	waker := new(jobs.Waker)
	return jobs.New(jobs.Config[held]{
		Queue: c.q, Waker: waker, Kind: c.kind, Now: func() time.Time { return later }, Log: quiet,
		Do: func(_ context.Context, h held) jobs.Result[held] {
			done <- h.id
			return jobs.Result[held]{State: verify.JobSent}
		},
		Attrs: func(h held) []any { return []any{"job", h.id} }, Lease: time.Minute, Poll: poll, Slots: 1,
	}), waker
}

// running runs a worker while do runs.
func (c jobCase) running(t *testing.T, w *jobs.Worker[held], do func()) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() { w.Run(ctx) })
	do()
	stop()
	all.Wait()
}

// webhooks are the promises of the queue of webhooks alone.
var webhooks = []promise{
	{"alerts are given out in the order of their events", func(t *testing.T, s *store.Store) {
		want(t, PutTenant(t.Context(), s,
			verify.Tenant{ID: "acme", Webhook: verify.Webhook{URL: "https://hooks.example/", Secret: make([]byte, 32)}}), "")
		for _, row := range []struct {
			seq int64
			at  time.Time
		}{{9, noon}, {10, noon}, {11, noon.Add(-time.Second)}, {100, noon.Add(time.Second)}} {
			a := verify.Alert{ID: fmt.Sprint("acme-", row.seq), Tenant: "acme",
				Kind: verify.EventDenied, Seq: row.seq, At: row.at, Body: []byte(`{}`)}
			want(t, s.Write(t.Context(), "acme", func(tx verify.Tx) error { return tx.Alert(t.Context(), a) }), "")
		}
		for _, batch := range [][]string{{"acme-11"}, {"acme-9", "acme-10", "acme-100"}} {
			claimed, err := s.Alerts().Claim(t.Context(), later, lease, len(batch), nil)
			var ids []string
			for _, a := range claimed {
				ids = append(ids, a.ID)
			}
			if diff := cmp.Diff(batch, ids); diff != "" || err != nil {
				t.Error(err, diff)
			}
		}
	}},
}
