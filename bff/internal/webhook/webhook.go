// Package webhook posts alerts to the tenants' webhooks. Each alert is signed and posted at least once, and never to a
// private address.
//
// The alerts come from a queue in the store. A failed post is repeated with growing delays, for a day.
//
// Start with [New] and Run.
package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/egress"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/webhook"
)

var _ verify.Alerter = (*Worker)(nil)

// Queue holds the alerts to post.
type Queue interface {
	// ClaimAlerts leases up to n due alerts. An alert that is not settled by leaseUntil is leased again.
	ClaimAlerts(ctx context.Context, now, leaseUntil time.Time, n int) ([]verify.Alert, error)
	// NextAlertAt returns the time at which the earliest alert is due; false if there is none.
	NextAlertAt(ctx context.Context) (time.Time, bool, error)
	SettleAlert(ctx context.Context, id string) error
	RetryAlert(ctx context.Context, id string, at time.Time, cause string) error
	DropAlert(ctx context.Context, id, cause string) error
}

// Targets returns the webhooks of tenants.
type Targets interface {
	Webhook(ctx context.Context, tenant string) (verify.Webhook, error)
}

// Config holds the dependencies of the worker. All fields are required.
type Config struct {
	Queue   Queue
	Targets Targets
	Client  *http.Client // from package egress: it refuses private addresses and follows no redirect
	Now     func() time.Time
	Log     *slog.Logger
}

// Worker posts alerts. It is made by New.
type Worker struct {
	cfg  Config
	wake chan struct{}
}

const (
	leaseDuration  = time.Minute
	batchSize      = 16
	maxAttempts    = 20
	baseRetryDelay = 10 * time.Second
	maxRetryDelay  = time.Hour
	pollInterval   = 30 * time.Second // between polls without a due alert: another node may have queued one
)

// New returns a worker.
func New(c Config) *Worker {
	return &Worker{cfg: c, wake: make(chan struct{}, 1)}
}

// WakeAlerts implements [verify.Alerter].
func (w *Worker) WakeAlerts() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Run posts alerts until ctx is done.
func (w *Worker) Run(ctx context.Context) {
	for {
		w.Post(ctx)
		timer := time.NewTimer(w.nextPoll(ctx))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-w.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

func (w *Worker) nextPoll(ctx context.Context) time.Duration {
	at, queued, err := w.cfg.Queue.NextAlertAt(ctx)
	if err != nil || !queued {
		return pollInterval
	}
	return min(pollInterval, max(0, at.Sub(w.cfg.Now())))
}

// Post posts all due alerts.
func (w *Worker) Post(ctx context.Context) {
	for ctx.Err() == nil {
		now := w.cfg.Now()
		alerts, err := w.cfg.Queue.ClaimAlerts(ctx, now, now.Add(leaseDuration), batchSize)
		if err != nil {
			w.cfg.Log.WarnContext(ctx, "alerts can't be read", "err", err)
			return
		}
		for _, a := range alerts {
			if err := w.settle(ctx, a, w.post(ctx, a)); err != nil {
				w.cfg.Log.WarnContext(ctx, "an alert can't be settled; it is posted again", "alert", a.ID, "err", err)
			}
		}
		if len(alerts) < batchSize {
			return
		}
	}
}

// errGone means that the receiver wants no more alerts, or that the webhook was removed.
var errGone = errors.New("the receiver answers 410")

func (w *Worker) settle(ctx context.Context, a verify.Alert, err error) error {
	switch {
	case err == nil:
		return w.cfg.Queue.SettleAlert(ctx, a.ID)
	case errors.Is(err, errGone) || a.Attempts+1 >= maxAttempts:
		w.cfg.Log.WarnContext(ctx, "an alert is given up", "alert", a.ID, "kind", a.Kind, "err", err)
		return w.cfg.Queue.DropAlert(ctx, a.ID, err.Error())
	}
	wait := min(maxRetryDelay, baseRetryDelay<<min(a.Attempts, 10))
	wait += time.Duration(rand.Int64N(int64(wait) / 4)) //nolint:gosec // jitter, not a secret
	return w.cfg.Queue.RetryAlert(ctx, a.ID, w.cfg.Now().Add(wait), err.Error())
}

// post posts one alert. Its error contains neither the URL nor the body.
func (w *Worker) post(ctx context.Context, a verify.Alert) error {
	hook, err := w.cfg.Targets.Webhook(ctx, a.Tenant)
	if err != nil {
		return fmt.Errorf("the webhook can't be read: %w", err)
	}
	if hook.URL == "" {
		return errGone // the webhook was removed
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, hook.URL, bytes.NewReader(a.Body))
	if err != nil {
		return errors.New("the webhook's URL can't be used")
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "Shieldpod")
	secret, err := webhook.NewSecret(hook.Secret)
	if err != nil {
		return errors.New("the webhook's secret can't be used")
	}
	webhook.Sign(request.Header, secret, a.ID, w.cfg.Now(), a.Body)
	response, err := w.cfg.Client.Do(request)
	if err != nil {
		if errors.Is(err, egress.ErrNotPublic) {
			return egress.ErrNotPublic
		}
		return errors.New("the receiver can't be reached")
	}
	_, _ = io.CopyN(io.Discard, response.Body, 4<<10) // the response body has no meaning
	_ = response.Body.Close()
	switch {
	case response.StatusCode == http.StatusGone:
		return errGone
	case response.StatusCode/100 != 2:
		return fmt.Errorf("the receiver answers %d", response.StatusCode)
	}
	return nil
}
