package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/jobs"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// job is a job of a tenant. Its id begins with the tenant's name.
type job string

func (j job) tenant() string { return strings.TrimRight(string(j), "0123456789") }

// fakeQueue holds jobs in memory. A claimed job is due again when its lease ends.
type fakeQueue struct {
	mu     sync.Mutex
	due    map[job]time.Time
	claims atomic.Int64
	ended  map[job]verify.JobState
	fail   func() error // of Claim, Retry and Settle; nil: none fails
}

func (q *fakeQueue) add(ids ...job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, id := range ids {
		q.due[id] = time.Now()
	}
}

func (q *fakeQueue) failWith(fail func() error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.fail = fail
}

// states are the jobs that have ended.
func (q *fakeQueue) states() map[job]verify.JobState {
	q.mu.Lock()
	defer q.mu.Unlock()
	return maps.Clone(q.ended)
}

// dueAt is when the job is due.
func (q *fakeQueue) dueAt(j job) time.Time {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.due[j]
}

func (q *fakeQueue) Claim(_ context.Context, now, leaseUntil time.Time, n int, busy []string) ([]job, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.claims.Add(1)
	if err := q.fail(); err != nil {
		return nil, err
	}
	var claimed []job
	for _, id := range q.sorted() {
		if len(claimed) < n && !q.due[id].After(now) && !slices.Contains(busy, id.tenant()) {
			claimed = append(claimed, id)
			q.due[id] = leaseUntil
		}
	}
	return claimed, nil
}

func (q *fakeQueue) sorted() []job {
	var all []job
	for id := range q.due {
		all = append(all, id)
	}
	slices.Sort(all)
	return all
}

func (q *fakeQueue) NextDue(_ context.Context, busy []string) (next time.Time, there bool, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for id, at := range q.due {
		if !slices.Contains(busy, id.tenant()) && (!there || at.Before(next)) {
			next, there = at, true
		}
	}
	return next, there, nil
}

func (q *fakeQueue) Retry(_ context.Context, j job, at time.Time, _ string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.fail(); err != nil {
		return err
	}
	q.due[j] = at
	return nil
}

func (q *fakeQueue) Settle(_ context.Context, j job, state verify.JobState, _, _ string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.fail(); err != nil {
		return err
	}
	q.ended[j] = state
	delete(q.due, j)
	return nil
}

// harness is a worker on a fake queue, in a bubble of fake time.
type harness struct {
	*fakeQueue
	worker  *jobs.Worker[job]
	waker   *jobs.Waker
	began   time.Time
	stop    context.CancelFunc
	stopped chan struct{}
	log     strings.Builder

	mu   sync.Mutex
	done []string // job and the time of its attempt
}

var sent = jobs.Result[job]{State: verify.JobSent}

// run runs a worker whose attempts end as do says. change sets its limits.
func run(t *testing.T, do func(context.Context, job) jobs.Result[job], change func(*jobs.Config[job])) *harness {
	t.Helper()
	h := &harness{
		fakeQueue: &fakeQueue{due: map[job]time.Time{}, ended: map[job]verify.JobState{}, fail: func() error { return nil }},
		waker:     new(jobs.Waker), stopped: make(chan struct{}),
	}
	c := jobs.Config[job]{
		Queue: h, Waker: h.waker, Kind: verify.NoteJobs, Now: time.Now, Log: slog.New(slog.NewTextHandler(&h.log, nil)),
		Do: func(ctx context.Context, j job) jobs.Result[job] {
			h.mu.Lock()
			h.done = append(h.done, fmt.Sprintf("%s after %s", j, time.Since(h.began)))
			h.mu.Unlock()
			return do(ctx, j)
		},
		Attrs: func(j job) []any { return []any{"job", string(j)} },
		Lease: time.Minute, Poll: 30 * time.Second, Slots: 2,
	}
	if change != nil {
		change(&c)
	}
	h.worker = jobs.New(c)
	ctx, cancel := context.WithCancel(t.Context())
	h.stop = cancel
	go func() {
		defer close(h.stopped)
		h.worker.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-h.stopped
	})
	advance(10 * time.Millisecond) // its first claim is over
	h.began = time.Now()
	return h
}

func byTenant(c *jobs.Config[job]) {
	c.Group = func(j job) jobs.Group { return jobs.Group{Tenant: j.tenant()} }
	c.Batch = 4
}

func (h *harness) want(t *testing.T, want ...string) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if diff := cmp.Diff(want, h.done); diff != "" {
		t.Errorf("attempts (-want +got):\n%s", diff)
	}
}

// wake adds jobs and wakes the worker.
func (h *harness) wake(ids ...job) {
	h.add(ids...)
	h.waker.Wake(verify.NoteJobs)
	synctest.Wait()
}

// advance advances the fake clock by d and waits until all goroutines are idle.
func advance(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// take returns an attempt that takes the time, and succeeds.
func take(d time.Duration) func(context.Context, job) jobs.Result[job] {
	return func(ctx context.Context, _ job) jobs.Result[job] {
		select {
		case <-time.After(d):
			return sent
		case <-ctx.Done():
			return jobs.Result[job]{State: verify.JobFailed}
		}
	}
}

func TestASlowReceiverDelaysOnlyItsOwnTenant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := run(t, func(ctx context.Context, j job) jobs.Result[job] {
			if j.tenant() == "acme" {
				return take(10*time.Second)(ctx, j)
			}
			return sent
		}, byTenant)
		h.wake("acme1", "acme2", "acme3", "acme4", "acme5", "acme6", "umbrella1") // more of acme's than a claim takes
		advance(time.Second)
		h.wake("umbrella2")
		h.want(t, "acme1 after 0s", "umbrella1 after 5ms", "umbrella2 after 1s")
		advance(time.Minute)
		h.want(t, "acme1 after 0s", "umbrella1 after 5ms", "umbrella2 after 1s",
			"acme2 after 10s", "acme3 after 20s", "acme4 after 30s", "acme5 after 40s", "acme6 after 50s")
	})
}

func TestAWorkerWithBusyTenantsOnlyDoesNotSpin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := run(t, take(20*time.Second), byTenant)
		h.wake("acme1", "acme2", "acme3", "acme4", "acme5")
		before := h.claims.Load()
		advance(19 * time.Second)
		if n := h.claims.Load() - before; n > 1 {
			t.Errorf("%d claims while the only tenant is busy, want 1 at most", n)
		}
	})
}

func TestSlotsBoundTheJobsInProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int64
		h := run(t, func(ctx context.Context, j job) jobs.Result[job] {
			most.Store(max(most.Load(), now.Add(1)))
			defer now.Add(-1)
			return take(time.Second)(ctx, j)
		}, nil)
		h.wake("a1", "b1", "c1", "d1", "e1")
		advance(4 * time.Second)
		if len(h.states()) != 5 || most.Load() != 2 {
			t.Errorf("%d jobs have ended, %d at once; want 5 and 2", len(h.states()), most.Load())
		}
	})
}

func TestAGroupBeginsWhereItIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := run(t, take(0), func(c *jobs.Config[job]) {
			byTenant(c)
			c.Begin = func(n int) int { return n - 1 }
		})
		h.wake("acme1", "acme2", "acme3")
		advance(time.Second)
		h.want(t, "acme3 after 0s", "acme1 after 0s", "acme2 after 0s")
	})
}

func TestTheRestOfAGroupEndsWithoutAnAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := run(t, func(_ context.Context, j job) jobs.Result[job] {
			if j != "acme2" {
				return sent
			}
			return jobs.Result[job]{State: verify.JobFailed, Rest: func(context.Context, job) jobs.Result[job] {
				return jobs.Result[job]{RetryAt: time.Now().Add(time.Hour)}
			}}
		}, byTenant)
		h.wake("acme1", "acme2", "acme3", "acme4")
		h.want(t, "acme1 after 0s", "acme2 after 0s")
		if diff := cmp.Diff(map[job]verify.JobState{"acme1": verify.JobSent, "acme2": verify.JobFailed}, h.states()); diff != "" {
			t.Error(diff)
		}
		for _, j := range []job{"acme3", "acme4"} {
			if at := h.dueAt(j); at.Sub(h.began) != time.Hour {
				t.Errorf("%s is due after %s, want an hour", j, at.Sub(h.began))
			}
		}
	})
}

func TestNoJobOfAGroupIsBegunLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := run(t, take(25*time.Second), func(c *jobs.Config[job]) {
			byTenant(c)
			c.Start = 40 * time.Second
		})
		h.wake("acme1", "acme2", "acme3")
		advance(59 * time.Second)
		h.want(t, "acme1 after 0s", "acme2 after 25s")
		advance(time.Minute) // its lease has ended
		h.want(t, "acme1 after 0s", "acme2 after 25s", "acme3 after 1m0s")
	})
}

func TestAnAttemptEndsBeforeItsLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h *harness
		var took []time.Duration
		h = run(t, func(ctx context.Context, _ job) jobs.Result[job] {
			<-ctx.Done()
			took = append(took, time.Since(h.began))
			return jobs.Result[job]{State: verify.JobFailed}
		}, nil)
		h.wake("acme1")
		advance(time.Minute - time.Millisecond)
		if diff := cmp.Diff([]time.Duration{time.Minute - jobs.SettleMargin}, took); diff != "" {
			t.Error(diff)
		}
		if len(h.states()) > 0 {
			t.Errorf("a result was written after the attempt's end: %v", h.states())
		}
	})
}

func TestStoppingWaitsForJobsInProgressAndBeginsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := run(t, take(10*time.Second), byTenant)
		h.wake("acme1", "acme2")
		h.stop()
		advance(9 * time.Second)
		select {
		case <-h.stopped:
			t.Fatal("Run returned while a job was in progress")
		default:
		}
		advance(time.Second)
		<-h.stopped
		h.want(t, "acme1 after 0s")
		if h.states()["acme1"] != verify.JobSent {
			t.Errorf("it has ended as %q", h.states()["acme1"])
		}
	})
}

func TestAWorkerWorksWhenItIsWokenAndAtEachPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := run(t, take(0), nil)
		advance(time.Second)
		h.wake("woken1")
		h.add("polled1") // without a wake
		h.waker.Wake(verify.WebhookJobs)
		advance(28 * time.Second)
		h.want(t, "woken1 after 1s")
		advance(3 * time.Second)
		h.want(t, "woken1 after 1s", "polled1 after 31s")
		h.add("all1")
		h.waker.WakeAll()
		advance(10 * time.Millisecond)
		h.want(t, "woken1 after 1s", "polled1 after 31s", "all1 after 32s")
	})
}

func TestAJobThatIsQueuedAgainIsDoneAtItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h *harness
		var then []time.Duration
		h = run(t, func(context.Context, job) jobs.Result[job] {
			if len(then) > 0 {
				return sent
			}
			return jobs.Result[job]{RetryAt: time.Now().Add(7 * time.Second), Then: func(context.Context) {
				then = append(then, h.dueAt("acme1").Sub(h.began)) // it is queued before Then is called
			}}
		}, nil)
		h.wake("acme1")
		advance(10 * time.Second)
		h.want(t, "acme1 after 0s", "acme1 after 7s")
		if diff := cmp.Diff([]time.Duration{7 * time.Second}, then); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAFailedClaimIsRepeatedAfterASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := run(t, take(0), nil)
		h.failWith(func() error { return errors.New("the database is away") })
		before := h.claims.Load()
		for range 100 {
			h.waker.Wake(verify.NoteJobs)
			advance(100 * time.Millisecond)
		}
		if n := h.claims.Load() - before; n < 9 || n > 11 {
			t.Errorf("%d claims in ten seconds, want one a second", n)
		}
		if !strings.Contains(h.log.String(), `jobs can't be claimed`) {
			t.Errorf("the log does not say it: %s", h.log.String())
		}
	})
}

func TestAResultIsRecordedWhenTheStoreIsBack(t *testing.T) {
	for _, row := range []struct {
		name string
		err  func(age time.Duration) error
		want verify.JobState
		log  bool
	}{
		{"away for a while: recorded", func(age time.Duration) error {
			if age < 20*time.Second {
				return &verify.Error{Code: verify.CodeUnavailable}
			}
			return nil
		}, verify.JobSent, false},
		{"away until the lease ends: not recorded", func(age time.Duration) error {
			if age < time.Minute-jobs.SettleMargin+time.Millisecond {
				return &verify.Error{Code: verify.CodeUnavailable}
			}
			return errors.New("written after the end")
		}, "", true},
		{"refused for good: not repeated", func(age time.Duration) error {
			if age == 0 {
				return &verify.Error{Code: verify.CodeNotFound}
			}
			return nil
		}, "", true},
	} {
		synctest.Test(t, func(t *testing.T) {
			h := run(t, take(0), nil)
			claimed := false
			h.failWith(func() error {
				if !claimed {
					claimed = true
					return nil
				}
				return row.err(time.Since(h.began))
			})
			h.wake("acme1")
			advance(time.Minute - time.Second)
			if h.states()["acme1"] != row.want {
				t.Errorf("%s: it has ended as %q, want %q", row.name, h.states()["acme1"], row.want)
			}
			if logged := strings.Contains(h.log.String(), `job=acme1 step="settle as sent"`); logged != row.log {
				t.Errorf("%s: logged: %t, want %t: %s", row.name, logged, row.log, h.log.String())
			}
		})
	}
}

func TestAPanicOfAnAttemptStopsNeitherTheWorkerNorTheNextJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := run(t, func(_ context.Context, j job) jobs.Result[job] {
			if j == "acme1" {
				panic("the answer of a hostile server")
			}
			return sent
		}, nil)
		h.add("acme1", "acme2")
		h.waker.Wake(verify.NoteJobs)
		advance(time.Second)
		if diff := cmp.Diff(map[job]verify.JobState{"acme2": verify.JobSent}, h.states()); diff != "" {
			t.Error(diff)
		}
		if due := h.dueAt("acme1"); due.Sub(h.began) < 50*time.Second {
			t.Errorf("it is due after %s, before its lease ends", due.Sub(h.began))
		}
		h.stop()
		<-h.stopped
		if said := h.log.String(); !strings.Contains(said, "panicked") || !strings.Contains(said, "type=string") || strings.Contains(said, "hostile") {
			t.Errorf("the log: %s", said)
		}
	})
}
