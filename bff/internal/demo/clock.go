package demo

import (
	"sync"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/app"
)

// clock is the demo's time: the machine's, plus what was skipped by Fast-forward. A held clock moves only by Fast-forward.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration // of the machine's clock, while it runs
	held  time.Time     // the time at which it stands; zero while it runs
}

// Now is the demo's time.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *clock) now() time.Time {
	if !c.held.IsZero() {
		return c.held
	}
	return app.SystemClock().Add(c.ahead)
}

// Advance moves the clock forward, whether it runs or is held.
func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held.IsZero() {
		c.ahead += d
	} else {
		c.held = c.held.Add(d)
	}
}

// Hold stops the clock, or lets it run on from where it stands.
func (c *clock) Hold(hold bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	c.held, c.ahead = time.Time{}, now.Sub(app.SystemClock())
	if hold {
		c.held = now
	}
}
