package verify_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/policy"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// TestServiceKeepsToItsModel does what people, carriers and time may do, in any order, and holds every
// verdict and reading against a model that a reader can check by eye.
func TestServiceKeepsToItsModel(t *testing.T) {
	h := newHarness(t)
	tenants := 0
	rapid.Check(t, func(t *rapid.T) {
		tenants++
		m := newModel(t, h, fmt.Sprintf("tenant-%d", tenants))
		t.Repeat(map[string]func(*rapid.T){
			"send":       m.send,
			"send again": m.sendAgain,
			"attempt":    m.attempt,
			"guess":      m.guess,
			"guess more": m.guess,
			"validate":   m.validate,
			"deny":       m.deny,
			"unlock":     m.unlock,
			"cancel":     m.cancel,
			"report":     m.report,
			"wait":       m.wait,
			"sleep":      m.sleep,
			"":           m.check,
		})
	})
}

// model is what the service should do, in a few plain variables.
type model struct {
	h             *harness
	ticketContext verify.TicketContext
	policy        policy.Policy
	failures      int // of Dana, the only contact
	denied        bool
	all           []*asked
	channels      map[string]*face
}

// asked is a verification.
type asked struct {
	id, channel, secret string
	request             verify.Request
	at, ends            time.Time
	tries, max          int // max 0: a link
	outcome             verify.Outcome
	over                time.Time // when it ended; zero while nothing has ended it
	late                bool      // denied after its end
}

// face is a channel: what was asked of it last, and which verdict stands.
type face struct {
	last   *asked
	red    *asked // denied, and no success since
	green  *asked // verified, and no denial or failure since
	greens time.Time
}

func newModel(t *rapid.T, h *harness, tenant string) *model {
	m := &model{h: h, ticketContext: ticketContext(), policy: policy.Default(), channels: map[string]*face{"mobile": {}, "second": {}, "mail": {}}}
	h.t = t
	m.ticketContext.Tenant = tenant
	storetest.Unbounded(&m.policy)
	m.policy.TriesPerCode = rapid.IntRange(1, 3).Draw(t, "tries")
	m.policy.FailuresBeforeLock = rapid.IntRange(3, 5).Draw(t, "failures before lock")
	m.policy.ResendCooldown = 10 * time.Second
	m.policy.CodeValidity, m.policy.LinkValidity, m.policy.VerifiedFor = 60*time.Second, 80*time.Second, 120*time.Second
	h.tenant(tenant, func(p *policy.Policy) { *p = m.policy })
	return m
}

func (m *model) now() time.Time { return m.h.clock.Now() }

func (m *model) open(v *asked) bool { return v.outcome == verify.Open && m.now().Before(v.ends) }

// over is the refusal of a verification that is not open, or is out of tries.
func (m *model) over(v *asked) verify.Code {
	switch {
	case v.outcome == verify.Verified, v.outcome == verify.Failed && v.max > 0 && v.tries == v.max:
		return verify.CodeAlreadyUsed
	case v.outcome != verify.Open:
		return verify.CodeVerificationEnded
	case !m.now().Before(v.ends):
		return verify.CodeExpired
	}
	return ""
}

func (m *model) end(v *asked, outcome verify.Outcome) {
	v.outcome, v.over = outcome, m.now()
	switch f := m.channels[v.channel]; outcome {
	case verify.Verified:
		f.green, f.greens, f.red = v, m.now().Add(m.policy.VerifiedFor), nil
		m.failures = 0
	case verify.Denied:
		f.red, f.green = v, nil
	case verify.Failed:
		f.green = nil
	}
}

// any draws one of the verifications there were, the later the likelier.
func (m *model) any(t *rapid.T, link bool) *asked {
	var some []*asked
	for i := len(m.all) - 1; i >= 0; i-- {
		if !link || m.all[i].max == 0 {
			some = append(some, m.all[i])
		}
	}
	if len(some) == 0 {
		t.Skip("nothing was asked yet")
	}
	return rapid.SampledFrom(some[:min(len(some), 4)]).Draw(t, "verification")
}

func (m *model) send(t *rapid.T) {
	r := m.h.keyed(rapid.SampledFrom([]verify.Request{
		code("dana", "mobile"), code("dana", "second"), link("dana", "mail"),
		{Contact: "dana", Channel: "mobile", Method: channel.SMSLink},
	}).Draw(t, "request"))
	f, want := m.channels[r.Channel], verify.Code("")
	switch {
	case m.denied:
		want = verify.CodeLocked
	case r.Method.ByCode() && m.failures >= m.policy.FailuresBeforeLock:
		want = verify.CodeLocked
	case f.last != nil && m.now().Before(f.last.at.Add(m.policy.ResendCooldown)):
		want = verify.CodeCooldown
	}
	got, err := m.h.Send(ctx, m.ticketContext, r)
	wantCode(t, err, want)
	if err != nil || want != "" {
		return
	}
	if f.last != nil && m.open(f.last) {
		m.end(f.last, verify.Superseded)
	}
	v := &asked{id: got.Verification, channel: r.Channel, secret: m.h.secret(got), request: r, at: m.now(), ends: m.now().Add(m.policy.LinkValidity)}
	if r.Method.ByCode() {
		v.max, v.ends = m.policy.TriesPerCode, m.now().Add(m.policy.CodeValidity)
	}
	f.last, m.all = v, append(m.all, v)
	m.h.wantAsReadOf(m.ticketContext.Tenant, got)
}

func (m *model) sendAgain(t *rapid.T) {
	v := m.any(t, false)
	got, err := m.h.Send(ctx, m.ticketContext, v.request)
	if err != nil || got.Verification != v.id {
		t.Fatalf("the key of %s gives %s (%v)", v.id, got.Verification, err)
	}
}

func (m *model) attempt(t *rapid.T) {
	v := m.any(t, false)
	if v.max == 0 {
		m.try(t, v, "123456", verify.CodeInvalid)
		return
	}
	want := m.spend(v)
	if want == "" {
		m.end(v, verify.Verified)
	}
	m.try(t, v, v.secret, want)
}

func (m *model) guess(t *rapid.T) {
	v := m.any(t, false)
	if v.max == 0 {
		t.Skip("a link has no code")
	}
	want := m.spend(v)
	if want == "" {
		want = verify.CodeWrongCode
		switch {
		case m.failures == m.policy.FailuresBeforeLock:
			want = verify.CodeLocked
			m.end(v, verify.Failed)
		case v.tries == v.max:
			want = verify.CodeAlreadyUsed
			m.end(v, verify.Failed)
		}
	}
	m.try(t, v, wrong(v.secret), want)
}

// spend counts a try, or says why there is none.
func (m *model) spend(v *asked) verify.Code {
	if refusal := m.over(v); refusal != "" {
		return refusal
	}
	if m.failures == m.policy.FailuresBeforeLock {
		return verify.CodeLocked
	}
	v.tries++
	m.failures++
	return ""
}

func (m *model) try(t *rapid.T, v *asked, typed string, want verify.Code) {
	d := m.ticketContext
	d.Technician.ID = rapid.SampledFrom([]string{"ana", "ben", "kim"}).Draw(t, "technician")
	got, err := m.h.CheckCode(ctx, d, v.id, typed)
	wantCode(t, err, want)
	if err == nil {
		m.h.wantAsReadOf(m.ticketContext.Tenant, got)
	}
}

func (m *model) validate(t *rapid.T) {
	v := m.any(t, true)
	want := m.over(v)
	if want == "" {
		m.end(v, verify.Verified)
	}
	got, err := m.h.Validate(ctx, v.secret, "")
	wantCode(t, err, want)
	m.wantOutcome(t, v, got.Outcome)
}

func (m *model) deny(t *rapid.T) {
	v := m.any(t, true)
	want := m.over(v)
	over := v.over
	if over.IsZero() {
		over = v.ends
	}
	late := want != "" && v.outcome != verify.Denied && m.now().Before(over.Add(verify.DenialWindow))
	if want == "" || late {
		want = ""
		for _, other := range m.all {
			if other != v && m.open(other) {
				m.end(other, verify.Failed)
			}
		}
		if v.late = late; late && v.outcome == verify.Open {
			v.late = false // nothing had ended it: the denial is its one end
		}
		m.end(v, verify.Denied)
		m.denied = true
	}
	got, err := m.h.Deny(ctx, v.secret)
	wantCode(t, err, want)
	m.wantOutcome(t, v, got.Outcome)
}

func (m *model) unlock(t *rapid.T) {
	if !m.denied && rapid.IntRange(0, 3).Draw(t, "patience") > 0 {
		t.Skip("admins are seldom asked")
	}
	was, err := m.h.Unlock(ctx, administrator{Tenant: m.ticketContext.Tenant, Actor: admin.Actor{Kind: verify.ActorAPIKey, ID: "noor"}}, "dana")
	if want := (admin.UnlockResult{Failures: m.failures, Denied: m.denied}); err != nil || was != want {
		t.Fatalf("cleared %+v (%v), want %+v", was, err, want)
	}
	m.failures, m.denied = 0, false
}

func (m *model) cancel(t *rapid.T) {
	v := m.any(t, false)
	want := m.over(v)
	if want == "" {
		m.end(v, verify.Cancelled)
	}
	got, err := m.h.Cancel(ctx, m.ticketContext, v.id)
	wantCode(t, err, want)
	if err == nil {
		m.h.wantAsReadOf(m.ticketContext.Tenant, got)
	}
}

func (m *model) report(t *rapid.T) {
	v := m.any(t, false)
	kind := rapid.SampledFrom([]verify.EventKind{
		verify.EventDelayed, verify.EventIndeterminate, verify.EventSent, verify.EventDelivered, verify.EventFailed,
	}).Draw(t, "report")
	if kind == verify.EventFailed && m.open(v) {
		m.end(v, verify.Failed)
	}
	if err := m.h.RecordReport(ctx, m.ticketContext.Tenant, v.id, verify.Report{Kind: kind, Reason: verify.ReasonUndelivered}); err != nil {
		t.Fatal(err)
	}
}

func (m *model) wait(t *rapid.T) {
	m.h.clock.advance(time.Duration(rapid.IntRange(1, 45).Draw(t, "seconds")) * time.Second)
}

// sleep lets most of a day go by, so that late denials come too late as well.
func (m *model) sleep(t *rapid.T) {
	if rapid.IntRange(0, 3).Draw(t, "nights") > 0 {
		t.Skip("most of it happens by day")
	}
	m.h.clock.advance(13 * time.Hour)
}

// check holds what is read against the model.
func (m *model) check(t *rapid.T) {
	r, err := m.h.ContactState(ctx, m.ticketContext.Tenant, "dana")
	if err != nil {
		t.Fatal(err)
	}
	for channel, f := range m.channels {
		state, by := m.state(f)
		got := r.Shields[channel]
		if f.last == nil {
			if got.State != "" {
				t.Fatalf("%s: nothing happened, and yet %+v", channel, got)
			}
			continue
		}
		if got.State != state || by != nil && got.Verification != by.id {
			t.Fatalf("%s: read %+v, want %s by %+v", channel, got, state, by)
		}
		if state == verify.ShieldPending && got.TriesLeft != f.last.max-f.last.tries {
			t.Fatalf("%s: %d tries left, want %d", channel, got.TriesLeft, f.last.max-f.last.tries)
		}
		if state == verify.ShieldVerified && !got.Until.Equal(f.greens) {
			t.Fatalf("%s: green until %v, want %v", channel, got.Until, f.greens)
		}
	}
	if r.Denied != m.denied {
		t.Fatalf("reads as locked by a denial: %t, want %t", r.Denied, m.denied)
	}
	if n := m.h.failures(m.ticketContext.Tenant, "dana"); n != m.failures {
		t.Fatalf("%d failures, want %d", n, m.failures)
	}
	m.checkEvents(t)
}

// state is what the channel's shield should say, and by which verification.
func (m *model) state(f *face) (verify.State, *asked) {
	green := f.green != nil && m.now().Before(f.greens)
	switch {
	case f.last == nil:
		return verify.ShieldUnverified, nil
	case m.open(f.last):
		return verify.ShieldPending, f.last
	case f.red != nil:
		return verify.ShieldDenied, f.red
	case f.last.outcome == verify.Failed:
		return verify.ShieldFailed, f.last
	case green:
		return verify.ShieldVerified, f.green
	}
	return verify.ShieldUnverified, nil
}

// checkEvents counts over the whole list: tries never exceed the cap, and nothing ends twice.
func (m *model) checkEvents(t *rapid.T) {
	judged, ends := map[string]int{}, map[string]int{}
	for _, e := range m.h.events(m.ticketContext.Tenant, "dana") {
		switch e.Kind {
		case verify.EventWrongCode:
			judged[e.Verification]++
		case verify.EventVerified:
			judged[e.Verification]++
			ends[e.Verification]++
		case verify.EventDenied, verify.EventFailed, verify.EventCancelled, verify.EventSuperseded:
			ends[e.Verification]++
		}
	}
	for _, v := range m.all {
		want := 0
		if v.outcome != verify.Open {
			want = 1
		}
		if v.late {
			want = 2
		}
		if ends[v.id] != want {
			t.Fatalf("%s has %d ends, want %d (%q)", v.id, ends[v.id], want, v.outcome)
		}
		if v.max > 0 && (judged[v.id] != v.tries || v.tries > v.max) {
			t.Fatalf("%s: %d codes judged, %d tries counted, cap %d", v.id, judged[v.id], v.tries, v.max)
		}
	}
}

func (m *model) wantOutcome(t *rapid.T, v *asked, got verify.Outcome) {
	want := v.outcome
	if want == verify.Open && !m.now().Before(v.ends) {
		want = verify.Expired
	}
	if got != want {
		t.Fatalf("%s: the page would say %q, want %q", v.id, got, want)
	}
}
