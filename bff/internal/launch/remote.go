package launch

import (
	"context"
	"errors"
	"sync"
	"time"
)

// pace says how often something is fetched, and for how long what came is believed.
type pace struct {
	fresh time.Duration // used without asking again
	every time.Duration // between two requests, whatever is asked for and whatever came
	kept  time.Duration // since the last good answer: beyond it an old one is worth nothing
}

// remote is what another server says, kept: however many ask at once, one request is under way at most, and however
// often they ask, the next one waits its turn.
type remote[T any] struct {
	mu     sync.Mutex
	value  T
	good   time.Time // when the value was asked for; zero: there is none
	asked  time.Time // when the last request began
	flight chan struct{}
	fault  error // of the last request
}

// get gives the value, fetched again if it is not fresh or not enough; with the last request's error if there is none that
// may still be believed. A fetch goes on when whoever began it has left: others wait for it too.
func (r *remote[T]) get(ctx context.Context, p pace, now time.Time, enough func(T) bool, fetch func(context.Context) (T, error)) (T, error) {
	r.mu.Lock()
	if !r.good.IsZero() && within(now.Sub(r.good), p.fresh) && enough(r.value) {
		defer r.mu.Unlock()
		return r.value, nil
	}
	if r.flight == nil && (r.asked.IsZero() || !within(now.Sub(r.asked), p.every)) {
		r.asked, r.flight = now, make(chan struct{})
		go r.fly(context.WithoutCancel(ctx), now, fetch)
	}
	flight := r.flight
	r.mu.Unlock()
	if flight != nil {
		select {
		case <-flight:
		case <-ctx.Done():
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var none T
	switch {
	case !r.good.IsZero() && within(now.Sub(r.good), p.kept):
		return r.value, nil
	case r.fault != nil:
		return none, r.fault
	}
	return none, errors.New("the answer has not come yet")
}

// fly is one request.
func (r *remote[T]) fly(ctx context.Context, now time.Time, fetch func(context.Context) (T, error)) {
	value, err := fetch(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fault = err; err == nil {
		r.value, r.good = value, now
	}
	close(r.flight)
	r.flight = nil
}

// behind is how much earlier somebody may have looked at the clock whom another has overtaken since.
const behind = 5 * time.Second

// within tells whether so little time has passed; a clock that was set back says no.
func within(age, most time.Duration) bool { return age > -behind && age < most }

// shelfSize bounds what a shelf has at once.
const shelfSize = 1024

// shelf has what several servers say, by their URL.
type shelf[T any] struct {
	mu    sync.Mutex
	byURL map[string]*remote[T]
}

// place gives the place of what a URL says. When there are too many, those that nobody has asked for lately make room.
func (s *shelf[T]) place(url string, now time.Time, lately time.Duration) *remote[T] {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, is := s.byURL[url]; is {
		return known
	}
	if s.byURL == nil || len(s.byURL) >= shelfSize {
		kept := map[string]*remote[T]{}
		for url, r := range s.byURL {
			if r.askedWithin(now, lately) {
				kept[url] = r
			}
		}
		s.byURL = kept
	}
	place := &remote[T]{}
	s.byURL[url] = place
	return place
}

func (r *remote[T]) askedWithin(now time.Time, lately time.Duration) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return within(now.Sub(r.asked), lately)
}
