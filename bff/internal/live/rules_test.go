package live_test

import (
	"slices"
	"testing"
	"time"
)

func TestAChangeOfTheRulesReachesThePodsOfItsTenantOnly(t *testing.T) {
	w := newWorld(t)
	p, z := w.open(t, w.session("good", "acme", "c-1")), w.open(t, w.session("other", "zenith", "c-1"))
	w.whisper("acme", "", w.edit("acme"))
	p.ruled("1.0")
	z.event("c-1", w.tell("zenith", "c-1"))
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Equal(w.forgotten, []string{"acme"}) {
		t.Errorf("the rules of %v were forgotten", w.forgotten)
	}
}

func TestAChangeOfTheRulesThatNoWhisperToldIsFoundByTheSlowTick(t *testing.T) {
	w := newWorld(t)
	p := w.open(t, w.session("good", "acme", "c-1"))
	w.edit("acme")
	w.pass(16 * time.Second)
	p.ruled("1.0")
}

func TestAPodThatShowsOtherRulesStartsAnew(t *testing.T) {
	for _, row := range []struct {
		name, policy, want string
	}{
		{"the rules that it shows hold", `,"policy":"2.0"`, "event"},
		{"the rules have changed", `,"policy":"1.0"`, "snapshot"},
		{"it does not ask", ``, "event"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			w.session("good", "acme", "c-1")
			w.edit("acme")
			w.edit("acme")
			w.happen("acme", "c-1")
			p := w.dial(t)
			p.say(`{"type":"auth","token":"good","since":1` + row.policy + `}`)
			if got := p.next(); got.Type != row.want {
				t.Errorf("got %+v, want %s", got, row.want)
			}
		})
	}
}

func TestRulesThatChangeWhileAPodIsLetInReachIt(t *testing.T) {
	w := newWorld(t)
	w.session("good", "acme", "c-1")
	w.open(t, w.session("first", "acme", "c-1")) // somebody listens already
	w.mu.Lock()
	w.hold = make(chan struct{})
	w.mu.Unlock()
	p := w.dial(t)
	p.say(`{"type":"auth","token":"good"}`)
	<-w.held // it has read its pod under the old rules
	seq := w.edit("acme")
	w.whisper("acme", "", seq)
	until(t, "the change is seen", func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return len(w.forgotten) > 0
	})
	w.mu.Lock()
	close(w.hold)
	w.hold = nil
	w.mu.Unlock()
	if got := p.next(); got.Type != "snapshot" {
		t.Fatalf("the first frame is %+v, want a snapshot", got)
	}
	p.ruled("1.0")
}

// ruled takes a frame with the rules of that version.
func (p *pod) ruled(version string) {
	p.tb.Helper()
	if got := p.next(); got.Type != "policy" || got.Rules != version {
		p.tb.Fatalf("the next frame is %+v, want the rules %s", got, version)
	}
}
