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

// mark tells what is made of these parts from all else, under a key that lives as long as the process.
func (c *Client) mark(parts ...string) (m mark) {
	h := hmac.New(sha256.New, c.key[:])
	for _, p := range parts {
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(p))))
		h.Write([]byte(p))
	}
	h.Sum(m[:0])
	return m
}

// memory keeps what was learnt, each since a time, and not more than so many.
type memory[V any] struct {
	most int
	mu   *sync.Mutex
	kept map[mark]learnt[V]
}

type learnt[V any] struct {
	value V
	at    time.Time
}

func remember[V any](most int) memory[V] {
	return memory[V]{most: most, mu: new(sync.Mutex), kept: map[mark]learnt[V]{}}
}

// recall gives what is known, and how old that is. A clock that was set back makes nothing young.
func (m memory[V]) recall(key mark, now time.Time) (value V, age time.Duration, known bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l, known := m.kept[key]
	age = now.Sub(l.at)
	return l.value, age, known && age >= 0
}

// learn keeps a value. When there is no room it forgets the older ones of some that it happens to look at.
func (m memory[V]) learn(key mark, value V, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for len(m.kept) >= m.most {
		var oldest mark
		looked := 0
		for k, l := range m.kept { // in an order that is never the same
			if looked == 0 || l.at.Before(m.kept[oldest].at) {
				oldest = k
			}
			if looked++; looked == 8 {
				break
			}
		}
		delete(m.kept, oldest)
	}
	m.kept[key] = learnt[V]{value: value, at: now}
}

// flightTime bounds what is done once for many: longer than any of them waits.
const flightTime = 30 * time.Second

// once does for everybody who asks for the same at the same time what has to be done. It goes on when one of them leaves.
func once[V any](ctx context.Context, flights *singleflight.Group, key mark, do func(context.Context) (V, error)) (V, error) {
	landed := flights.DoChan(string(key[:]), func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flightTime)
		defer cancel()
		return do(ctx)
	})
	select {
	case r := <-landed:
		value, _ := r.Val.(V)
		return value, r.Err
	case <-ctx.Done():
		var none V
		return none, down(ctx.Err())
	}
}
