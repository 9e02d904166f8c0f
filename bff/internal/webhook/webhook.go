// Package webhook posts alerts to the tenants' webhooks. Each alert is signed and posted at least once, and never to a
// private address.
//
// The alerts come from a queue in the store. A failed post is repeated with growing delays, for half a day.
//
// Start with [New].
package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/egress"
	"github.com/shieldpod/shieldpod/bff/internal/jobs"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/webhook"
)

// Targets returns the webhooks of tenants.
type Targets interface {
	Webhook(ctx context.Context, tenant string) (verify.Webhook, error)
}

// Config holds the dependencies of the worker. All fields are required.
type Config struct {
	Queue   jobs.Queue[verify.Alert]
	Waker   *jobs.Waker
	Targets Targets
	Client  *http.Client // from package egress: it refuses private addresses and follows no redirect
	Now     func() time.Time
	Random  func() float64 // from 0 up to 1
	Log     *slog.Logger
}

// Timeout is the time that a receiver has for its answer. The posts of a batch to one receiver fit in a lease.
const Timeout = 10 * time.Second

const (
	leaseDuration = time.Minute
	batchSize     = 5
	maxParallel   = 16 // tenants
	maxAttempts   = 20
	pollInterval  = 30 * time.Second // between polls without a due alert: another node may have queued one
)

var retryDelays = jobs.Backoff{Base: 10 * time.Second, Max: time.Hour}

// New returns a worker. The alerts of one tenant are posted one after another, and a slow receiver delays no other tenant.
func New(c Config) *jobs.Worker[verify.Alert] {
	p := poster{c}
	return jobs.New(jobs.Config[verify.Alert]{
		Queue: c.Queue, Waker: c.Waker, Kind: verify.WebhookJobs, Now: c.Now, Log: c.Log,
		Do:    func(ctx context.Context, a verify.Alert) result { return p.result(ctx, a, p.post(ctx, a)) },
		Attrs: func(a verify.Alert) []any { return []any{"alert", a.ID, "kind", a.Kind} },
		Lease: leaseDuration, Poll: pollInterval, Slots: maxParallel, Batch: batchSize,
		Start: leaseDuration - Timeout - 2*jobs.SettleMargin, // a later post would be cut off
		Group: func(a verify.Alert) jobs.Group { return jobs.Group{Tenant: a.Tenant} },
	})
}

type poster struct{ Config }

type result = jobs.Result[verify.Alert]

// errGone means that the receiver wants no more alerts, or that the webhook was removed.
var errGone = errors.New("the receiver answers 410")

// result is what becomes of an alert after a post.
func (p poster) result(ctx context.Context, a verify.Alert, err error) result {
	switch {
	case err == nil:
		return result{State: verify.JobSent}
	case errors.Is(err, errGone) || a.Attempts+1 >= maxAttempts:
		p.Log.WarnContext(ctx, "an alert is given up", "alert", a.ID, "kind", a.Kind, "err", err)
		return result{State: verify.JobFailed, Cause: err.Error()}
	}
	return result{RetryAt: p.Now().Add(retryDelays.Delay(a.Attempts, 0, p.Random())), Cause: err.Error()}
}

// post posts one alert. Its error contains neither the URL nor the body.
func (p poster) post(ctx context.Context, a verify.Alert) error {
	hook, err := p.Targets.Webhook(ctx, a.Tenant)
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
	webhook.Sign(request.Header, secret, a.ID, p.Now(), a.Body)
	response, err := p.Client.Do(request)
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
