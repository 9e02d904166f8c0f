package live_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/shieldpod/shieldpod/bff/internal/live"
	"github.com/shieldpod/shieldpod/bff/internal/ratelimit"
)

func TestThreat_30_ASilentSocketIsClosedAfterFiveSeconds(t *testing.T) {
	h := newHarness(t)
	p := h.dialRegistered(t)
	p.ws.SetCloseHandler(func(int, string) error { return nil }) // does not answer the close frame either
	h.passTime(5*time.Second + live.Tick)
	p.wantClosed(live.CloseUnauthenticated)
	until(t, "it is gone without another tick", func() bool { return h.hub.Connections() == 0 })
}

func TestThreat_30_AClientThatIsRefusedDoesNotStay(t *testing.T) {
	for name, first := range map[string]string{
		"no bearer": `{"type":"auth","token":"made up"}`, "no frame of the contract": `{"type":"auth"}`, "no JSON": `x`, "too long": strings.Repeat("x", 5000),
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			p := h.dial(t)
			p.ws.SetCloseHandler(func(int, string) error { return nil })
			p.send(first)
			if _, code := p.closed(); code != live.CloseUnauthenticated && code != live.CloseMalformed {
				t.Errorf("closed with %d", code)
			}
			until(t, "it is gone without a tick", func() bool { return h.hub.Connections() == 0 })
		})
	}
}

func TestThreat_30_SocketsThatWaitAreCapped(t *testing.T) {
	for _, row := range []struct {
		name   string
		limits live.Limits
		from   func(i int) string
		want   int
	}{
		{"of one address", live.Limits{WaitingPerAddress: 5, Waiting: 100}, func(int) string { return "198.51.100.9" }, 5},
		{"of one IPv6 network", live.Limits{WaitingPerAddress: 5, Waiting: 100}, func(i int) string { return fmt.Sprintf("2001:db8::%x", i) }, 5},
		{"of all addresses", live.Limits{WaitingPerAddress: 5, Waiting: 12}, func(i int) string { return fmt.Sprintf("198.51.100.%d", i) }, 12},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := newLimitedHarness(t, row.limits, nil)
			h.session("good", "acme", "c-1")
			office := h.dialFrom(t, "203.0.113.7") // connected before the flood
			office.send(`{"type":"auth","token":"good"}`)
			if f := office.next(); f.Type != "snapshot" {
				t.Fatalf("%+v", f)
			}
			var all []*client
			for i := range 40 {
				all = append(all, h.dialFrom(t, row.from(i)))
			}
			codes := make(chan int, len(all))
			for _, p := range all {
				go func() {
					_, _, err := p.ws.ReadMessage()
					code := 0
					if end := new(websocket.CloseError); errors.As(err, &end) {
						code = end.Code
					}
					codes <- code
				}()
			}
			for i := range 40 - row.want {
				if code := <-codes; code != live.CloseTooManyWaiting {
					t.Fatalf("the %d. socket is closed with %d, want %d", i, code, live.CloseTooManyWaiting)
				}
			}
			until(t, "the limit is met", func() bool { return h.hub.Connections() == row.want+1 })
			// A client that authenticates during the flood gets a snapshot, from the same address too.
			h.session("same", "acme", "c-1")
			p := h.dialFrom(t, row.from(1))
			p.send(`{"type":"auth","token":"same"}`)
			if f := p.next(); f.Type != "snapshot" {
				t.Fatalf("%+v", f)
			}
			seq := h.publishEvent("acme", "c-1")
			office.wantEvent("c-1", seq)
			p.wantEvent("c-1", seq)
		})
	}
}

func TestThreat_30_HandshakesFromOneAddressAreRateLimited(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	h := newLimitedHarness(t, live.Limits{}, ratelimit.New(ratelimit.Limit{PerSecond: 0.1, Burst: 3}, func() time.Time { return now }))
	for i := range 30 { // handshakes that authenticate do not count
		h.open(t, h.session(fmt.Sprint("good ", i), "acme", "c-1"))
	}
	until(t, "all are counted", func() bool { return h.hub.Count() == 30 })
	for range 3 {
		h.dial(t)
	}
	_, res, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(h.server.URL, "http"), http.Header{"Origin": {origin}})
	if err == nil || res == nil || res.StatusCode != http.StatusTooManyRequests || res.Header.Get("Retry-After") != "10" {
		t.Fatalf("%v, %v", err, res)
	}
	wantProblem(t, res, "too_many_requests")
	if n := h.countRecorded("too_many_requests  127.0.0.1"); n != 1 {
		t.Errorf("recorded %d times", n)
	}
	h.dialFrom(t, "203.0.113.7") // another address
	now = now.Add(10 * time.Second)
	h.dial(t)
}

func TestThreat_30_SocketsOfOneSessionAreCapped(t *testing.T) {
	h := newLimitedHarness(t, live.Limits{PerSession: 3}, nil)
	h.session("good", "acme", "c-1")
	var all []*client
	for range 10 {
		p := h.open(t, "good")
		p.ws.SetCloseHandler(func(int, string) error { return nil })
		all = append(all, p)
	}
	for i, p := range all[:7] {
		if _, code := p.closed(); code != live.CloseReplaced {
			t.Errorf("socket %d is closed with %d, want %d", i, code, live.CloseReplaced)
		}
	}
	until(t, "three are left", func() bool { return h.hub.Count() == 3 && h.hub.Connections() == 3 })
	for _, p := range all[7:] {
		_ = p.ws.Close()
	}
	until(t, "none is left", func() bool { return h.hub.Count() == 0 })
	h.open(t, "good").wantEvent("c-1", h.publishEvent("acme", "c-1"))
}

// clientFrame returns a client frame with this first byte and a mask of zeros.
func clientFrame(first byte, payload string) []byte {
	switch {
	case len(payload) < 126:
		return append([]byte{first, 0x80 | byte(len(payload)), 0, 0, 0, 0}, payload...)
	default:
		head := binary.BigEndian.AppendUint16([]byte{first, 0x80 | 126}, uint16(len(payload)))
		return append(append(head, 0, 0, 0, 0), payload...)
	}
}

func TestThreat_30_FramesWithoutContentCloseTheSocket(t *testing.T) {
	const text, continued, ping, pong = 0x81, 0x00, 0x89, 0x8a
	for _, row := range []struct {
		name  string
		first []byte // before the flood
		flood []byte // repeated
		auth  bool
		want  int
	}{
		{"pings", nil, clientFrame(ping, ""), true, live.CloseTooManyFrames},
		{"pings with much in them", nil, clientFrame(ping, strings.Repeat("x", 125)), true, live.CloseTooManyFrames},
		{"pongs without a ping", nil, clientFrame(pong, ""), true, live.CloseTooManyFrames},
		{"pings before the first frame", nil, clientFrame(ping, ""), false, live.CloseTooManyFrames},
		{"pongs before the first frame", nil, clientFrame(pong, "x"), false, live.CloseTooManyFrames},
		{"empty fragments of a first frame", clientFrame(0x01, ""), clientFrame(continued, ""), false, live.CloseTooManyFrames},
		{"fragments of a byte", clientFrame(0x01, "{"), clientFrame(continued, " "), false, live.CloseTooManyFrames},
		{"pings between fragments", clientFrame(0x01, "{"), clientFrame(ping, ""), false, live.CloseTooManyFrames},
		{"tiny data frames", nil, clientFrame(text, ""), true, live.CloseMalformed}, // the first one is refused already
		{"fragments of a second frame", clientFrame(0x01, ""), clientFrame(continued, ""), true, live.CloseMalformed},
		{"one endless frame", clientFrame(0x01, "{"), clientFrame(continued, strings.Repeat("x", 1000)), false, live.CloseMalformed},
		{"frames outside the WebSocket protocol", nil, clientFrame(0x83, ""), true, websocket.CloseProtocolError},
		{"the same before the first frame", nil, clientFrame(0xf1, ""), false, websocket.CloseProtocolError},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := newHarness(t)
			var p *client
			if row.auth {
				p = h.open(t, h.session("good", "acme", "c-1"))
			} else {
				p = h.dialRegistered(t)
			}
			p.ws.SetCloseHandler(func(int, string) error { return nil })
			ended := make(chan int, 1)
			go func() {
				_, code := p.closed()
				ended <- code
			}()
			raw := p.ws.NetConn()
			_ = raw.SetWriteDeadline(time.Now().Add(testTimeout))
			_, err := raw.Write(row.first)
			sent := 0
			for err == nil && len(ended) == 0 && sent < 1<<22 {
				_, err = raw.Write(row.flood)
				sent++
			}
			if code := <-ended; code != row.want {
				t.Errorf("closed with %d after %d frames, want %d", code, sent, row.want)
			}
			if row.want == live.CloseMalformed && row.auth {
				h.passTime(6 * time.Second) // the answer of a pod is awaited for five seconds
			}
			until(t, "it is gone", func() bool { return h.hub.Connections() == 0 })
		})
	}
}

func TestAPodsOwnFramesAreNeverTooMany(t *testing.T) {
	h := newHarness(t)
	p := h.open(t, h.session("good", "acme", "c-1"))
	go func() {
		for { // answers pings
			if _, err := p.read(); err != nil {
				return
			}
		}
	}()
	for range 200 { // 100 minutes
		h.passTime(30*time.Second + live.Tick)
		until(t, "the ping is answered", func() bool { return h.hub.Answered() == 1 })
		for range 3 { // some clients send pings
			if err := p.ws.WriteControl(websocket.PingMessage, []byte(strings.Repeat("x", 125)), time.Now().Add(testTimeout)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestThreat_31_SocketsThatAreRefusedAreRecorded(t *testing.T) {
	const from = "198.51.100.9"
	for _, row := range []struct {
		name string
		do   func(*harness, *client)
		want string
	}{
		{"an invalid bearer", func(_ *harness, p *client) { p.send(`{"type":"auth","token":"made up"}`) }, "session_invalid  " + from},
		{"a malformed frame", func(_ *harness, p *client) { p.send(`hello`) }, "socket_refused  " + from},
		{"a frame that is too long", func(_ *harness, p *client) { p.send(strings.Repeat("x", 5000)) }, "socket_refused  " + from},
		{"no frame for five seconds", func(h *harness, _ *client) { h.passTime(5*time.Second + live.Tick) }, "socket_refused  " + from},
		{"a flood", func(_ *harness, p *client) {
			_, _ = p.ws.NetConn().Write([]byte(strings.Repeat(string(clientFrame(0x89, "")), 2000)))
		}, "socket_frames  " + from},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := newHarness(t)
			p := h.dialFrom(t, from)
			until(t, "it is registered", func() bool { return h.hub.Connections() == 1 })
			row.do(h, p)
			until(t, "it is recorded", func() bool { return h.countRecorded(row.want) == 1 })
		})
	}
	h := newHarness(t)
	_, res, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(h.server.URL, "http"), http.Header{"Origin": {"https://evil.example"}, "Test-Address": {from}})
	if err == nil || res.StatusCode != http.StatusForbidden || h.countRecorded("origin_not_allowed  "+from) != 1 {
		t.Errorf("a foreign page: %v, recorded %v", err, h.security)
	}
}

// Five hundred technicians behind one address lose their network and reconnect at once, while an attacker on the same
// address holds all the waiting sockets that the limit allows.
func TestThreat_30_AnOfficeReconnectsDuringAFlood(t *testing.T) {
	const technicians, office = 500, "203.0.113.7"
	handshakes := ratelimit.New(ratelimit.Limit{PerSecond: 100, Burst: 2000}, time.Now)
	h := newLimitedHarness(t, live.Limits{WaitingPerAddress: 1024, Waiting: 4096, PerSession: 8}, handshakes)
	for i := range technicians {
		h.session(fmt.Sprint(i), "acme", fmt.Sprint("c-", i))
	}
	for range 1024 {
		h.dialFrom(t, office)
	}
	until(t, "the flood is waiting", func() bool { return h.hub.Connections() == 1024 })
	var all sync.WaitGroup
	pods := make([]*client, technicians)
	for i := range technicians {
		all.Go(func() {
			p := h.dialFrom(t, office)
			p.send(fmt.Sprintf(`{"type":"auth","token":"%d"}`, i))
			if f, err := p.read(); err != nil || f.Type != "snapshot" {
				t.Errorf("technician %d gets %+v, %v", i, f, err)
				return
			}
			pods[i] = p
		})
	}
	all.Wait()
	if t.Failed() {
		return
	}
	for i, p := range pods {
		p.wantEvent(fmt.Sprint("c-", i), h.publishEvent("acme", fmt.Sprint("c-", i)))
	}
}

func TestThreat_30_ManyAddressesAreNotRemembered(t *testing.T) {
	h := newLimitedHarness(t, live.Limits{WaitingPerAddress: 2, Waiting: 50}, nil)
	for i := range 500 {
		h.dialFrom(t, fmt.Sprintf("2001:db8:%x::1", i))
	}
	until(t, "they are capped", func() bool { return h.hub.Connections() == 50 })
	until(t, "all are gone", func() bool {
		h.passTime(time.Second) // the last one may have registered after the first tick
		return h.hub.Connections() == 0
	})
	if all, addresses := h.hub.Waiting(); all != 0 || addresses != 0 {
		t.Errorf("%d sockets of %d addresses are remembered", all, addresses)
	}
}

// Connections that are reset are not remembered either.
func TestThreat_30_ResetSocketsAreNotRemembered(t *testing.T) {
	h := newLimitedHarness(t, live.Limits{WaitingPerAddress: 100, Waiting: 100}, nil)
	for range 20 {
		p := h.dial(t)
		if tcp, ok := p.ws.NetConn().(*net.TCPConn); !ok || tcp.SetLinger(0) != nil {
			t.Fatal("no TCP")
		}
		_ = p.ws.Close()
	}
	until(t, "all are gone", func() bool {
		all, addresses := h.hub.Waiting()
		return h.hub.Connections() == 0 && all == 0 && addresses == 0
	})
}

func TestSocketsOfEndedSessionsAreClosed(t *testing.T) {
	for _, row := range []struct {
		name string
		tell func(*harness)
	}{
		{"by a notification, without a tick", func(h *harness) { h.onSessionsEnded("acme") }},
		{"when the notification is lost, within half a second", func(h *harness) { h.passTime(500 * time.Millisecond) }},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := newHarness(t)
			ended, other, foreign := h.open(t, h.session("a", "acme", "c-1")), h.open(t, h.session("b", "acme", "c-1")), h.open(t, h.session("c", "zenith", "c-1"))
			ended.ws.SetCloseHandler(func(int, string) error { return nil }) // it does not answer the close frame
			h.endSession("acme", "a")
			row.tell(h)
			ended.wantClosed(live.CloseRevoked)
			until(t, "it is gone", func() bool { return h.hub.Connections() == 2 })
			other.wantEvent("c-1", h.publishEvent("acme", "c-1"))
			foreign.wantEvent("c-1", h.publishEvent("zenith", "c-1"))
			h.passTime(3 * time.Second)
			h.mu.Lock()
			defer h.mu.Unlock()
			if n := strings.Count(strings.Join(h.forgotten, ","), "sessions of acme"); n != 1 && n != 2 { // the poll may find the same ended session
				t.Errorf("cached sessions are discarded %d times", n)
			}
		})
	}
}

func TestASessionThatEndsDuringTheHandshakeIsClosed(t *testing.T) {
	h := newHarness(t)
	h.session("a", "acme", "c-1")
	hold := make(chan struct{})
	h.mu.Lock()
	h.authenticating = hold
	h.mu.Unlock()
	p := h.dial(t)
	p.send(`{"type":"auth","token":"a"}`)
	<-h.held // the bearer is accepted
	h.endSession("acme", "a")
	h.onSessionsEnded("acme")
	until(t, "the hub has handled the notification", func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		return len(h.forgotten) == 1
	})
	close(hold)
	p.wantClosed(live.CloseRevoked)
}

func TestEndedSessionsArePolledAgainAfterAnOutage(t *testing.T) {
	for _, broken := range []string{"EndedSince", "OpenSessions"} {
		h := newHarness(t)
		p := h.open(t, h.session("a", "acme", "c-1"))
		h.setFault(broken, errors.New("down"))
		h.endSession("acme", "a")
		h.passTime(2*time.Second + live.Tick) // one more tick, so that the last poll has begun
		until(t, "no poll is running", func() bool { return !h.hub.Polling() })
		h.setFault(broken, nil)
		h.passTime(time.Second)
		p.wantClosed(live.CloseRevoked)
	}
}
