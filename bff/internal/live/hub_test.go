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
	h := newHarness(t)
	h.appendEvent("acme", "c-2")
	p := h.dial(t)
	h.session("good", "acme", "c-1", "c-2")
	p.send(`{"type":"auth","token":"good"}`)
	if got := p.next(); got.Type != "snapshot" || len(got.Seqs) != 2 || got.Seqs["c-1"] != 0 || got.Seqs["c-2"] != 1 {
		t.Fatalf("the first frame is %+v, want a snapshot of c-1 at 0 and c-2 at 1", got)
	}
	for range 20 {
		p.wantEvent("c-1", h.publishEvent("acme", "c-1"))
		p.wantEvent("c-2", h.publishEvent("acme", "c-2"))
	}
}

func TestABurstOfChangesIsSentInOrder(t *testing.T) {
	h := newHarness(t)
	p := h.open(t, h.session("good", "acme", "c-1"))
	const last = 2000
	go func() {
		for range last {
			h.publishEvent("acme", "c-1")
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

func TestStaleAndForeignNotificationsSendNothing(t *testing.T) {
	h := newHarness(t)
	h.session("good", "acme", "c-1")
	p := h.open(t, "good")
	p.wantEvent("c-1", h.publishEvent("acme", "c-1"))
	h.notify("acme", "c-1", 1)     // repeated
	h.notify("acme", "c-1", 0)     // without an event
	h.notify("acme", "c-9", 9)     // no pod shows it
	h.notify("acme", "c-1", 1<<60) // exceeds the store
	p.wantEvent("c-1", h.publishEvent("acme", "c-1"))
}

func TestAPodThatResumesGetsTheMissedUpdates(t *testing.T) {
	one, two := testFrame{Type: "event", Contact: "c-1", Seq: 4}, testFrame{Type: "event", Contact: "c-2", Seq: 5}
	rows := []struct {
		name     string
		contacts []string
		since    int64
		want     []testFrame // before the next change
	}{
		{"nothing is new", []string{"c-2"}, 5, nil},
		{"one contact is new", []string{"c-1", "c-2"}, 4, []testFrame{two}},
		{"both are new", []string{"c-1", "c-2"}, 3, []testFrame{one, two}},
		{"all is new", []string{"c-1", "c-2"}, 0, []testFrame{one, two}},
		{"a contact without events is not new", []string{"c-1", "c-3"}, 0, []testFrame{one}},
		{"a pod ahead of the store gets a snapshot", []string{"c-1", "c-2"}, 5, []testFrame{{Type: "snapshot"}}},
		{"a pod far ahead of the store gets a snapshot", []string{"c-2"}, 1 << 60, []testFrame{{Type: "snapshot"}}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			h := newHarness(t)
			h.session("good", "acme", row.contacts...)
			for range 4 {
				h.appendEvent("acme", "c-1")
			}
			h.appendEvent("acme", "c-2")
			p := h.dial(t)
			p.send(fmt.Sprintf(`{"type":"auth","token":"good","since":%d}`, row.since))
			for _, want := range row.want {
				if got := p.next(); got.Type != want.Type || got.Contact != want.Contact || got.Seq != want.Seq {
					t.Fatalf("got %+v, want %+v", got, want)
				}
			}
			until(t, "the pod is in", func() bool { return h.subscriptionCount() == 1 })
			p.wantEvent(row.contacts[0], h.publishEvent("acme", row.contacts[0]))
		})
	}
}

func TestAPodThatResumesAfterManyChangesGetsASnapshot(t *testing.T) {
	h := newHarness(t)
	var contacts []string
	for i := range 17 {
		contacts = append(contacts, fmt.Sprintf("c-%d", i))
		h.appendEvent("acme", contacts[i])
	}
	h.session("good", "acme", contacts...)
	p := h.dial(t)
	p.send(`{"type":"auth","token":"good","since":0}`)
	if got := p.next(); got.Type != "snapshot" || len(got.Seqs) != 17 {
		t.Fatalf("got %+v, want one snapshot of all", got)
	}
}

func TestAnEventDuringTheHandshakeIsNotLost(t *testing.T) {
	h := newHarness(t)
	h.session("a", "acme", "c-1")
	h.session("b", "acme", "c-1")
	first := h.open(t, "a")

	release := h.holdReads()
	second := h.dial(t)
	second.send(`{"type":"auth","token":"b"}`)
	<-h.held // the second pod's contacts are read, with nothing in them
	seq := h.appendEvent("acme", "c-1")
	h.mu.Lock()
	h.hold = nil
	h.mu.Unlock()
	h.notify("acme", "c-1", seq)
	first.wantEvent("c-1", seq) // sent to all synced pods; the second is not synced
	release()
	if got := second.next(); got.Type != "snapshot" || got.Seqs["c-1"] != 0 {
		t.Fatalf("got %+v, want the snapshot that was read", got)
	}
	second.wantEvent("c-1", seq)
}

func TestTwoPodsOfOneContactShareTheRead(t *testing.T) {
	h := newHarness(t)
	a, b := h.open(t, h.session("a", "acme", "c-1")), h.open(t, h.session("b", "acme", "c-2", "c-1"))
	for n := int64(1); n <= 10; n++ {
		h.publishEvent("acme", "c-1")
		a.wantEvent("c-1", n)
		b.wantEvent("c-1", n)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.reads > 12 { // a pod that was synced a moment ago may cause one more
		t.Errorf("%d reads for 10 changes, as if each pod had its own", h.reads)
	}
}

func TestNotificationsDuringAReadCauseOneMoreRead(t *testing.T) {
	h := newHarness(t)
	p := h.open(t, h.session("a", "acme", "c-1"))
	release := h.holdReads()
	h.publishEvent("acme", "c-1")
	<-h.held
	for range 100 {
		h.publishEvent("acme", "c-1")
	}
	release()
	p.wantEvent("c-1", 1)
	p.wantEvent("c-1", 101)
	p.wantEvent("c-1", h.publishEvent("acme", "c-1"))
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.reads > 4 { // a pod that was synced a moment ago may cause one more
		t.Errorf("%d reads, want one, one for all notifications meanwhile, and one", h.reads)
	}
}

func TestThreat_07_TenantsGetNoUpdatesOfEachOther(t *testing.T) {
	h := newHarness(t)
	acme, other := h.open(t, h.session("a", "acme", "c-1")), h.open(t, h.session("b", "other", "c-1"))
	other.wantEvent("c-1", h.publishEvent("other", "c-1"))
	other.wantEvent("c-1", h.publishEvent("other", "c-1"))
	acme.wantEvent("c-1", h.publishEvent("acme", "c-1"))
}

func TestPollingFindsChangesWithoutNotification(t *testing.T) {
	h := newHarness(t)
	p := h.open(t, h.session("a", "acme", "c-1", "c-2"))
	for range 3 {
		one, two := h.appendEvent("acme", "c-1"), h.appendEvent("acme", "c-2")
		h.passTime(16 * time.Second)
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

func TestPollingStartsAtTheLastEvent(t *testing.T) {
	h := newHarness(t)
	h.session("a", "acme", "c-1")
	for times := range 2 { // the second time after the tenant had no pods and many events
		for range 100 {
			h.appendEvent("acme", "c-9")
		}
		p := h.open(t, "a")
		h.notify("acme", "", 0)
		until(t, "the store is polled", func() bool {
			h.mu.Lock()
			defer h.mu.Unlock()
			return len(h.changedAfter) > times
		})
		p.wantEvent("c-1", h.publishEvent("acme", "c-1"))
		_ = p.ws.Close()
		until(t, "the pod is gone", func() bool { return h.subscriptionCount() == 0 })
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if want := []int64{100, 201}; !slices.Equal(h.changedAfter, want) {
		t.Errorf("the store was polled for events after %v, want %v", h.changedAfter, want)
	}
}

func TestAGapInNotificationsCausesAPoll(t *testing.T) {
	h := newHarness(t)
	p := h.open(t, h.session("a", "acme", "c-1"))
	seq := h.appendEvent("acme", "c-1")
	h.notify("acme", "", 0)
	p.wantEvent("c-1", seq)
}

func TestASlowReaderIsClosedAndNotWaitedFor(t *testing.T) {
	h := newHarness(t)
	h.hub.SetWriteTimeout(time.Hour) // the full queue closes the connection, not the write time-out
	slow, quick := h.open(t, h.session("a", "acme", "c-1")), h.open(t, h.session("b", "acme", "c-1"))
	h.mu.Lock()
	h.padding = strings.Repeat("x", 512<<10)
	h.mu.Unlock()
	for h.hub.Connections() == 2 && !h.hub.Closing() {
		quick.wantEvent("c-1", h.publishEvent("acme", "c-1"))
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
	quick.wantEvent("c-1", h.publishEvent("acme", "c-1"))
}

func TestAPodThatCannotBeUpdatedIsClosed(t *testing.T) {
	rows := []struct {
		name, broken string
		do           func(*harness)
	}{
		{"the contact can't be read", "Reading", func(h *harness) { h.publishEvent("acme", "c-1") }},
		{"the changes can't be read", "Changed", func(h *harness) { h.passTime(16 * time.Second) }},
		{"an update can't be written", "event", func(h *harness) { h.publishEvent("acme", "c-1") }},
		{"the pod can't be read again", "Pod", func(h *harness) { h.hub.Refresh() }},
		{"a snapshot can't be written", "snapshot", func(h *harness) { h.hub.Refresh() }},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			h := newHarness(t)
			p := h.open(t, h.session("a", "acme", "c-1"))
			h.setFault(row.broken, errUnavailable)
			row.do(h)
			p.wantClosed(live.CloseUnavailable)
			h.setFault(row.broken, nil)
			h.open(t, "a").wantEvent("c-1", h.publishEvent("acme", "c-1"))
		})
	}
}

func TestAHandshakeThatCannotReadIsClosed(t *testing.T) {
	for _, broken := range []string{"Authenticate", "Subscribe", "LastEvent", "Pod", "snapshot"} {
		t.Run(broken, func(t *testing.T) {
			h := newHarness(t)
			h.session("a", "acme", "c-1")
			h.setFault(broken, errUnavailable)
			p := h.dial(t)
			p.send(`{"type":"auth","token":"a"}`)
			p.wantClosed(live.CloseUnavailable)
			h.setFault(broken, nil)
			h.open(t, "a").wantEvent("c-1", h.publishEvent("acme", "c-1"))
		})
	}
}

func TestRefreshSendsSnapshots(t *testing.T) {
	h := newHarness(t)
	a, b := h.open(t, h.session("a", "acme", "c-1")), h.open(t, h.session("b", "other", "c-2"))
	for range 2 {
		h.hub.Refresh()
		for _, p := range []*client{a, b} {
			if got := p.next(); got.Type != "snapshot" {
				t.Fatalf("got %+v, want a snapshot", got)
			}
		}
	}
	a.wantEvent("c-1", h.publishEvent("acme", "c-1"))
}

func TestRefreshNeverRevertsAnUpdate(t *testing.T) {
	h := newHarness(t)
	p := h.open(t, h.session("a", "acme", "c-1"))
	release := h.holdReads()
	h.hub.Refresh()
	<-h.held // it has read before the event
	h.mu.Lock()
	h.hold = nil
	h.mu.Unlock()
	p.wantEvent("c-1", h.publishEvent("acme", "c-1"))
	release()
	if got := p.next(); got.Type != "snapshot" || got.Seqs["c-1"] != 1 {
		t.Fatalf("got %+v, want a snapshot of c-1 at 1", got)
	}
}

func TestCloseTellsEveryPodToReconnect(t *testing.T) {
	h := newHarness(t)
	p, unauthenticated := h.open(t, h.session("a", "acme", "c-1")), h.dialRegistered(t)
	done := make(chan struct{})
	go func() {
		h.hub.Close()
		close(done)
	}()
	p.wantClosed(live.CloseGoingAway)
	unauthenticated.wantClosed(live.CloseGoingAway)
	<-done
	if h.hub.Count() != 0 || h.subscriptionCount() != 0 {
		t.Errorf("%d pods and %d subscriptions are left", h.hub.Count(), h.subscriptionCount())
	}
	res, err := http.Get(h.server.URL)
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
	h := newHarness(t)
	p := h.open(t, h.session("a", "acme", "c-1"))
	_ = p // it never reads, so it never answers the closing
	h.hub.Close()
	if n := h.hub.Count(); n != 0 {
		t.Errorf("%d pods are left", n)
	}
}

func TestAThousandPodsLeaveNoGoroutines(t *testing.T) {
	const pods = 1000
	h := newHarness(t)
	for i := range pods {
		h.session(fmt.Sprint(i), fmt.Sprintf("t-%d", i%10), fmt.Sprintf("c-%d", i/2))
	}
	before := runtime.NumGoroutine()
	var mu sync.Mutex
	var open []*client
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			for i := worker; i < pods; i += 8 {
				p := h.open(t, fmt.Sprint(i))
				mu.Lock()
				open = append(open, p)
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if n := h.hub.Count(); n != pods {
		t.Errorf("%d pods are counted, want %d", n, pods)
	}
	until(t, "an idle pod has one goroutine", func() bool { return runtime.NumGoroutine() <= before+pods+2 })
	for i, p := range open {
		if i%2 == 0 {
			_ = p.ws.Close() // without a close frame
			continue
		}
		p.send("goodbye") // closed by the hub
		p.wantClosed(live.CloseMalformed)
		_ = p.ws.Close()
	}
	until(t, "all goroutines have ended", func() bool {
		return h.hub.Count() == 0 && h.subscriptionCount() == 0 && runtime.NumGoroutine() <= before+2
	})
}
