package courier_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/jobs"
	"github.com/shieldpod/shieldpod/bff/internal/message"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

const (
	secretCode  = "482913"
	secretToken = "q1wYx0nVd3T9sM5rJ8kLz2bH7cG4fA6eP-uI_oSaXyE"
	mobile      = "+14155554821"
	mailAddress = "dana@contoso.com"
)

// fakeOutbox holds jobs in memory and records every step, in order.
type fakeOutbox struct {
	mu     sync.Mutex
	queue  []queuedJob
	lapsed []lapsedJob
	steps  []string
	claims map[channel.Kind]int
	fail   func(step string) error
}

type queuedJob struct {
	job verify.Job
	due time.Time
}

type lapsedJob struct {
	job   verify.Job
	until time.Time // end of the lease
}

func (o *fakeOutbox) enqueue(jobs ...verify.Job) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, j := range jobs {
		o.queue = append(o.queue, queuedJob{job: j})
	}
}

func (o *fakeOutbox) enqueueAt(j verify.Job, due time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.queue = append(o.queue, queuedJob{j, due})
}

func (o *fakeOutbox) lapse(jobs ...verify.Job) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, j := range jobs {
		o.lapsed = append(o.lapsed, lapsedJob{job: j})
	}
}

// step records a step, or fails it if the test says so.
func (o *fakeOutbox) step(format string, args ...any) error {
	step := fmt.Sprintf(format, args...)
	if o.fail != nil {
		if err := o.fail(step); err != nil {
			return err
		}
	}
	o.steps = append(o.steps, step)
	return nil
}

// queues are the outbox as the courier sees it.
func (o *fakeOutbox) queues() map[channel.Kind]courier.Queues {
	return map[channel.Kind]courier.Queues{
		channel.Email: {Messages: fakeMessages{o, channel.Email}, Lapsed: fakeLapsed{o}},
		channel.Phone: {Messages: fakeMessages{o, channel.Phone}, Lapsed: fakeLapsed{new(fakeOutbox)}},
	}
}

// fakeMessages is the queue of one kind of channel.
type fakeMessages struct {
	*fakeOutbox
	kind channel.Kind
}

// fakeLapsed is the queue of all lapsed jobs.
type fakeLapsed struct{ *fakeOutbox }

func (o fakeMessages) Claim(_ context.Context, now, leaseUntil time.Time, n int, _ []string) ([]verify.Job, error) {
	kind := o.kind
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.claims == nil {
		o.claims = map[channel.Kind]int{}
	}
	o.claims[kind]++
	if o.fail != nil {
		if err := o.fail("claim"); err != nil {
			return nil, err
		}
	}
	if leaseUntil.Sub(now) != 30*time.Second {
		return nil, fmt.Errorf("a lease of %s", leaseUntil.Sub(now))
	}
	var jobs []verify.Job
	o.queue = slices.DeleteFunc(o.queue, func(q queuedJob) bool {
		if len(jobs) == n || q.job.Method.Kind() != kind || q.due.After(now) {
			return false
		}
		jobs = append(jobs, q.job)
		return true
	})
	return jobs, nil
}

func (o fakeLapsed) Claim(_ context.Context, now, leaseUntil time.Time, n int, _ []string) ([]verify.Job, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if leaseUntil.Sub(now) != 30*time.Second {
		return nil, fmt.Errorf("a lease of %s", leaseUntil.Sub(now))
	}
	var jobs []verify.Job
	for i := range o.lapsed {
		if l := &o.lapsed[i]; len(jobs) < n && !l.until.After(now) {
			l.until = leaseUntil
			jobs = append(jobs, l.job)
		}
	}
	return jobs, nil
}

func (fakeLapsed) NextDue(context.Context, []string) (next time.Time, queued bool, err error) {
	return next, false, nil
}

func (o fakeMessages) NextDue(context.Context, []string) (next time.Time, queued bool, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, q := range o.queue {
		if q.job.Method.Kind() == o.kind && (!queued || q.due.Before(next)) {
			next, queued = q.due, true
		}
	}
	return next, queued, nil
}

func (o *fakeOutbox) Retry(_ context.Context, j verify.Job, at time.Time, cause string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.step("%s retry in %s: %s", j.ID, time.Until(at), cause)
}

func (o *fakeOutbox) Settle(_ context.Context, j verify.Job, state verify.JobState, ref, cause string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	err := o.step("%s settle %s ref=%s cause=%s", j.ID, state, ref, cause)
	if err == nil {
		o.lapsed = slices.DeleteFunc(o.lapsed, func(l lapsedJob) bool { return l.job.ID == j.ID })
	}
	return err
}

func (o *fakeOutbox) RecordReport(_ context.Context, tenant, job string, r verify.Report) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.step("%s report %s reason=%s carrier=%s to %s", job, r.Kind, r.Reason, r.Carrier, tenant)
}

func (o *fakeOutbox) written() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.steps)
}

func (o *fakeOutbox) Brand(_ context.Context, id string) (*message.Brand, error) {
	return message.Default(verify.Tenant{ID: id, Name: "Acme IT"}), nil
}

// senderFunc is a carrier that calls a function.
type senderFunc func(context.Context, courier.OutgoingMessage) (courier.Result, error)

func (s senderFunc) Send(ctx context.Context, p courier.OutgoingMessage) (courier.Result, error) {
	return s(ctx, p)
}

func accept(context.Context, courier.OutgoingMessage) (courier.Result, error) {
	return courier.Result{Carrier: "pigeon", Ref: "ring-7"}, nil
}

func failWith(f error) senderFunc {
	return func(context.Context, courier.OutgoingMessage) (courier.Result, error) { return courier.Result{}, f }
}

func textJob(id string) verify.Job {
	return verify.Job{
		ID: id, Tenant: "acme", Method: channel.SMSCode, To: mobile, Secret: secretCode, Recipient: "Dana Reyes",
		Technician: "Ana Ortiz", Ticket: "4711", ExpiresAt: time.Now().Add(5 * time.Minute), ValidFor: 5 * time.Minute,
	}
}

func mailJob(id string) verify.Job {
	j := textJob(id)
	j.Method, j.To, j.Secret = channel.EmailLink, mailAddress, secretToken
	return j
}

// carriersOf returns carriers with one sender per kind of channel.
// staticCarriers are the same carriers for every tenant.
type staticCarriers map[channel.Kind][]courier.Sender

func (f staticCarriers) Senders(_ context.Context, _ string, kind channel.Kind) ([]courier.Sender, error) {
	return f[kind], nil
}

func carriersOf(mail, sms courier.Sender) staticCarriers {
	return staticCarriers{channel.Email: {mail}, channel.Phone: {sms}}
}

// runningCourier runs a courier over the outbox until the test's end, inside a bubble of fake time.
type runningCourier struct {
	*courier.Courier
	waker   *jobs.Waker
	stop    context.CancelFunc
	stopped chan struct{}
	log     *bytes.Buffer
}

func runCourier(t *testing.T, o *fakeOutbox, carrier senderFunc, change func(*courier.Config)) *runningCourier {
	t.Helper()
	log := new(bytes.Buffer)
	c := courier.Config{
		Queues: o.queues(), Waker: new(jobs.Waker), Reports: o, Brands: o, Carriers: carriersOf(carrier, carrier), PublicURL: "https://verify.acme-it.com",
		Now: time.Now, Random: func() float64 { return 0.5 },
		Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&c)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r := &runningCourier{Courier: courier.New(c), waker: c.Waker, stop: cancel, stopped: make(chan struct{}), log: log}
	go func() {
		defer close(r.stopped)
		r.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-r.stopped
	})
	synctest.Wait()
	return r
}

// advance advances the fake clock by d and waits until all goroutines are idle.
func advance(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}
