package live_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// client is a WebSocket client.
type client struct {
	tb testing.TB
	ws *websocket.Conn
}

func (h *harness) dial(tb testing.TB) *client {
	tb.Helper()
	return h.dialFrom(tb, "")
}

func (h *harness) dialFrom(tb testing.TB, address string) *client {
	tb.Helper()
	header := http.Header{"Origin": {origin}, "Test-Address": {address}}
	ws, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(h.server.URL, "http"), header)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = ws.Close() })
	return &client{tb, ws}
}

// dialRegistered dials, and returns when the hub has registered the connection.
func (h *harness) dialRegistered(tb testing.TB) *client {
	tb.Helper()
	before := h.hub.Connections()
	p := h.dial(tb)
	until(tb, "the connection is registered", func() bool { return h.hub.Connections() > before })
	return p
}

// open dials, authenticates and reads the snapshot.
func (h *harness) open(tb testing.TB, token string) *client {
	tb.Helper()
	p := h.dial(tb)
	p.send(`{"type":"auth","token":"` + token + `"}`)
	if got := p.next(); got.Type != "snapshot" {
		tb.Fatalf("the first frame is %+v, want a snapshot", got)
	}
	return p
}

func (p *client) send(text string) {
	p.tb.Helper()
	if err := p.ws.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		p.tb.Fatal(err)
	}
}

func (p *client) next() testFrame {
	p.tb.Helper()
	f, err := p.read()
	if err != nil {
		p.tb.Fatal(err)
	}
	return f
}

func (p *client) read() (testFrame, error) {
	_ = p.ws.SetReadDeadline(time.Now().Add(testTimeout))
	_, data, err := p.ws.ReadMessage()
	if err != nil {
		return testFrame{}, err
	}
	var f testFrame
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return f, d.Decode(&f)
}

// wantEvent checks that the next frame is this update.
func (p *client) wantEvent(contact string, seq int64) {
	p.tb.Helper()
	if got, want := p.next(), (testFrame{Type: "event", Contact: contact, Seq: seq}); got.Type != want.Type || got.Contact != want.Contact || got.Seq != want.Seq {
		p.tb.Fatalf("the next frame is %+v, want %+v", got, want)
	}
}

// closed reads until the connection ends, and returns the frames and the close code.
func (p *client) closed() ([]testFrame, int) {
	p.tb.Helper()
	var frames []testFrame
	for {
		f, err := p.read()
		if err == nil {
			frames = append(frames, f)
			continue
		}
		var end *websocket.CloseError
		if !errors.As(err, &end) {
			p.tb.Fatalf("the connection ends without a close frame: %v", err)
		}
		return frames, end.Code
	}
}

// wantClosed checks that the connection is closed with the code and without another frame.
func (p *client) wantClosed(code int) {
	p.tb.Helper()
	if frames, got := p.closed(); got != code || len(frames) > 0 {
		p.tb.Fatalf("closed with %d after %+v, want %d at once", got, frames, code)
	}
}

// until waits until ok returns true.
func until(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	again := time.NewTicker(2 * time.Millisecond)
	defer again.Stop()
	timeout := time.After(testTimeout)
	for !ok() {
		select {
		case <-again.C:
		case <-timeout:
			tb.Fatalf("timed out waiting until %s", what)
		}
	}
}
