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

func TestThreat_30_WhoSaysNothingHasFiveSecondsAndNotMore(t *testing.T) {
	w := newWorld(t)
	p := w.enter(t)
	p.ws.SetCloseHandler(func(int, string) error { return nil }) // and does not answer the closing either
	w.pass(5*time.Second + live.Beat)
	p.wantClosed(live.CloseUnauthenticated)
	until(t, "it is gone without another beat", func() bool { return w.hub.Connections() == 0 })
}

func TestThreat_30_AClientThatIsRefusedDoesNotStay(t *testing.T) {
	for name, first := range map[string]string{
		"no bearer": `{"type":"auth","token":"made up"}`, "no frame of the contract": `{"type":"auth"}`, "no JSON": `x`, "too long": strings.Repeat("x", 5000),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			p := w.dial(t)
			p.ws.SetCloseHandler(func(int, string) error { return nil })
			p.say(first)
			if _, code := p.closed(); code != live.CloseUnauthenticated && code != live.CloseMalformed {
				t.Errorf("closed with %d", code)
			}
			until(t, "it is gone without a beat", func() bool { return w.hub.Connections() == 0 })
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
			w := newLimitedWorld(t, row.limits, nil)
			w.session("good", "acme", "c-1")
			office := w.dialFrom(t, "203.0.113.7") // came first, and waits for its launch
			office.say(`{"type":"auth","token":"good"}`)
			if f := office.next(); f.Type != "snapshot" {
				t.Fatalf("%+v", f)
			}
			var all []*pod
			for i := range 40 {
				all = append(all, w.dialFrom(t, row.from(i)))
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
				if code := <-codes; code != live.CloseCrowded {
					t.Fatalf("the %d. socket is closed with %d, want %d", i, code, live.CloseCrowded)
				}
			}
			until(t, "no more are open than may", func() bool { return w.hub.Connections() == row.want+1 })
			// Whoever comes during the flood and authenticates is let in, from the same address too.
			w.session("same", "acme", "c-1")
			p := w.dialFrom(t, row.from(1))
			p.say(`{"type":"auth","token":"same"}`)
			if f := p.next(); f.Type != "snapshot" {
				t.Fatalf("%+v", f)
			}
			seq := w.tell("acme", "c-1")
			office.event("c-1", seq)
			p.event("c-1", seq)
		})
	}
}

func TestThreat_30_HandshakesFromOneAddressAreRated(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	w := newLimitedWorld(t, live.Limits{}, ratelimit.New(ratelimit.Limit{PerSecond: 0.1, Burst: 3}, func() time.Time { return now }))
	for i := range 30 { // those that authenticate do not count
		w.open(t, w.session(fmt.Sprint("good ", i), "acme", "c-1"))
	}
	until(t, "all are counted", func() bool { return w.hub.Count() == 30 })
	for range 3 {
		w.dial(t)
	}
	_, res, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(w.server.URL, "http"), http.Header{"Origin": {origin}})
	if err == nil || res == nil || res.StatusCode != http.StatusTooManyRequests || res.Header.Get("Retry-After") != "10" {
		t.Fatalf("%v, %v", err, res)
	}
	wantProblem(t, res, "too_many_requests")
	if n := w.recorded("too_many_requests  127.0.0.1"); n != 1 {
		t.Errorf("recorded %d times", n)
	}
	w.dialFrom(t, "203.0.113.7") // another address
	now = now.Add(10 * time.Second)
	w.dial(t)
}

func TestThreat_30_SocketsOfOneSessionAreCapped(t *testing.T) {
	w := newLimitedWorld(t, live.Limits{PerSession: 3}, nil)
	w.session("good", "acme", "c-1")
	var all []*pod
	for range 10 {
		p := w.open(t, "good")
		p.ws.SetCloseHandler(func(int, string) error { return nil })
		all = append(all, p)
	}
	for i, p := range all[:7] {
		if _, code := p.closed(); code != live.CloseReplaced {
			t.Errorf("socket %d is closed with %d, want %d", i, code, live.CloseReplaced)
		}
	}
	until(t, "three are left", func() bool { return w.hub.Count() == 3 && w.hub.Connections() == 3 })
	for _, p := range all[7:] {
		_ = p.ws.Close()
	}
	until(t, "none is left", func() bool { return w.hub.Count() == 0 })
	w.open(t, "good").event("c-1", w.tell("acme", "c-1"))
}

// frame is one as a client sends it: its first byte, and no mask but zeros.
func clientFrame(first byte, payload string) []byte {
	switch {
	case len(payload) < 126:
		return append([]byte{first, 0x80 | byte(len(payload)), 0, 0, 0, 0}, payload...)
	default:
		head := binary.BigEndian.AppendUint16([]byte{first, 0x80 | 126}, uint16(len(payload)))
		return append(append(head, 0, 0, 0, 0), payload...)
	}
}

func TestThreat_30_FramesThatSayNothingCostTheSocket(t *testing.T) {
	const text, continued, ping, pong = 0x81, 0x00, 0x89, 0x8a
	for _, row := range []struct {
		name  string
		first []byte // before the flood
		flood []byte // again and again
		auth  bool
		want  int
	}{
		{"pings", nil, clientFrame(ping, ""), true, live.CloseTooManyFrames},
		{"pings with much in them", nil, clientFrame(ping, strings.Repeat("x", 125)), true, live.CloseTooManyFrames},
		{"pongs that nobody asked for", nil, clientFrame(pong, ""), true, live.CloseTooManyFrames},
		{"pings before the first frame", nil, clientFrame(ping, ""), false, live.CloseTooManyFrames},
		{"pongs before the first frame", nil, clientFrame(pong, "x"), false, live.CloseTooManyFrames},
		{"empty fragments of a first frame", clientFrame(0x01, ""), clientFrame(continued, ""), false, live.CloseTooManyFrames},
		{"fragments of a byte", clientFrame(0x01, "{"), clientFrame(continued, " "), false, live.CloseTooManyFrames},
		{"pings between fragments", clientFrame(0x01, "{"), clientFrame(ping, ""), false, live.CloseTooManyFrames},
		{"tiny data frames", nil, clientFrame(text, ""), true, live.CloseMalformed}, // the first of them is refused as it is
		{"fragments of a second frame", clientFrame(0x01, ""), clientFrame(continued, ""), true, live.CloseMalformed},
		{"one endless frame", clientFrame(0x01, "{"), clientFrame(continued, strings.Repeat("x", 1000)), false, live.CloseMalformed},
		{"frames that are no WebSocket's", nil, clientFrame(0x83, ""), true, websocket.CloseProtocolError},
		{"the same before the first frame", nil, clientFrame(0xf1, ""), false, websocket.CloseProtocolError},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			var p *pod
			if row.auth {
				p = w.open(t, w.session("good", "acme", "c-1"))
			} else {
				p = w.enter(t)
			}
			p.ws.SetCloseHandler(func(int, string) error { return nil })
			ended := make(chan int, 1)
			go func() {
				_, code := p.closed()
				ended <- code
			}()
			raw := p.ws.NetConn()
			_ = raw.SetWriteDeadline(time.Now().Add(patience))
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
				w.pass(6 * time.Second) // a pod's answer is waited for, and nothing beyond it is read
			}
			until(t, "it is gone", func() bool { return w.hub.Connections() == 0 })
		})
	}
}

func TestAPodsOwnFramesAreNeverTooMany(t *testing.T) {
	w := newWorld(t)
	p := w.open(t, w.session("good", "acme", "c-1"))
	go func() {
		for { // answers pings
			if _, err := p.read(); err != nil {
				return
			}
		}
	}()
	for range 200 { // 100 minutes
		w.pass(30*time.Second + live.Beat)
		until(t, "the ping is answered", func() bool { return w.hub.Answered() == 1 })
		for range 3 { // some clients ping, too
			if err := p.ws.WriteControl(websocket.PingMessage, []byte(strings.Repeat("x", 125)), time.Now().Add(patience)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestThreat_31_SocketsThatAreRefusedAreRecorded(t *testing.T) {
	const from = "198.51.100.9"
	for _, row := range []struct {
		name string
		do   func(*world, *pod)
		want string
	}{
		{"a bearer that is none", func(_ *world, p *pod) { p.say(`{"type":"auth","token":"made up"}`) }, "session_invalid  " + from},
		{"a frame that is none", func(_ *world, p *pod) { p.say(`hello`) }, "socket_refused  " + from},
		{"a frame that is too long", func(_ *world, p *pod) { p.say(strings.Repeat("x", 5000)) }, "socket_refused  " + from},
		{"nothing for five seconds", func(w *world, _ *pod) { w.pass(5*time.Second + live.Beat) }, "socket_refused  " + from},
		{"a flood", func(_ *world, p *pod) {
			_, _ = p.ws.NetConn().Write([]byte(strings.Repeat(string(clientFrame(0x89, "")), 2000)))
		}, "socket_frames  " + from},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			p := w.dialFrom(t, from)
			until(t, "it has entered", func() bool { return w.hub.Connections() == 1 })
			row.do(w, p)
			until(t, "it is recorded", func() bool { return w.recorded(row.want) == 1 })
		})
	}
	w := newWorld(t)
	_, res, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(w.server.URL, "http"), http.Header{"Origin": {"https://evil.example"}, "Test-Address": {from}})
	if err == nil || res.StatusCode != http.StatusForbidden || w.recorded("origin_not_allowed  "+from) != 1 {
		t.Errorf("a foreign page: %v, recorded %v", err, w.security)
	}
}

// Five hundred technicians behind one address lose their network and are back all at once, while somebody on the same
// address holds open all the sockets that may wait there.
func TestThreat_30_AnOfficeComesBackDuringAFlood(t *testing.T) {
	const technicians, office = 500, "203.0.113.7"
	handshakes := ratelimit.New(ratelimit.Limit{PerSecond: 100, Burst: 2000}, time.Now)
	w := newLimitedWorld(t, live.Limits{WaitingPerAddress: 1024, Waiting: 4096, PerSession: 8}, handshakes)
	for i := range technicians {
		w.session(fmt.Sprint(i), "acme", fmt.Sprint("c-", i))
	}
	for range 1024 {
		w.dialFrom(t, office)
	}
	until(t, "the flood waits", func() bool { return w.hub.Connections() == 1024 })
	var all sync.WaitGroup
	pods := make([]*pod, technicians)
	for i := range technicians {
		all.Go(func() {
			p := w.dialFrom(t, office)
			p.say(fmt.Sprintf(`{"type":"auth","token":"%d"}`, i))
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
		p.event(fmt.Sprint("c-", i), w.tell("acme", fmt.Sprint("c-", i)))
	}
}

func TestThreat_30_ManyAddressesLeaveNothingBehind(t *testing.T) {
	w := newLimitedWorld(t, live.Limits{WaitingPerAddress: 2, Waiting: 50}, nil)
	for i := range 500 {
		w.dialFrom(t, fmt.Sprintf("2001:db8:%x::1", i))
	}
	until(t, "they are capped", func() bool { return w.hub.Connections() == 50 })
	until(t, "all are gone", func() bool {
		w.pass(time.Second) // the last of them may have entered after the first beat
		return w.hub.Connections() == 0
	})
	if all, addresses := w.hub.Waiting(); all != 0 || addresses != 0 {
		t.Errorf("%d sockets of %d addresses are remembered", all, addresses)
	}
}

// An attacker who resets its connections leaves nothing either.
func TestThreat_30_SocketsThatBreakOffAreForgotten(t *testing.T) {
	w := newLimitedWorld(t, live.Limits{WaitingPerAddress: 100, Waiting: 100}, nil)
	for range 20 {
		p := w.dial(t)
		if tcp, ok := p.ws.NetConn().(*net.TCPConn); !ok || tcp.SetLinger(0) != nil {
			t.Fatal("no TCP")
		}
		_ = p.ws.Close()
	}
	until(t, "all are gone", func() bool {
		all, addresses := w.hub.Waiting()
		return w.hub.Connections() == 0 && all == 0 && addresses == 0
	})
}

func TestEndedSessionsLoseTheirSocketsAtOnce(t *testing.T) {
	for _, row := range []struct {
		name string
		tell func(*world)
	}{
		{"by a notification, without a beat", func(w *world) { w.endsHeard("acme") }},
		{"when the notification is lost, within half a second", func(w *world) { w.pass(500 * time.Millisecond) }},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			ended, other, foreign := w.open(t, w.session("a", "acme", "c-1")), w.open(t, w.session("b", "acme", "c-1")), w.open(t, w.session("c", "zenith", "c-1"))
			ended.ws.SetCloseHandler(func(int, string) error { return nil }) // whether or not it answers
			w.end("acme", "a")
			row.tell(w)
			ended.wantClosed(live.CloseRevoked)
			until(t, "it is gone", func() bool { return w.hub.Connections() == 2 })
			other.event("c-1", w.tell("acme", "c-1"))
			foreign.event("c-1", w.tell("zenith", "c-1"))
			w.pass(3 * time.Second)
			w.mu.Lock()
			defer w.mu.Unlock()
			if n := strings.Count(strings.Join(w.forgotten, ","), "sessions of acme"); n != 1 && n != 2 { // the poll may find what was told
				t.Errorf("sessions are read anew %d times", n)
			}
		})
	}
}

func TestASessionThatEndsWhileItsSocketIsLetInGetsNone(t *testing.T) {
	w := newWorld(t)
	w.session("a", "acme", "c-1")
	hold := make(chan struct{})
	w.mu.Lock()
	w.authenticating = hold
	w.mu.Unlock()
	p := w.dial(t)
	p.say(`{"type":"auth","token":"a"}`)
	<-w.held // the bearer was found good
	w.end("acme", "a")
	w.endsHeard("acme")
	until(t, "the hub has looked for sockets", func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return len(w.forgotten) == 1
	})
	close(hold)
	p.wantClosed(live.CloseRevoked)
}

func TestEndedSessionsAreAskedForAgainWhenTheStoreWasDown(t *testing.T) {
	for _, broken := range []string{"EndedSince", "OpenSessions"} {
		w := newWorld(t)
		p := w.open(t, w.session("a", "acme", "c-1"))
		w.breakDown(broken, errors.New("down"))
		w.end("acme", "a")
		w.pass(2*time.Second + live.Beat) // one more, so that the last one that asks has been seen to
		until(t, "no poll is under way", func() bool { return !w.hub.Polling() })
		w.breakDown(broken, nil)
		w.pass(time.Second)
		p.wantClosed(live.CloseRevoked)
	}
}
