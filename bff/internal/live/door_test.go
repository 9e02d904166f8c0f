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

func TestRow23OnlyOurPageOpensASocket(t *testing.T) {
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
	w := newWorld(t)
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			for i := range row.origin {
				row.origin[i] = strings.Replace(row.origin[i], "{host}", w.server.Listener.Addr().String(), 1)
			}
			ws, res, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(w.server.URL, "http"), http.Header{"Origin": row.origin})
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

func TestWhatIsNoHandshakeIsRefused(t *testing.T) {
	w := newWorld(t)
	res, err := http.Get(w.server.URL)
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
		{"a session that has ended", websocket.TextMessage, `{"type":"auth","token":"ended"}`, live.CloseSessionOver},
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
	w := newWorld(t)
	w.session("ended", "acme")
	w.advance(9 * time.Hour)
	w.session("good", "acme", "c-1")
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			p := w.dial(t)
			if err := p.ws.WriteMessage(row.kind, []byte(row.say)); err != nil {
				t.Fatal(err)
			}
			p.wantClosed(row.want)
		})
	}
	until(t, "nobody is left", func() bool { return w.hub.Count() == 0 && w.listening() == 0 })
}

func TestAFrameBeyondAllMeasureIsRefused(t *testing.T) {
	w := newWorld(t)
	p := w.dial(t)
	p.say(strings.Repeat("x", 1<<19))
	p.wantClosed(live.CloseMalformed)
}

func TestASecondFrameIsRefused(t *testing.T) {
	w := newWorld(t)
	p := w.open(t, w.session("good", "acme", "c-1"))
	p.say(`{"type":"auth","token":"good"}`)
	p.wantClosed(live.CloseMalformed)
}

func TestTheFirstFrameHasFiveSeconds(t *testing.T) {
	w := newWorld(t)
	w.session("good", "acme", "c-1")
	silent, late := w.enter(t), w.enter(t)
	w.pass(5 * time.Second)
	late.say(`{"type":"auth","token":"good"}`)
	if got := late.next(); got.Type != "snapshot" {
		t.Fatalf("just in time it gets %+v, want a snapshot", got)
	}
	w.pass(1 * time.Second)
	silent.wantClosed(live.CloseUnauthenticated)
	w.pass(10 * time.Second)
	late.event("c-1", w.tell("acme", "c-1"))
}

func TestAPodThatDoesNotAnswerTheClosingIsCutOff(t *testing.T) {
	w := newWorld(t)
	p := w.open(t, w.session("good", "acme", "c-1"))
	p.ws.SetCloseHandler(func(int, string) error { return nil })
	p.say("a second frame")
	p.wantClosed(live.CloseMalformed)
	until(t, "its answer is expected", func() bool { return w.hub.Expected() == 1 })
	w.pass(5 * time.Second)
	if n := w.hub.Connections(); n != 1 {
		t.Fatalf("%d connections are left while there is time, want 1", n)
	}
	w.pass(2 * time.Second)
	until(t, "it is cut off", func() bool { return w.hub.Connections() == 0 })
}

func TestASlowStoreIsNotAskedTwiceForOneSession(t *testing.T) {
	w := newWorld(t)
	w.renewing = make(chan struct{})
	release := sync.OnceFunc(func() { close(w.renewing) })
	t.Cleanup(release)
	slow, other := w.open(t, w.session("a", "acme", "c-1")), w.open(t, w.session("b", "acme", "c-1"))
	for range 3 {
		w.pass(30*time.Second + live.Beat)
		seq := w.tell("acme", "c-1")
		slow.event("c-1", seq)
		other.event("c-1", seq)
	}
	release()
	until(t, "both were looked at", func() bool { return w.hub.Looking() == 0 })
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.renewals != 2 {
		t.Errorf("the store was asked %d times, want once for each pod", w.renewals)
	}
}

func TestTheBearerIsRenewedInTime(t *testing.T) {
	w := newWorld(t)
	p := w.open(t, w.session("good", "acme", "c-1"))
	w.advance(7*time.Minute - time.Second)
	w.pass(30*time.Second + live.Beat)    // one more, so that the ping stands before the event
	p.event("c-1", w.tell("acme", "c-1")) // no bearer before it: it is too early
	until(t, "the ping is answered", func() bool { return w.hub.Answered() == 1 })
	w.advance(time.Second)
	w.pass(30*time.Second + live.Beat)
	if got := p.next(); got.Type != "session" || got.Token != "renewed s_good" {
		t.Fatalf("the next frame is %+v, want a renewed bearer", got)
	}
	until(t, "the ping is answered", func() bool { return w.hub.Answered() == 1 })
	w.pass(30*time.Second + live.Beat)
	p.event("c-1", w.tell("acme", "c-1")) // and no second one
}

func TestSessionsEnd(t *testing.T) {
	rows := []struct {
		name   string
		after  time.Duration
		renews error
		want   int
	}{
		{"when their time is over", 8 * time.Hour, nil, live.CloseSessionOver},
		{"when the door says so", 0, &verify.Error{Code: verify.CodeSessionEnded}, live.CloseSessionOver},
		{"when revoked", 0, &verify.Error{Code: verify.CodeNotFound}, live.CloseRevoked},
		{"for now, when it can't be told", 0, errDown, live.CloseUnavailable},
		{"for now, when the fault is ours", 0, errors.New("a bug"), live.CloseUnavailable},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			p := w.open(t, w.session("good", "acme", "c-1"))
			w.advance(row.after)
			if row.renews != nil {
				w.breakDown("Renew", row.renews)
			}
			w.pass(31 * time.Second)
			p.wantClosed(row.want)
		})
	}
}

func TestPingsFindSilentPods(t *testing.T) {
	w := newWorld(t)
	awake, asleep := w.open(t, w.session("a", "acme", "c-1")), w.open(t, w.session("b", "acme", "c-1"))
	asleep.ws.SetPingHandler(func(string) error { return nil })
	ended := make(chan int)
	go func() {
		_, code := asleep.closed()
		ended <- code
	}()
	go func() { _, _ = awake.read() }()
	for range 3 {
		w.pass(30*time.Second + live.Beat)
		until(t, "the pod that is awake has answered", func() bool { return w.hub.Answered() == 1 })
	}
	if code := <-ended; code != live.CloseSlow {
		t.Errorf("the silent pod is closed with %d, want %d", code, live.CloseSlow)
	}
	until(t, "the pod that answers is the only one left", func() bool { return w.hub.Count() == 1 })
}
