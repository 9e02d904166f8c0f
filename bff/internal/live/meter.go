package live

import (
	"bufio"
	"errors"
	"net"
	"net/http"
)

// What a client may send, in bytes. Frames that carry nothing (pings, empty fragments) cost as much as their headers, so a limit
// of bytes is one of frames too: the smallest has six. A pod sends its first frame, an answer of six bytes to each ping, and
// a goodbye.
const (
	firstBytes = 2 * maxFrame // until the first frame is read
	laterBytes = 2 << 10      // at once, after it
	beatBytes  = 100 / second // that come back in a beat
)

// errTooManyBytes ends the reading of a connection whose client sends more than that.
var errTooManyBytes = errors.New("live: a client sends more than it may")

// meter is a connection that counts what its client sends. Only the connection's reader uses it.
type meter struct {
	net.Conn
	hub  *Hub
	left int   // bytes that the client may send now
	full int   // the most that left can be
	beat int64 // of the last read
}

// Read fails with errTooManyBytes when the client has sent too much.
func (m *meter) Read(p []byte) (int, error) {
	n, err := m.Conn.Read(p)
	now := m.hub.beats.Load()
	m.left = min(m.full, m.left+int(min(now-m.beat, int64(m.full)))*beatBytes) - n
	m.beat = now
	if m.left < 0 {
		return 0, errTooManyBytes
	}
	return n, err
}

// settle lowers the limit once the first frame is read.
func (m *meter) settle() {
	m.full = laterBytes
	m.left = min(m.left, m.full)
}

// metered has an upgrade take the connection over with a meter around it.
type metered struct {
	http.ResponseWriter
	hub   *Hub
	meter *meter
}

// Unwrap gives the wrapped writer to http.ResponseController.
func (m *metered) Unwrap() http.ResponseWriter { return m.ResponseWriter }

// Hijack is http.Hijacker's.
func (m *metered) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffers, err := http.NewResponseController(m.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	m.meter = &meter{Conn: conn, hub: m.hub, left: firstBytes, full: firstBytes, beat: m.hub.beats.Load()}
	return m.meter, buffers, nil
}
