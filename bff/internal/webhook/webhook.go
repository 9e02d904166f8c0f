// Package webhook posts alerts to the tenants' webhooks: signed, at least once, and to nowhere inside.
//
// Start with [New] and Run. What there is to post waits in the store's queue; an alert that can't be posted is tried
// again, less and less often, for a day.
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

// Queue holds the alerts that wait.
type Queue interface {
	// ClaimAlerts takes up to n that are due; one that is not settled by leaseUntil is given again.
	ClaimAlerts(ctx context.Context, now, leaseUntil time.Time, n int) ([]verify.Alert, error)
	// NextAlertAt tells when the earliest is due; false if none waits.
	NextAlertAt(ctx context.Context) (time.Time, bool, error)
	SettleAlert(ctx context.Context, id string) error
	RetryAlert(ctx context.Context, id string, at time.Time, cause string) error
	DropAlert(ctx context.Context, id, cause string) error
}

// Targets knows the tenants' webhooks.
type Targets interface {
	Webhook(ctx context.Context, tenant string) (verify.Webhook, error)
}

// Config is what the worker stands on. All fields are required.
type Config struct {
	Queue   Queue
	Targets Targets
	Client  *http.Client // package egress's: it leads to nowhere inside and follows no redirect
	Now     func() time.Time
	Log     *slog.Logger
}

// Worker posts. It must be made by New.
type Worker struct {
	cfg  Config
	wake chan struct{}
}

const (
	leaseTime = time.Minute
	portion   = 16
	attempts  = 20
	firstWait = 10 * time.Second
	mostWait  = time.Hour
	idle      = 30 * time.Second // between looks when nothing is known to be due: others may have queued
)

// New makes a worker.
func New(c Config) *Worker {
	return &Worker{cfg: c, wake: make(chan struct{}, 1)}
}

// WakeAlerts is [verify.Alerter]'s.
func (w *Worker) WakeAlerts() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Run posts until ctx is done.
func (w *Worker) Run(ctx context.Context) {
	for {
		w.Post(ctx)
		timer := time.NewTimer(w.pause(ctx))
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

func (w *Worker) pause(ctx context.Context) time.Duration {
	at, waits, err := w.cfg.Queue.NextAlertAt(ctx)
	if err != nil || !waits {
		return idle
	}
	return min(idle, max(0, at.Sub(w.cfg.Now())))
}

// Post posts all that is due.
func (w *Worker) Post(ctx context.Context) {
	for ctx.Err() == nil {
		now := w.cfg.Now()
		alerts, err := w.cfg.Queue.ClaimAlerts(ctx, now, now.Add(leaseTime), portion)
		if err != nil {
			w.cfg.Log.WarnContext(ctx, "alerts can't be read", "error", err)
			return
		}
		for _, a := range alerts {
			if err := w.settle(ctx, a, w.post(ctx, a)); err != nil {
				w.cfg.Log.WarnContext(ctx, "an alert can't be settled; it is posted again", "alert", a.ID, "error", err)
			}
		}
		if len(alerts) < portion {
			return
		}
	}
}

// errGone is the receiver's word that it wants no more of this.
var errGone = errors.New("the receiver answers 410")

func (w *Worker) settle(ctx context.Context, a verify.Alert, err error) error {
	switch {
	case err == nil:
		return w.cfg.Queue.SettleAlert(ctx, a.ID)
	case errors.Is(err, errGone) || a.Attempts+1 >= attempts:
		w.cfg.Log.WarnContext(ctx, "an alert is given up", "alert", a.ID, "kind", a.Kind, "error", err)
		return w.cfg.Queue.DropAlert(ctx, a.ID, err.Error())
	}
	wait := min(mostWait, firstWait<<min(a.Attempts, 10))
	wait += time.Duration(rand.Int64N(int64(wait) / 4)) //nolint:gosec // spreads retries, hides nothing
	return w.cfg.Queue.RetryAlert(ctx, a.ID, w.cfg.Now().Add(wait), err.Error())
}

// post gives an error that holds neither URL nor body.
func (w *Worker) post(ctx context.Context, a verify.Alert) error {
	hook, err := w.cfg.Targets.Webhook(ctx, a.Tenant)
	if err != nil {
		return fmt.Errorf("the webhook can't be read: %w", err)
	}
	if hook.URL == "" {
		return errGone // it was removed since
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
	request.Header.Set(webhook.Header, webhook.Sign(secret, w.cfg.Now(), a.Body))
	response, err := w.cfg.Client.Do(request)
	if err != nil {
		if errors.Is(err, egress.ErrNotPublic) {
			return egress.ErrNotPublic
		}
		return errors.New("the receiver can't be reached")
	}
	_, _ = io.CopyN(io.Discard, response.Body, 4<<10) // an answer has nothing to say
	_ = response.Body.Close()
	switch {
	case response.StatusCode == http.StatusGone:
		return errGone
	case response.StatusCode/100 != 2:
		return fmt.Errorf("the receiver answers %d", response.StatusCode)
	}
	return nil
}
