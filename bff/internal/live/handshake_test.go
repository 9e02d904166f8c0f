package live_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/shieldpod/shieldpod/bff/internal/live"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

func TestThreat_23_OnlyThePublicOriginOpensASocket(t *testing.T) {
	rows := []struct {
		name   string
		origin []string
		want   int
	}{
		{"our origin opens", []string{origin}, http.StatusSwitchingProtocols},
		{"none is refused", nil, http.StatusForbidden},
		{"an empty one is refused", []string{""}, http.StatusForbidden},
		{"another host is refused", []string{"https://evil.example"}, http.StatusForbidden},
		{"http for https is refused", []string{"http://pod.example"}, http.StatusForbidden},
		{"another port is refused", []string{"https://pod.example:8443"}, http.StatusForbidden},
		{"the default port written out is refused", []string{"https://pod.example:443"}, http.StatusForbidden},
		{"another case is refused", []string{"https://POD.example"}, http.StatusForbidden},
		{"a slash at the end is refused", []string{"https://pod.example/"}, http.StatusForbidden},
		{"a host that begins like ours is refused", []string{"https://pod.example.evil.example"}, http.StatusForbidden},
		{"a sandboxed frame's null is refused", []string{"null"}, http.StatusForbidden},
		{"a second one is refused", []string{origin, "https://evil.example"}, http.StatusForbidden},
		{"ours after another is refused", []string{"https://evil.example", origin}, http.StatusForbidden},
		{"ours twice is refused", []string{origin, origin}, http.StatusForbidden},
		{"two in one header are refused", []string{origin + ", " + origin}, http.StatusForbidden},
		{"the host that was asked is no excuse", []string{"http://{host}"}, http.StatusForbidden},
	}
	h := newHarness(t)
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			for i := range row.origin {
				row.origin[i] = strings.Replace(row.origin[i], "{host}", h.server.Listener.Addr().String(), 1)
			}
			ws, res, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(h.server.URL, "http"), http.Header{"Origin": row.origin})
			if err == nil {
				_ = ws.Close()
			}
			if res == nil || res.StatusCode != row.want {
				t.Fatalf("answered %v (%v), want %d", res, err, row.want)
			}
			if row.want == http.StatusForbidden {
				wantProblem(t, res, "origin_not_allowed")
			}
		})
	}
}

func TestARequestThatIsNoHandshakeIsRefused(t *testing.T) {
	h := newHarness(t)
	res, err := http.Get(h.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusBadRequest {
		t.Errorf("answered %d, want 400", res.StatusCode)
	}
	wantProblem(t, res, "malformed")
}

func wantProblem(t *testing.T, res *http.Response, code string) {
	t.Helper()
	var p struct{ Type, Title, Code, Detail string }
	if err := json.NewDecoder(res.Body).Decode(&p); err != nil || res.Header.Get("Content-Type") != "application/problem+json" {
		t.Fatalf("not a problem: %v, %v", res.Header, err)
	}
	if p.Code != code || p.Type == "" || p.Title == "" || p.Detail == "" {
		t.Errorf("the problem is %+v, want code %s", p, code)
	}
}

func TestFirstFrames(t *testing.T) {
	long := strings.Repeat("x", 5000)
	rows := []struct {
		name string
		kind int
		say  string
		want int
	}{
		{"a bearer that is none", websocket.TextMessage, `{"type":"auth","token":"other"}`, live.CloseUnauthenticated},
		{"a session that has ended", websocket.TextMessage, `{"type":"auth","token":"ended"}`, live.CloseSessionEnded},
		{"no token", websocket.TextMessage, `{"type":"auth"}`, live.CloseMalformed},
		{"an empty token", websocket.TextMessage, `{"type":"auth","token":""}`, live.CloseMalformed},
		{"another type", websocket.TextMessage, `{"type":"subscribe","token":"good"}`, live.CloseMalformed},
		{"no type", websocket.TextMessage, `{"token":"good"}`, live.CloseMalformed},
		{"an unknown field", websocket.TextMessage, `{"type":"auth","token":"good","tenant":"b"}`, live.CloseMalformed},
		{"a since that is no number", websocket.TextMessage, `{"type":"auth","token":"good","since":"1"}`, live.CloseMalformed},
		{"a since before the beginning", websocket.TextMessage, `{"type":"auth","token":"good","since":-1}`, live.CloseMalformed},
		{"a since beyond all numbers", websocket.TextMessage, `{"type":"auth","token":"good","since":9223372036854775808}`, live.CloseMalformed},
		{"more after it", websocket.TextMessage, `{"type":"auth","token":"good"}{}`, live.CloseMalformed},
		{"not JSON", websocket.TextMessage, `auth good`, live.CloseMalformed},
		{"JSON of another kind", websocket.TextMessage, `["auth","good"]`, live.CloseMalformed},
		{"nothing", websocket.TextMessage, ``, live.CloseMalformed},
		{"binary", websocket.BinaryMessage, `{"type":"auth","token":"good"}`, live.CloseMalformed},
		{"too long", websocket.TextMessage, `{"type":"auth","token":"` + long + `"}`, live.CloseMalformed},
	}
	h := newHarness(t)
	h.session("ended", "acme")
	h.advance(9 * time.Hour)
	h.session("good", "acme", "c-1")
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			p := h.dial(t)
			if err := p.ws.WriteMessage(row.kind, []byte(row.say)); err != nil {
				t.Fatal(err)
			}
			p.wantClosed(row.want)
		})
	}
	until(t, "no pod is left", func() bool { return h.hub.Count() == 0 && h.subscriptionCount() == 0 })
}

func TestAFrameOverTheSizeLimitIsRefused(t *testing.T) {
	h := newHarness(t)
	p := h.dial(t)
	p.send(strings.Repeat("x", 1<<19))
	p.wantClosed(live.CloseMalformed)
}

func TestASecondFrameIsRefused(t *testing.T) {
	h := newHarness(t)
	p := h.open(t, h.session("good", "acme", "c-1"))
	p.send(`{"type":"auth","token":"good"}`)
	p.wantClosed(live.CloseMalformed)
}

func TestTheFirstFrameHasFiveSeconds(t *testing.T) {
	h := newHarness(t)
	h.session("good", "acme", "c-1")
	silent, late := h.dialRegistered(t), h.dialRegistered(t)
	h.passTime(5 * time.Second)
	late.send(`{"type":"auth","token":"good"}`)
	if got := late.next(); got.Type != "snapshot" {
		t.Fatalf("before the deadline it gets %+v, want a snapshot", got)
	}
	h.passTime(1 * time.Second)
	silent.wantClosed(live.CloseUnauthenticated)
	h.passTime(10 * time.Second)
	late.wantEvent("c-1", h.publishEvent("acme", "c-1"))
}

func TestAPodThatDoesNotAnswerTheCloseFrameIsAborted(t *testing.T) {
	h := newHarness(t)
	p := h.open(t, h.session("good", "acme", "c-1"))
	p.ws.SetCloseHandler(func(int, string) error { return nil })
	p.send("a second frame")
	p.wantClosed(live.CloseMalformed)
	until(t, "its answer has a deadline", func() bool { return h.hub.Expected() == 1 })
	h.passTime(5 * time.Second)
	if n := h.hub.Connections(); n != 1 {
		t.Fatalf("%d connections are left before the deadline, want 1", n)
	}
	h.passTime(2 * time.Second)
	until(t, "it is aborted", func() bool { return h.hub.Connections() == 0 })
}

func TestASlowStoreGetsOneRequestPerSession(t *testing.T) {
	h := newHarness(t)
	h.renewing = make(chan struct{})
	release := sync.OnceFunc(func() { close(h.renewing) })
	t.Cleanup(release)
	slow, other := h.open(t, h.session("a", "acme", "c-1")), h.open(t, h.session("b", "acme", "c-1"))
	for range 3 {
		h.passTime(30*time.Second + live.Tick)
		seq := h.publishEvent("acme", "c-1")
		slow.wantEvent("c-1", seq)
		other.wantEvent("c-1", seq)
		until(t, "the pings are answered", func() bool { return h.hub.Answered() == 2 })
	}
	release()
	until(t, "both sessions were checked", func() bool { return h.hub.Checking() == 0 })
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.renewals != 2 {
		t.Errorf("the store got %d requests, want one for each pod", h.renewals)
	}
}

func TestTheBearerIsRenewedInTime(t *testing.T) {
	h := newHarness(t)
	p := h.open(t, h.session("good", "acme", "c-1"))
	h.advance(7*time.Minute - time.Second)
	h.passTime(30*time.Second + live.Tick)            // one more tick, so that the ping precedes the event
	p.wantEvent("c-1", h.publishEvent("acme", "c-1")) // no renewed bearer before it: too early
	until(t, "the ping is answered", func() bool { return h.hub.Answered() == 1 })
	h.advance(time.Second)
	h.passTime(30*time.Second + live.Tick)
	if got := p.next(); got.Type != "session" || got.Token != "renewed s_good" {
		t.Fatalf("the next frame is %+v, want a renewed bearer", got)
	}
	until(t, "the ping is answered", func() bool { return h.hub.Answered() == 1 })
	h.passTime(30*time.Second + live.Tick)
	p.wantEvent("c-1", h.publishEvent("acme", "c-1")) // no second renewal
}

func TestSessionsEnd(t *testing.T) {
	rows := []struct {
		name   string
		after  time.Duration
		renews error
		want   int
	}{
		{"when they expire", 8 * time.Hour, nil, live.CloseSessionEnded},
		{"when the authenticator reports it", 0, &verify.Error{Code: verify.CodeSessionEnded}, live.CloseSessionEnded},
		{"when revoked", 0, &verify.Error{Code: verify.CodeNotFound}, live.CloseRevoked},
		{"temporarily, when the store is unavailable", 0, errUnavailable, live.CloseUnavailable},
		{"temporarily, after an internal error", 0, errors.New("a bug"), live.CloseUnavailable},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			h := newHarness(t)
			p := h.open(t, h.session("good", "acme", "c-1"))
			h.advance(row.after)
			if row.renews != nil {
				h.setFault("Renew", row.renews)
			}
			h.passTime(31 * time.Second)
			p.wantClosed(row.want)
		})
	}
}

func TestPingsFindIdlePods(t *testing.T) {
	h := newHarness(t)
	active, silent := h.open(t, h.session("a", "acme", "c-1")), h.open(t, h.session("b", "acme", "c-1"))
	silent.ws.SetPingHandler(func(string) error { return nil })
	ended := make(chan int)
	go func() {
		_, code := silent.closed()
		ended <- code
	}()
	go func() { _, _ = active.read() }()
	for range 3 {
		h.passTime(30*time.Second + live.Tick)
		until(t, "the active pod has answered", func() bool { return h.hub.Answered() == 1 })
	}
	if code := <-ended; code != live.CloseSlow {
		t.Errorf("the silent pod is closed with %d, want %d", code, live.CloseSlow)
	}
	until(t, "the active pod is the only one left", func() bool { return h.hub.Count() == 1 })
}
