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
	maxFrame   = 4 << 10 // of what a pod may say: a bearer takes a few hundred bytes
	readLimit  = 1 << 20 // beyond it gorilla ends the connection by itself
	maxQueue   = 32      // frames on their way to a pod
	writeLimit = 10 * time.Second

	lastWordTime = time.Second            // for a closing that is not waited for, to be written
	lingerTime   = 500 * time.Millisecond // and for its client to read it, while what it still sends is thrown away
	lingerBytes  = 1 << 20
)

// conn is one pod's connection. One goroutine reads; another writes while the queue holds anything.
type conn struct {
	hub   *Hub
	ws    *websocket.Conn
	meter *meter
	place int          // on the hub's wheel
	heard atomic.Int64 // the beat of the last sign of life

	looking atomic.Bool // somebody is about to look at its session

	address netip.Addr // of the client
	waiter  *waiter    // nil once authenticated; the hub's lock guards it

	// Guarded by the hub's lock until set, and then for good: nil until authenticated.
	session *verify.Session
	tenant  *tenant
	left    bool

	mu      sync.Mutex
	queue   []frame
	writing bool
	code    int       // of its closing; 0 while it is open
	final   bool      // the closing's answer is not waited for
	seen    []int64   // by the contact's place on the desk: the last event sent; nil until greeted
	rules   string    // that it was told of last
	until   time.Time // the bearer ends
}

type frame struct {
	kind int
	data []byte
}

func newConn(h *Hub, ws *websocket.Conn, m *meter, address netip.Addr) *conn {
	c := &conn{hub: h, ws: ws, meter: m, address: address}
	c.heard.Store(h.beats.Load())
	ws.SetReadLimit(readLimit)
	ws.SetPongHandler(func(string) error {
		c.heard.Store(h.beats.Load())
		return nil
	})
	return c
}

// read takes the first frame and then waits for the end. It keeps to a small stack, which an idle
// pod holds: what is to be done with the frame is done elsewhere.
func (c *conn) read() {
	defer c.end()
	first, err := c.readFirst()
	switch {
	case errors.Is(err, errTooManyBytes):
		c.flooded()
		return
	case err != nil:
		if isProtocolError(err) {
			c.hub.record(securitylog.CodeSocketFrames, "", c.address)
		}
		return
	case first == nil:
		c.hub.record(securitylog.CodeSocketRefused, "", c.address)
		c.lastWord(CloseMalformed)
		return
	}
	c.meter.settle()
	c.hub.expect(c, false)
	c.hub.doors.add(func() { c.hub.admit(c, first) })
	// A pod has nothing more to say. If it does it is closed, and read on only until it has answered that.
	for {
		if _, _, err := c.ws.NextReader(); err != nil {
			if errors.Is(err, errTooManyBytes) {
				c.flooded()
			} else if isProtocolError(err) {
				c.hub.record(securitylog.CodeSocketFrames, c.hub.tenantOf(c), c.address)
			}
			return
		}
		c.close(CloseMalformed)
	}
}

// isProtocolError tells whether a client has sent what is no WebSocket: the library has answered that, with 1002.
func isProtocolError(err error) bool {
	var closed *websocket.CloseError
	var broken net.Error
	return !errors.As(err, &closed) && !errors.As(err, &broken) && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, net.ErrClosed)
}

// flooded ends a connection whose client sends more than a pod has to say.
func (c *conn) flooded() {
	c.hub.record(securitylog.CodeSocketFrames, c.hub.tenantOf(c), c.address)
	c.lastWord(CloseTooManyFrames)
}

// lastWord writes the closing from the reader itself, and gives the client a moment to read it: a connection that is closed while
// data comes in is reset, and the client would not learn why. The first code holds.
func (c *conn) lastWord(code int) {
	c.mu.Lock()
	if c.code == 0 {
		c.code = code
	}
	code, c.queue = c.code, nil
	c.mu.Unlock()
	err := c.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reasons[code]), time.Now().Add(lastWordTime))
	if err != nil && !errors.Is(err, websocket.ErrCloseSent) {
		return
	}
	raw := c.meter.Conn
	if half, ok := raw.(*net.TCPConn); !ok || half.CloseWrite() != nil {
		return
	}
	if raw.SetReadDeadline(time.Now().Add(lingerTime)) == nil {
		_, _ = io.CopyN(io.Discard, raw, lingerBytes) // ends with the client, the time or the bytes
	}
}

// readFirst gives nil for a frame that is none of the contract's.
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

// end lets go of everything.
func (c *conn) end() {
	c.mu.Lock()
	if c.code == 0 {
		c.code = websocket.CloseNoStatusReceived // nobody is there to be told
	}
	c.queue = nil
	c.mu.Unlock()
	c.cut()
	c.hub.leave(c)
}

// cut ends the connection without a word. The reader notices.
func (c *conn) cut() { _ = c.ws.Close() } // it was broken or closed before: cut all the same

// push queues a frame. A pod whose queue is full is closed, never waited for.
func (c *conn) push(f frame) {
	c.mu.Lock()
	slow := c.append(f)
	c.mu.Unlock()
	if slow {
		c.close(CloseSlow)
	}
}

// append queues a frame under the lock, or tells that the pod is too slow for it.
func (c *conn) append(f frame) (slow bool) {
	if c.code != 0 {
		return false
	}
	if len(c.queue) == maxQueue {
		return true
	}
	c.queue = append(c.queue, f)
	c.wake()
	return false
}

// wake sees to it, under the lock, that somebody writes.
func (c *conn) wake() {
	if !c.writing {
		c.writing = true
		c.hub.alive.Go(c.write)
	}
}

// close says goodbye with a code, in place of all that still waits to be written; the first code holds.
func (c *conn) close(code int) {
	c.mu.Lock()
	if c.code != 0 {
		c.mu.Unlock()
		return
	}
	c.code = code
	c.queue = []frame{{websocket.CloseMessage, websocket.FormatCloseMessage(code, reasons[code])}}
	c.wake()
	c.mu.Unlock()
	c.hub.expect(c, true) // the pod's own goodbye
}

// expire closes the connection with a code and does not wait for the answer: a client that may not stay can't prolong its stay by
// saying nothing. It is false for one that is being closed already: if the answer was waited for, it is cut off now.
func (c *conn) expire(code int) bool {
	c.mu.Lock()
	closing, final := c.code != 0, c.final
	c.final = true
	c.mu.Unlock()
	if closing {
		if !final {
			c.cut()
		}
		return false
	}
	c.close(code)
	return true
}

// write empties the queue and is gone.
func (c *conn) write() {
	for {
		f, more := c.next()
		if !more {
			return
		}
		if err := c.send(f); err != nil {
			c.cut()
			return // writing stays true: nobody tries again
		}
		if f.kind == websocket.CloseMessage && c.isFinal() {
			c.cut()
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

// send writes one frame. A socket's deadline is in real time, whatever the clock of the hub says.
func (c *conn) send(f frame) error {
	late := time.Now().Add(c.hub.writeTimeout)
	if c.isFinal() {
		late = time.Now().Add(lastWordTime)
	}
	if f.kind != websocket.TextMessage {
		return c.ws.WriteControl(f.kind, f.data, late)
	}
	if err := c.ws.SetWriteDeadline(late); err != nil {
		return err
	}
	return c.ws.WriteMessage(f.kind, f.data)
}
