package verify_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// seededEntropy is the same in every run.
type seededEntropy struct {
	mu     sync.Mutex
	source *rand.ChaCha8
}

func (c *seededEntropy) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.source.Read(p)
}

// fakeNotifier records the notifications of the service, and the number of wakes of the courier.
type fakeNotifier struct {
	mu            sync.Mutex
	notifications []notification
	wakes         int
}

type notification struct {
	tenant, contact string
	seq             int64
}

func (e *fakeNotifier) Notify(tenant, contact string, seq int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.notifications = append(e.notifications, notification{tenant, contact, seq})
}

func (e *fakeNotifier) Wake(kind verify.JobKind) {
	if kind == verify.NoteJobs || kind == verify.WebhookJobs {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.wakes++
}

// received gives what was heard since it was asked last.
func (e *fakeNotifier) received() (notifications []notification, wakes int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	notifications, wakes = e.notifications, e.wakes
	e.notifications, e.wakes = nil, 0
	return notifications, wakes
}

// failing is the ledger with an Append that fails: a database that goes away between two steps.
type failing struct{ verify.Ledger }

var errGone = &verify.Error{Code: verify.CodeUnavailable, Public: "Gone.", Err: errors.New("pulled the plug")}

func (f failing) Write(ctx context.Context, tenant string, steps ...func(verify.Tx) error) error {
	broken := make([]func(verify.Tx) error, len(steps))
	for i, step := range steps {
		broken[i] = func(tx verify.Tx) error { return step(mute{tx}) }
	}
	return f.Ledger.Write(ctx, tenant, broken...)
}

type mute struct{ verify.Tx }

func (mute) Append(context.Context, *verify.Event) error { return errGone }
