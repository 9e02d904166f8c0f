package connectwise

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// digest gives an HMAC over the parts, each with its length. Its key lives as long as the process.
func (c *Client) digest(parts ...string) (m digest) {
	h := hmac.New(sha256.New, c.digestKey[:])
	for _, p := range parts {
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(p))))
		h.Write([]byte(p))
	}
	h.Sum(m[:0])
	return m
}

// cache keeps values with the time of their request, up to a limit.
type cache[V any] struct {
	limit   int
	mu      *sync.Mutex
	entries map[digest]entry[V]
}

type entry[V any] struct {
	value V
	at    time.Time
}

func newCache[V any](limit int) cache[V] {
	return cache[V]{limit: limit, mu: new(sync.Mutex), entries: map[digest]entry[V]{}}
}

// get gives a value and its age. After the clock was set back it gives none.
func (c cache[V]) get(key digest, now time.Time) (value V, age time.Duration, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, known := c.entries[key]
	age = now.Sub(e.at)
	return e.value, age, known && age >= 0
}

// put stores a value. A full cache drops the oldest of eight entries.
func (c cache[V]) put(key digest, value V, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.entries) >= c.limit {
		var oldest digest
		seen := 0
		for k, e := range c.entries { // map iteration begins at a random entry
			if seen == 0 || e.at.Before(c.entries[oldest].at) {
				oldest = k
			}
			if seen++; seen == 8 {
				break
			}
		}
		delete(c.entries, oldest)
	}
	c.entries[key] = entry[V]{value: value, at: now}
}

// sharedTimeout bounds a shared request: longer than any caller waits.
const sharedTimeout = 30 * time.Second

// shared makes one request for all concurrent callers with the same key. It continues when one of them leaves.
func shared[V any](ctx context.Context, requests *singleflight.Group, key digest, do func(context.Context) (V, error)) (V, error) {
	result := requests.DoChan(string(key[:]), func() (any, error) {
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
		return none, psaDown(ctx.Err())
	}
}
