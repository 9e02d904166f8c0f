package rest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/cache"
	"github.com/shieldpod/shieldpod/bff/internal/digest"
)

// Key identifies an answer. The values that it was made of can't be recovered from it.
type Key = [sha256.Size]byte

// Key gives the key of an answer. It differs in every process.
func (c *Client) Key(parts ...string) Key { return digest.MAC(c.keyOf[:], parts...) }

// sharedTimeout bounds a shared request: longer than any caller waits.
const sharedTimeout = 30 * time.Second

// Share makes one request for all concurrent callers with the same key. It continues when one of them leaves.
// CodePSADown: the caller's context has ended, or do panicked.
func Share[V any](ctx context.Context, c *Client, key Key, do func(context.Context) (V, error)) (V, error) {
	result := c.flights.DoChan(string(key[:]), func() (value any, err error) {
		defer func() { // in the library's goroutine a panic would end the process
			if p := recover(); p != nil {
				err = c.cfg.Product.Down(fmt.Errorf("a request panicked (%T)", p)) // its value may hold the answer
			}
		}()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sharedTimeout)
		defer cancel()
		return do(ctx)
	})
	select {
	case r := <-result:
		value, _ := r.Val.(V)
		return value, r.Err
	case <-ctx.Done():
		var none V
		return none, c.cfg.Product.Down(ctx.Err())
	}
}

// Cache keeps answers. A fresh answer is used. An older one is still used while it is read again in the background.
type Cache[V any] struct {
	client   *Client
	freshFor time.Duration
	answers  *cache.Cache[Key, V]
}

// NewCache makes a cache of at most limit answers that are younger than usableFor.
func NewCache[V any](c *Client, limit int, freshFor, usableFor time.Duration) *Cache[V] {
	return &Cache[V]{client: c, freshFor: freshFor, answers: cache.New[Key, V](limit, usableFor)}
}

// Get gives a cached answer and its age, or else what read gives. Concurrent reads of a key are shared. An error is not
// cached.
func (a *Cache[V]) Get(ctx context.Context, key Key, read func(context.Context) (V, error)) (value V, age time.Duration, err error) {
	refresh := func(ctx context.Context) (V, error) {
		requestedAt := a.client.cfg.Now()
		value, err := read(ctx)
		if err == nil {
			a.answers.Put(key, value, requestedAt)
		}
		return value, err
	}
	value, age, known := a.answers.Get(key, a.client.cfg.Now())
	switch {
	case known && age < a.freshFor:
		return value, age, nil
	case known:
		go func() { _, _ = Share(context.WithoutCancel(ctx), a.client, key, refresh) }()
		return value, age, nil
	}
	value, err = Share(ctx, a.client, key, refresh)
	return value, 0, err
}
