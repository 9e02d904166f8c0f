package jobs

import (
	"sync"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

var _ verify.Waker = (*Waker)(nil)

// Waker wakes the workers of this node. The zero value is ready to use: it is made before the service that calls it and
// before the workers that it wakes.
type Waker struct {
	mu      sync.RWMutex
	workers []subscription
}

type subscription struct {
	kind verify.JobKind
	wake chan struct{}
}

// Wake wakes the workers of the kind. It never blocks; several calls may be merged into one.
func (w *Waker) Wake(kind verify.JobKind) {
	w.each(func(s subscription) bool { return s.kind == kind })
}

// WakeAll wakes every worker. It is for a clock that was moved.
func (w *Waker) WakeAll() {
	w.each(func(subscription) bool { return true })
}

func (w *Waker) each(wakes func(subscription) bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	for _, s := range w.workers {
		if wakes(s) {
			signal(s.wake)
		}
	}
}

func (w *Waker) subscribe(kind verify.JobKind) <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := subscription{kind: kind, wake: make(chan struct{}, 1)}
	w.workers = append(w.workers, s)
	return s.wake
}
