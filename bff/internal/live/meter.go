package live

import (
	"bufio"
	"errors"
	"net"
	"net/http"
)

// Limits of the bytes that a client may send. Frames without content (pings, empty fragments) count with their headers, and
// the smallest frame has six bytes, so the limits also bound frames. A pod sends its first frame, a pong of six bytes for
// each ping, and a close frame.
const (
	maxHandshakeBytes = 2 * maxFrame         // until the first frame is read
	maxBurstBytes     = 2 << 10              // in a burst, after the first frame
	bytesPerTick      = 100 / ticksPerSecond // added to the allowance with each tick
)

// errTooManyBytes reports a client that exceeds its limit.
var errTooManyBytes = errors.New("live: a client sends more than it may")

// meter is a connection that limits the bytes of its client. Only the reading goroutine uses it.
type meter struct {
	net.Conn
	hub          *Hub
	allowance    int   // bytes that the client may send now
	maxAllowance int   // upper bound of allowance
	lastTick     int64 // of the last read
}

// Read returns errTooManyBytes when the client has exceeded its limit.
func (m *meter) Read(p []byte) (int, error) {
	n, err := m.Conn.Read(p)
	now := m.hub.ticks.Load()
	m.allowance = min(m.maxAllowance, m.allowance+int(min(now-m.lastTick, int64(m.maxAllowance)))*bytesPerTick) - n
	m.lastTick = now
	if m.allowance < 0 {
		return 0, errTooManyBytes
	}
	return n, err
}

// lowerLimit sets the limit that applies after the first frame.
func (m *meter) lowerLimit() {
	m.maxAllowance = maxBurstBytes
	m.allowance = min(m.allowance, m.maxAllowance)
}

// meteredWriter wraps the connection of an upgrade in a meter.
type meteredWriter struct {
	http.ResponseWriter
	hub   *Hub
	meter *meter
}

// Unwrap returns the wrapped writer for http.ResponseController.
func (m *meteredWriter) Unwrap() http.ResponseWriter { return m.ResponseWriter }

// Hijack implements http.Hijacker.
func (m *meteredWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffers, err := http.NewResponseController(m.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	m.meter = &meter{Conn: conn, hub: m.hub, allowance: maxHandshakeBytes, maxAllowance: maxHandshakeBytes, lastTick: m.hub.ticks.Load()}
	return m.meter, buffers, nil
}
