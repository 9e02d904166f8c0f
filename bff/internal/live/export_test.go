package live

import (
	"slices"
	"time"
)

// Beat is the time between two of them.
const Beat = time.Second / second

// Connections is how many there are, authenticated or not.
func (h *Hub) Connections() int { return len(h.connections()) }

// Answered is how many of them have been heard of in the last lap.
func (h *Hub) Answered() (n int) {
	for _, c := range h.connections() {
		if h.beats.Load()-c.heard.Load() < lap {
			n++
		}
	}
	return n
}

// Expected is how many of them have some time left for their next duty.
func (h *Hub) Expected() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.due)
}

// Polling tells whether the store is being asked for ended sessions.
func (h *Hub) Polling() bool { return h.polling.Load() }

// Looking is how many sessions somebody is about to look at.
func (h *Hub) Looking() (n int) {
	for _, c := range h.connections() {
		if c.looking.Load() {
			n++
		}
	}
	return n
}

// Waiting is how many wait for their first frame, and from how many addresses.
func (h *Hub) Waiting() (all, addresses int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.waiting.all.Len(), len(h.waiting.byAddress)
}

// SetWriteTimeout sets the time that one frame may take. Call it before the first connection.
func (h *Hub) SetWriteTimeout(d time.Duration) { h.writeTimeout = d }

// Closing tells whether any of them is being closed.
func (h *Hub) Closing() bool {
	return slices.ContainsFunc(h.connections(), func(c *conn) bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.code != 0
	})
}
