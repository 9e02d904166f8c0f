// Package cache keeps recently used values in memory, up to a number and an age.
//
// It adds to github.com/hashicorp/golang-lru what its own expiring cache lacks: a clock that the caller passes, no
// goroutine, and loads that are shared and that an invalidation overtakes.
//
// Start with [New].
package cache

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// Cache holds values by key. The least recently used ones make room for new ones. Its methods are safe for concurrent
// use. Values are shared between callers, who only read them.
type Cache[K comparable, V any] struct {
	limit int
	ttl   time.Duration
	weigh func(V) int

	mu      sync.Mutex
	entries *simplelru.LRU[K, entry[V]]
	weight  int            // of all entries
	calls   map[K]*call[V] // loads in progress that no invalidation has overtaken
}

type entry[V any] struct {
	value  V
	at     time.Time
	weight int
}

// call is one load, for which several callers may wait.
type call[V any] struct {
	done    chan struct{}
	value   V
	err     error
	settled bool // false: the loading caller left or panicked, and the others have no result
}

// New returns a cache of at most limit values that are younger than ttl. A ttl of zero sets no age limit.
func New[K comparable, V any](limit int, ttl time.Duration) *Cache[K, V] {
	return NewWeighed[K](limit, ttl, func(V) int { return 1 })
}

// NewWeighed returns a cache whose values weigh at most limit together.
func NewWeighed[K comparable, V any](limit int, ttl time.Duration, weigh func(V) int) *Cache[K, V] {
	c := &Cache[K, V]{limit: limit, ttl: ttl, weigh: weigh, calls: map[K]*call[V]{}}
	entries, err := simplelru.NewLRU(math.MaxInt, func(_ K, e entry[V]) { c.weight -= e.weight })
	if err != nil {
		panic(err) // only for a size below 1
	}
	c.entries = entries
	return c
}

// Get returns a value and its age. After the clock was set back to before the value was stored, it returns none.
func (c *Cache[K, V]) Get(key K, now time.Time) (value V, age time.Duration, found bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.get(key, now)
}

func (c *Cache[K, V]) get(key K, now time.Time) (value V, age time.Duration, found bool) {
	e, found := c.entries.Get(key)
	if !found {
		return value, 0, false
	}
	if age = now.Sub(e.at); age < 0 || c.expired(age) {
		return value, 0, false
	}
	return e.value, age, true
}

func (c *Cache[K, V]) expired(age time.Duration) bool { return c.ttl > 0 && age >= c.ttl }

// Put stores a value that was read at now. It removes expired values that were not used since.
func (c *Cache[K, V]) Put(key K, value V, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.put(key, value, now)
}

func (c *Cache[K, V]) put(key K, value V, now time.Time) {
	c.entries.Remove(key)
	e := entry[V]{value: value, at: now, weight: c.weigh(value)}
	c.entries.Add(key, e)
	c.weight += e.weight
	for {
		_, oldest, found := c.entries.GetOldest()
		if !found || c.weight <= c.limit && !c.expired(now.Sub(oldest.at)) {
			return
		}
		c.entries.RemoveOldest()
	}
}

// Load returns the cached value, or else what load returns, which it stores as read at now. Concurrent callers of a key
// share one load and its error. A load that an invalidation overtakes is not stored, and later callers load again. When
// the loading caller's context ends, a waiting caller loads.
func (c *Cache[K, V]) Load(ctx context.Context, key K, now time.Time, load func() (V, error)) (V, error) {
	for {
		c.mu.Lock()
		if value, _, found := c.get(key, now); found {
			c.mu.Unlock()
			return value, nil
		}
		other := c.calls[key]
		if other == nil {
			mine := &call[V]{done: make(chan struct{})}
			c.calls[key] = mine
			c.mu.Unlock()
			return c.run(ctx, key, now, mine, load)
		}
		c.mu.Unlock()
		select {
		case <-other.done:
		case <-ctx.Done():
			return load() // which returns the caller's own kind of error
		}
		if other.settled {
			return other.value, other.err
		}
	}
}

func (c *Cache[K, V]) run(ctx context.Context, key K, now time.Time, mine *call[V], load func() (V, error)) (V, error) {
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.calls[key] == mine {
			delete(c.calls, key)
			if mine.settled && mine.err == nil {
				c.put(key, mine.value, now)
			}
		}
		close(mine.done)
	}()
	mine.value, mine.err = load()
	mine.settled = mine.err == nil || ctx.Err() == nil
	return mine.value, mine.err
}

// Remove removes the value of a key.
func (c *Cache[K, V]) Remove(key K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.calls, key)
	c.entries.Remove(key)
}

// RemoveFunc removes the values that match.
func (c *Cache[K, V]) RemoveFunc(matches func(K, V) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.calls)
	for _, key := range c.entries.Keys() {
		if e, _ := c.entries.Peek(key); matches(key, e.value) {
			c.entries.Remove(key)
		}
	}
}

// Len returns the number of values, expired ones included.
func (c *Cache[K, V]) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.entries.Len()
}
