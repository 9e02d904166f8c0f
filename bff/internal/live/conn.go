package live

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"github.com/shieldpod/shieldpod/bff/internal/securitylog"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

const (
	maxFrame          = 4 << 10 // bytes that a pod may send in its first frame; a bearer takes a few hundred
	maxMessage        = 1 << 20 // bytes; gorilla closes the connection above it
	maxQueue          = 32      // frames queued for a pod
	frameWriteTimeout = 10 * time.Second

	closeWriteTimeout = time.Second            // to write a close frame whose answer is not awaited
	drainTimeout      = 500 * time.Millisecond // for the client to read that close frame, while its data is discarded
	maxDrainBytes     = 1 << 20
)

// conn is the connection of one pod. One goroutine reads. A second one writes while frames are queued.
type conn struct {
	hub      *Hub
	ws       *websocket.Conn
	meter    *meter
	slot     int          // on the hub's timing wheel
	lastSeen atomic.Int64 // tick of the last pong

	checking atomic.Bool // a check of the session is queued or running

	address netip.Addr    // of the client
	waiting *waitingEntry // nil once authenticated; guarded by the hub's lock

	// nil until authenticated; guarded by the hub's lock until set, then constant.
	session *verify.Session
	tenant  *tenant
	left    bool

	mu             sync.Mutex
	queue          []frame
	writing        bool
	code           int       // close code; 0 while the connection is open
	final          bool      // the answer to the close frame is not awaited
	sentSeqs       []int64   // last event sent, by index of the contact in the session; nil until the initial state is sent
	policyRevision string    // of the last policy sent
	until          time.Time // expiry of the bearer
}

type frame struct {
	kind int
	data []byte
}

func newConn(h *Hub, ws *websocket.Conn, m *meter, address netip.Addr) *conn {
	c := &conn{hub: h, ws: ws, meter: m, address: address}
	c.lastSeen.Store(h.ticks.Load())
	ws.SetReadLimit(maxMessage)
	ws.SetPongHandler(func(string) error {
		c.lastSeen.Store(h.ticks.Load())
		return nil
	})
	return c
}

// read reads the first frame and then waits until the connection ends. An idle pod keeps this stack, so the handshake runs
// in the worker pool.
func (c *conn) read() {
	defer c.teardown()
	first, err := c.readFirst()
	switch {
	case errors.Is(err, errTooManyBytes):
		c.closeFlooded()
		return
	case err != nil:
		if isProtocolError(err) {
			c.hub.record(securitylog.CodeSocketFrames, "", c.address)
		}
		return
	case first == nil:
		c.hub.record(securitylog.CodeSocketRefused, "", c.address)
		c.closeAndDrain(CloseMalformed)
		return
	}
	c.meter.lowerLimit()
	c.hub.setDeadline(c, false)
	c.hub.authPool.add(func() { c.hub.handshake(c, first) })
	// A pod sends no second frame. If it does, it is closed and read until it has answered the close frame.
	for {
		if _, _, err := c.ws.NextReader(); err != nil {
			if errors.Is(err, errTooManyBytes) {
				c.closeFlooded()
			} else if isProtocolError(err) {
				c.hub.record(securitylog.CodeSocketFrames, c.hub.tenantOf(c), c.address)
			}
			return
		}
		c.close(CloseMalformed)
	}
}

// isProtocolError reports whether a client has violated the WebSocket protocol. The library has then closed with 1002.
func isProtocolError(err error) bool {
	var closed *websocket.CloseError
	var broken net.Error
	return !errors.As(err, &closed) && !errors.As(err, &broken) && !errors.Is(err, io.EOF) &&
		!errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, net.ErrClosed)
}

// closeFlooded closes a connection whose client exceeds its byte limit.
func (c *conn) closeFlooded() {
	c.hub.record(securitylog.CodeSocketFrames, c.hub.tenantOf(c), c.address)
	c.closeAndDrain(CloseTooManyFrames)
}

// closeAndDrain writes the close frame from the reading goroutine and discards incoming data for a moment. TCP resets a
// connection that is closed while data arrives, and the client would not get the close code. An earlier code wins.
func (c *conn) closeAndDrain(code int) {
	c.mu.Lock()
	if c.code == 0 {
		c.code = code
	}
	code, c.queue = c.code, nil
	c.mu.Unlock()
	err := c.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reasons[code]), time.Now().Add(closeWriteTimeout))
	if err != nil && !errors.Is(err, websocket.ErrCloseSent) {
		return
	}
	raw := c.meter.Conn
	if half, ok := raw.(*net.TCPConn); !ok || half.CloseWrite() != nil {
		return
	}
	if raw.SetReadDeadline(time.Now().Add(drainTimeout)) == nil {
		_, _ = io.CopyN(io.Discard, raw, maxDrainBytes) // ends with the connection, at the deadline or at the limit
	}
}

// readFirst returns nil for a frame that is not text or is too long.
func (c *conn) readFirst() ([]byte, error) {
	kind, r, err := c.ws.NextReader()
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(r, maxFrame+1))
	if err != nil || kind != websocket.TextMessage || len(data) > maxFrame {
		return nil, err
	}
	return data, nil
}

// teardown closes the connection and unregisters it.
func (c *conn) teardown() {
	c.mu.Lock()
	if c.code == 0 {
		c.code = websocket.CloseNoStatusReceived // the client is gone
	}
	c.queue = nil
	c.mu.Unlock()
	c.abort()
	c.hub.unregister(c)
}

// abort closes the connection without a close frame. The reader gets an error.
func (c *conn) abort() { _ = c.ws.Close() } // fails only when the connection is already closed

// push queues a frame. It closes a pod whose queue is full and never blocks.
func (c *conn) push(f frame) {
	c.mu.Lock()
	slow := c.append(f)
	c.mu.Unlock()
	if slow {
		c.close(CloseSlow)
	}
}

// append queues a frame, or reports that the queue is full. The caller holds the lock.
func (c *conn) append(f frame) (slow bool) {
	if c.code != 0 {
		return false
	}
	if len(c.queue) == maxQueue {
		return true
	}
	c.queue = append(c.queue, f)
	c.startWriter()
	return false
}

// startWriter starts a writer unless one is running. The caller holds the lock.
func (c *conn) startWriter() {
	if !c.writing {
		c.writing = true
		c.hub.running.Go(c.write)
	}
}

// close sends a close frame in place of all queued frames. An earlier code wins.
func (c *conn) close(code int) {
	c.mu.Lock()
	if c.code != 0 {
		c.mu.Unlock()
		return
	}
	c.code = code
	c.queue = []frame{{websocket.CloseMessage, websocket.FormatCloseMessage(code, reasons[code])}}
	c.startWriter()
	c.mu.Unlock()
	c.hub.setDeadline(c, true) // for the pod's close frame
}

// closeNow sends a close frame and does not wait for the answer, so that a client without access can't keep the connection
// by staying silent. It returns false for a connection that is already closing, and aborts it if its answer was awaited.
func (c *conn) closeNow(code int) bool {
	c.mu.Lock()
	closing, final := c.code != 0, c.final
	c.final = true
	c.mu.Unlock()
	if closing {
		if !final {
			c.abort()
		}
		return false
	}
	c.close(code)
	return true
}

// write writes all queued frames and returns.
func (c *conn) write() {
	for {
		f, more := c.next()
		if !more {
			return
		}
		if err := c.send(f); err != nil {
			c.abort()
			return // writing stays true, so no new writer starts
		}
		if f.kind == websocket.CloseMessage && c.isFinal() {
			c.abort()
			return
		}
	}
}

func (c *conn) isFinal() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.final
}

func (c *conn) next() (frame, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) == 0 {
		c.queue, c.writing = nil, false
		return frame{}, false
	}
	f := c.queue[0]
	c.queue = c.queue[1:]
	return f, true
}

// send writes one frame. Socket deadlines use real time, not the clock of the hub.
func (c *conn) send(f frame) error {
	deadline := time.Now().Add(c.hub.writeTimeout)
	if c.isFinal() {
		deadline = time.Now().Add(closeWriteTimeout)
	}
	if f.kind != websocket.TextMessage {
		return c.ws.WriteControl(f.kind, f.data, deadline)
	}
	if err := c.ws.SetWriteDeadline(deadline); err != nil {
		return err
	}
	return c.ws.WriteMessage(f.kind, f.data)
}
