package launch

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/cache"
)

// refreshPolicy states how often a value is fetched, and for how long a fetched value may be used.
type refreshPolicy struct {
	freshFor    time.Duration // used without a new request
	minInterval time.Duration // between two requests, failed ones included
	usableFor   time.Duration // since the last successful fetch; an older value is not used
}

// refreshable is a value that another server provides. Concurrent callers share one request, and requests are at least
// minInterval apart.
type refreshable[T any] struct {
	mu          sync.Mutex
	value       T
	fetchedAt   time.Time // start of the last successful request; zero: no value
	attemptedAt time.Time // start of the last request
	inFlight    chan struct{}
	err         error // of the last request
}

// get gives the value. It fetches a new one if the current one is stale or does not satisfy enough. Without a usable
// value it gives the last request's error. A request continues when its caller leaves, because other callers wait for
// it too.
func (r *refreshable[T]) get(
	ctx context.Context, policy refreshPolicy, now time.Time, enough func(T) bool, load func(context.Context) (T, error),
) (T, error) {
	r.mu.Lock()
	if !r.fetchedAt.IsZero() && within(now.Sub(r.fetchedAt), policy.freshFor) && enough(r.value) {
		defer r.mu.Unlock()
		return r.value, nil
	}
	if r.inFlight == nil && (r.attemptedAt.IsZero() || !within(now.Sub(r.attemptedAt), policy.minInterval)) {
		r.attemptedAt, r.inFlight = now, make(chan struct{})
		go r.fetch(context.WithoutCancel(ctx), now, load)
	}
	inFlight := r.inFlight
	r.mu.Unlock()
	if inFlight != nil {
		select {
		case <-inFlight:
		case <-ctx.Done():
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var none T
	switch {
	case !r.fetchedAt.IsZero() && within(now.Sub(r.fetchedAt), policy.usableFor):
		return r.value, nil
	case r.err != nil:
		return none, r.err
	}
	return none, errors.New("the answer has not come yet")
}

// fetch makes one request.
func (r *refreshable[T]) fetch(ctx context.Context, now time.Time, load func(context.Context) (T, error)) {
	value, err := load(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err = err; err == nil {
		r.value, r.fetchedAt = value, now
	}
	close(r.inFlight)
	r.inFlight = nil
}

// maxClockSkew is how much earlier a caller may have read the clock than another caller that overtook it.
const maxClockSkew = 5 * time.Second

// within reports whether an age is below the limit. It is false after the clock was set back.
func within(age, limit time.Duration) bool { return age > -maxClockSkew && age < limit }

// maxFetchCache bounds the entries of a fetchCache.
const maxFetchCache = 1024

// fetchCache holds the values of several servers, by URL. It must be made by newFetchCache.
type fetchCache[T any] struct {
	byURL *cache.Cache[string, *refreshable[T]]
}

func newFetchCache[T any]() *fetchCache[T] {
	return &fetchCache[T]{cache.New[string, *refreshable[T]](maxFetchCache, 0)}
}

// entry gives the entry of a URL. A full cache drops the entry that was not used for the longest time.
func (c *fetchCache[T]) entry(ctx context.Context, url string) *refreshable[T] {
	entry, _ := c.byURL.Load(ctx, url, time.Time{}, func() (*refreshable[T], error) { return &refreshable[T]{}, nil })
	return entry
}
