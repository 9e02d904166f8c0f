package live

import (
	"slices"
	"time"
)

// Tick is the time between two ticks.
const Tick = time.Second / ticksPerSecond

// Connections returns the number of connections, authenticated or not.
func (h *Hub) Connections() int { return len(h.connections()) }

// Answered returns the number of connections with a pong in the last ping round.
func (h *Hub) Answered() (n int) {
	for _, c := range h.connections() {
		if h.ticks.Load()-c.lastSeen.Load() < pingRound {
			n++
		}
	}
	return n
}

// Expected returns the number of connections with a deadline.
func (h *Hub) Expected() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.deadlines)
}

// Polling reports whether a poll for ended sessions is running.
func (h *Hub) Polling() bool { return h.pollingEnded.Load() }

// Checking returns the number of session checks that are queued or running.
func (h *Hub) Checking() (n int) {
	for _, c := range h.connections() {
		if c.checking.Load() {
			n++
		}
	}
	return n
}

// Waiting returns the number of connections without a first frame, and the number of their addresses.
func (h *Hub) Waiting() (all, addresses int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.waiting.all.Len(), len(h.waiting.byAddress)
}

// SetWriteTimeout sets the time-out for one frame. Call it before the first connection.
func (h *Hub) SetWriteTimeout(d time.Duration) { h.writeTimeout = d }

// Closing reports whether a connection is closing.
func (h *Hub) Closing() bool {
	return slices.ContainsFunc(h.connections(), func(c *conn) bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.code != 0
	})
}
