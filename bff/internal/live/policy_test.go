package live_test

import (
	"slices"
	"testing"
	"time"
)

func TestAPolicyChangeReachesThePodsOfItsTenantOnly(t *testing.T) {
	h := newHarness(t)
	p, z := h.open(t, h.session("good", "acme", "c-1")), h.open(t, h.session("other", "zenith", "c-1"))
	h.notify("acme", "", h.editPolicy("acme"))
	p.wantPolicy("1.0")
	z.wantEvent("c-1", h.publishEvent("zenith", "c-1"))
	h.mu.Lock()
	defer h.mu.Unlock()
	if !slices.Equal(h.forgotten, []string{"acme"}) {
		t.Errorf("the cached policies of %v were discarded", h.forgotten)
	}
}

func TestPollingFindsAPolicyChangeWithoutNotification(t *testing.T) {
	h := newHarness(t)
	p := h.open(t, h.session("good", "acme", "c-1"))
	h.editPolicy("acme")
	h.passTime(16 * time.Second)
	p.wantPolicy("1.0")
}

func TestAPodThatShowsAnotherPolicyGetsASnapshot(t *testing.T) {
	for _, row := range []struct {
		name, policy, want string
	}{
		{"its policy is current", `,"policy":"2.0"`, "event"},
		{"its policy is stale", `,"policy":"1.0"`, "snapshot"},
		{"it names no policy", ``, "event"},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := newHarness(t)
			h.session("good", "acme", "c-1")
			h.editPolicy("acme")
			h.editPolicy("acme")
			h.appendEvent("acme", "c-1")
			p := h.dial(t)
			p.send(`{"type":"auth","token":"good","since":1` + row.policy + `}`)
			if got := p.next(); got.Type != row.want {
				t.Errorf("got %+v, want %s", got, row.want)
			}
		})
	}
}

func TestAPolicyChangeDuringTheHandshakeReachesThePod(t *testing.T) {
	h := newHarness(t)
	h.session("good", "acme", "c-1")
	h.open(t, h.session("first", "acme", "c-1")) // the tenant is subscribed already
	h.mu.Lock()
	h.hold = make(chan struct{})
	h.mu.Unlock()
	p := h.dial(t)
	p.send(`{"type":"auth","token":"good"}`)
	<-h.held // it has read its pod under the old policy
	seq := h.editPolicy("acme")
	h.notify("acme", "", seq)
	until(t, "the change is seen", func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		return len(h.forgotten) > 0
	})
	h.mu.Lock()
	close(h.hold)
	h.hold = nil
	h.mu.Unlock()
	if got := p.next(); got.Type != "snapshot" {
		t.Fatalf("the first frame is %+v, want a snapshot", got)
	}
	p.wantPolicy("1.0")
}

// wantPolicy checks that the next frame is a policy frame of that version.
func (p *client) wantPolicy(version string) {
	p.tb.Helper()
	if got := p.next(); got.Type != "policy" || got.Policy != version {
		p.tb.Fatalf("the next frame is %+v, want the policy %s", got, version)
	}
}
