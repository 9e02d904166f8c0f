package live_test

import (
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/live"
)

func TestASnapshotFirstThenEachChangeInOrder(t *testing.T) {
	w := newWorld(t)
	w.happen("acme", "c-2")
	p := w.dial(t)
	w.session("good", "acme", "c-1", "c-2")
	p.say(`{"type":"auth","token":"good"}`)
	if got := p.next(); got.Type != "snapshot" || len(got.Seqs) != 2 || got.Seqs["c-1"] != 0 || got.Seqs["c-2"] != 1 {
		t.Fatalf("the first frame is %+v, want a snapshot of c-1 at 0 and c-2 at 1", got)
	}
	for range 20 {
		p.event("c-1", w.tell("acme", "c-1"))
		p.event("c-2", w.tell("acme", "c-2"))
	}
}

func TestARushOfChangesNeverGoesBack(t *testing.T) {
	w := newWorld(t)
	p := w.open(t, w.session("good", "acme", "c-1"))
	const last = 2000
	go func() {
		for range last {
			w.tell("acme", "c-1")
		}
	}()
	for seen := int64(0); seen < last; {
		f := p.next()
		if f.Type != "event" || f.Seq <= seen {
			t.Fatalf("after %d comes %+v", seen, f)
		}
		seen = f.Seq
	}
}

func TestStaleAndForeignWhispersSendNothing(t *testing.T) {
	w := newWorld(t)
	w.session("good", "acme", "c-1")
	p := w.open(t, "good")
	p.event("c-1", w.tell("acme", "c-1"))
	w.whisper("acme", "c-1", 1)     // again
	w.whisper("acme", "c-1", 0)     // nothing
	w.whisper("acme", "c-9", 9)     // nobody shows it
	w.whisper("acme", "c-1", 1<<60) // claims what the store does not know
	p.event("c-1", w.tell("acme", "c-1"))
}

func TestBackWithSinceAPodGetsWhatItMissed(t *testing.T) {
	one, two := told{Type: "event", Contact: "c-1", Seq: 4}, told{Type: "event", Contact: "c-2", Seq: 5}
	rows := []struct {
		name     string
		contacts []string
		since    int64
		want     []told // before the next change
	}{
		{"nothing is new", []string{"c-2"}, 5, nil},
		{"one contact is new", []string{"c-1", "c-2"}, 4, []told{two}},
		{"both are new", []string{"c-1", "c-2"}, 3, []told{one, two}},
		{"all is new", []string{"c-1", "c-2"}, 0, []told{one, two}},
		{"a contact that nothing happened to is not new", []string{"c-1", "c-3"}, 0, []told{one}},
		{"a pod that knows more than is true starts anew", []string{"c-1", "c-2"}, 5, []told{{Type: "snapshot"}}},
		{"so does one that is far ahead", []string{"c-2"}, 1 << 60, []told{{Type: "snapshot"}}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			w.session("good", "acme", row.contacts...)
			for range 4 {
				w.happen("acme", "c-1")
			}
			w.happen("acme", "c-2")
			p := w.dial(t)
			p.say(fmt.Sprintf(`{"type":"auth","token":"good","since":%d}`, row.since))
			for _, want := range row.want {
				if got := p.next(); got.Type != want.Type || got.Contact != want.Contact || got.Seq != want.Seq {
					t.Fatalf("got %+v, want %+v", got, want)
				}
			}
			until(t, "the pod is in", func() bool { return w.listening() == 1 })
			p.event(row.contacts[0], w.tell("acme", row.contacts[0]))
		})
	}
}

func TestBackAfterMuchAPodGetsASnapshot(t *testing.T) {
	w := newWorld(t)
	var contacts []string
	for i := range 17 {
		contacts = append(contacts, fmt.Sprintf("c-%d", i))
		w.happen("acme", contacts[i])
	}
	w.session("good", "acme", contacts...)
	p := w.dial(t)
	p.say(`{"type":"auth","token":"good","since":0}`)
	if got := p.next(); got.Type != "snapshot" || len(got.Seqs) != 17 {
		t.Fatalf("got %+v, want one snapshot of all", got)
	}
}

func TestWhatHappensWhileAPodIsGreetedIsNotLost(t *testing.T) {
	w := newWorld(t)
	w.session("a", "acme", "c-1")
	w.session("b", "acme", "c-1")
	first := w.open(t, "a")

	release := w.holdReads()
	second := w.dial(t)
	second.say(`{"type":"auth","token":"b"}`)
	<-w.held // the second pod's contacts are read, with nothing in them
	seq := w.happen("acme", "c-1")
	w.mu.Lock()
	w.hold = nil
	w.mu.Unlock()
	w.whisper("acme", "c-1", seq)
	first.event("c-1", seq) // told to all who were greeted; the second was not
	release()
	if got := second.next(); got.Type != "snapshot" || got.Seqs["c-1"] != 0 {
		t.Fatalf("got %+v, want the snapshot that was read", got)
	}
	second.event("c-1", seq)
}

func TestTwoPodsOfOneContactShareTheRead(t *testing.T) {
	w := newWorld(t)
	a, b := w.open(t, w.session("a", "acme", "c-1")), w.open(t, w.session("b", "acme", "c-2", "c-1"))
	for n := int64(1); n <= 10; n++ {
		w.tell("acme", "c-1")
		a.event("c-1", n)
		b.event("c-1", n)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.reads > 12 { // a pod that was greeted a moment ago may have one more made
		t.Errorf("%d reads for 10 changes, as if each pod had its own", w.reads)
	}
}

func TestWhispersDuringAReadCostOneMore(t *testing.T) {
	w := newWorld(t)
	p := w.open(t, w.session("a", "acme", "c-1"))
	release := w.holdReads()
	w.tell("acme", "c-1")
	<-w.held
	for range 100 {
		w.tell("acme", "c-1")
	}
	release()
	p.event("c-1", 1)
	p.event("c-1", 101)
	p.event("c-1", w.tell("acme", "c-1"))
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.reads > 4 { // a pod that was greeted a moment ago may have one more made
		t.Errorf("%d reads, want one, one for all that came meanwhile, and one", w.reads)
	}
}

func TestRow7TenantsHearNothingOfEachOther(t *testing.T) {
	w := newWorld(t)
	acme, other := w.open(t, w.session("a", "acme", "c-1")), w.open(t, w.session("b", "other", "c-1"))
	other.event("c-1", w.tell("other", "c-1"))
	other.event("c-1", w.tell("other", "c-1"))
	acme.event("c-1", w.tell("acme", "c-1"))
}

func TestTheSlowTickFindsLostWhispers(t *testing.T) {
	w := newWorld(t)
	p := w.open(t, w.session("a", "acme", "c-1", "c-2"))
	for range 3 {
		one, two := w.happen("acme", "c-1"), w.happen("acme", "c-2")
		w.pass(16 * time.Second)
		got := map[string]int64{}
		for range 2 {
			f := p.next()
			got[f.Contact] = f.Seq
		}
		if got["c-1"] != one || got["c-2"] != two {
			t.Fatalf("got %v, want c-1 at %d and c-2 at %d", got, one, two)
		}
	}
}

func TestTheSlowTickAsksForNothingThatWasThereBefore(t *testing.T) {
	w := newWorld(t)
	w.session("a", "acme", "c-1")
	for times := range 2 { // the second time the tenant has been without pods, and much has happened
		for range 100 {
			w.happen("acme", "c-9")
		}
		p := w.open(t, "a")
		w.whisper("acme", "", 0)
		until(t, "the store is asked", func() bool {
			w.mu.Lock()
			defer w.mu.Unlock()
			return len(w.after) > times
		})
		p.event("c-1", w.tell("acme", "c-1"))
		_ = p.ws.Close()
		until(t, "the pod is gone", func() bool { return w.listening() == 0 })
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if want := []int64{100, 201}; !slices.Equal(w.after, want) {
		t.Errorf("the store was asked for what came after %v, want %v", w.after, want)
	}
}

func TestAfterAGapInTheWhispersTheStoreIsAsked(t *testing.T) {
	w := newWorld(t)
	p := w.open(t, w.session("a", "acme", "c-1"))
	seq := w.happen("acme", "c-1")
	w.whisper("acme", "", 0)
	p.event("c-1", seq)
}

func TestASlowReaderIsClosedAndNotWaitedFor(t *testing.T) {
	w := newWorld(t)
	w.hub.SetWriteTimeout(time.Hour) // the full queue closes the connection here, and not a write that takes too long
	slow, quick := w.open(t, w.session("a", "acme", "c-1")), w.open(t, w.session("b", "acme", "c-1"))
	w.mu.Lock()
	w.padding = strings.Repeat("x", 512<<10)
	w.mu.Unlock()
	for w.hub.Connections() == 2 && !w.hub.Closing() {
		quick.event("c-1", w.tell("acme", "c-1"))
	}
	frames, code := slow.closed()
	if code != live.CloseSlow {
		t.Fatalf("closed with %d, want %d", code, live.CloseSlow)
	}
	for i, f := range frames {
		if f.Seq != int64(i+1) {
			t.Fatalf("frame %d is of %d: what came before the closing has gaps", i, f.Seq)
		}
	}
	quick.event("c-1", w.tell("acme", "c-1"))
}

func TestNothingStaysSilentlyStale(t *testing.T) {
	rows := []struct {
		name, broken string
		do           func(*world)
	}{
		{"the contact can't be read", "Reading", func(w *world) { w.tell("acme", "c-1") }},
		{"the changes can't be read", "Changed", func(w *world) { w.pass(16 * time.Second) }},
		{"an update can't be written", "event", func(w *world) { w.tell("acme", "c-1") }},
		{"the pod can't be read anew", "Pod", func(w *world) { w.hub.Refresh() }},
		{"a snapshot can't be written", "snapshot", func(w *world) { w.hub.Refresh() }},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			p := w.open(t, w.session("a", "acme", "c-1"))
			w.breakDown(row.broken, errDown)
			row.do(w)
			p.wantClosed(live.CloseUnavailable)
			w.breakDown(row.broken, nil)
			w.open(t, "a").event("c-1", w.tell("acme", "c-1"))
		})
	}
}

func TestAPodIsNotLetInBlind(t *testing.T) {
	for _, broken := range []string{"Authenticate", "Listen", "LastEvent", "Pod", "snapshot"} {
		t.Run(broken, func(t *testing.T) {
			w := newWorld(t)
			w.session("a", "acme", "c-1")
			w.breakDown(broken, errDown)
			p := w.dial(t)
			p.say(`{"type":"auth","token":"a"}`)
			p.wantClosed(live.CloseUnavailable)
			w.breakDown(broken, nil)
			w.open(t, "a").event("c-1", w.tell("acme", "c-1"))
		})
	}
}

func TestRefreshShowsEverythingAnew(t *testing.T) {
	w := newWorld(t)
	a, b := w.open(t, w.session("a", "acme", "c-1")), w.open(t, w.session("b", "other", "c-2"))
	for range 2 {
		w.hub.Refresh()
		for _, p := range []*pod{a, b} {
			if got := p.next(); got.Type != "snapshot" {
				t.Fatalf("got %+v, want a snapshot", got)
			}
		}
	}
	a.event("c-1", w.tell("acme", "c-1"))
}

func TestRefreshNeverTakesBackAnUpdate(t *testing.T) {
	w := newWorld(t)
	p := w.open(t, w.session("a", "acme", "c-1"))
	release := w.holdReads()
	w.hub.Refresh()
	<-w.held // it has read, and nothing has happened yet
	w.mu.Lock()
	w.hold = nil
	w.mu.Unlock()
	p.event("c-1", w.tell("acme", "c-1"))
	release()
	if got := p.next(); got.Type != "snapshot" || got.Seqs["c-1"] != 1 {
		t.Fatalf("got %+v, want a snapshot of c-1 at 1", got)
	}
}

func TestCloseSendsEverybodyBack(t *testing.T) {
	w := newWorld(t)
	p, unknown := w.open(t, w.session("a", "acme", "c-1")), w.enter(t)
	done := make(chan struct{})
	go func() {
		w.hub.Close()
		close(done)
	}()
	p.wantClosed(live.CloseAway)
	unknown.wantClosed(live.CloseAway)
	<-done
	if w.hub.Count() != 0 || w.listening() != 0 {
		t.Errorf("%d pods and %d subscriptions are left", w.hub.Count(), w.listening())
	}
	res, err := http.Get(w.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("after Close it answers %d, want 503", res.StatusCode)
	}
	wantProblem(t, res, "unavailable")
}

func TestCloseDoesNotWaitForever(t *testing.T) {
	w := newWorld(t)
	p := w.open(t, w.session("a", "acme", "c-1"))
	_ = p // it never reads, so it never answers the closing
	w.hub.Close()
	if n := w.hub.Count(); n != 0 {
		t.Errorf("%d pods are left", n)
	}
}

func TestAThousandPodsLeaveNothingBehind(t *testing.T) {
	const pods = 1000
	w := newWorld(t)
	for i := range pods {
		w.session(fmt.Sprint(i), fmt.Sprintf("t-%d", i%10), fmt.Sprintf("c-%d", i/2))
	}
	before := runtime.NumGoroutine()
	var mu sync.Mutex
	var open []*pod
	var group sync.WaitGroup
	for hand := range 8 {
		group.Go(func() {
			for i := hand; i < pods; i += 8 {
				p := w.open(t, fmt.Sprint(i))
				mu.Lock()
				open = append(open, p)
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if n := w.hub.Count(); n != pods {
		t.Errorf("%d pods are counted, want %d", n, pods)
	}
	until(t, "an idle pod has one goroutine", func() bool { return runtime.NumGoroutine() <= before+pods+2 })
	for i, p := range open {
		if i%2 == 0 {
			_ = p.ws.Close() // some just vanish
			continue
		}
		p.say("goodbye") // others are told to
		p.wantClosed(live.CloseMalformed)
		_ = p.ws.Close()
	}
	until(t, "all is let go", func() bool {
		return w.hub.Count() == 0 && w.listening() == 0 && runtime.NumGoroutine() <= before+2
	})
}
