package verify_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/policy"
	"github.com/shieldpod/shieldpod/bff/internal/quota"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/webhook"
)

// crowd is a desk with n contacts, whose numbers are all different.
func crowd(n int) verify.TicketContext {
	d := ticketContext()
	for i := range n {
		d.Contacts = append(d.Contacts, verify.Contact{ID: fmt.Sprint("c", i), Name: "Somebody", Channels: []verify.Channel{
			{ID: "mobile", Kind: channel.Phone, Value: fmt.Sprintf("+1415555%04d", 6000+i), Capability: channel.Mobile},
			{ID: "mail", Kind: channel.Email, Value: fmt.Sprintf("c%d@contoso.com", i)},
		}})
	}
	return d
}

// texts sends a code to one of the crowd.
func (h *harness) text(d verify.TicketContext, i int) error {
	_, err := h.Send(ctx, d, h.keyed(verify.Request{Contact: fmt.Sprint("c", i), Channel: "mobile", Method: channel.SMSCode, Note: "Approved"}))
	return err
}

// reached is the quota that refused; empty if none did.
func reached(t *testing.T, err error) string {
	t.Helper()
	var refusal *verify.Error
	if err == nil {
		return ""
	}
	if !errors.As(err, &refusal) || refusal.Code != verify.CodeQuotaExceeded || refusal.Quota == nil {
		t.Fatalf("refused by %v", err)
	}
	return refusal.Quota.Name
}

// outgoing is what the carriers are asked to send.
func (h *harness) outgoing(tenant string) int {
	h.t.Helper()
	changed, err := h.store.Changed(ctx, tenant, 0)
	if err != nil {
		h.t.Fatal(err)
	}
	n := 0
	for contact := range changed {
		if contact == "" {
			continue
		}
		for _, e := range h.events(tenant, contact) {
			if e.Kind == verify.EventRequested {
				n++
			}
		}
	}
	return n
}

func TestThreat_18_WhatGoesOutIsTheQuota(t *testing.T) {
	for name, row := range map[string]struct {
		set   func(*quota.Limits)
		frees time.Duration
	}{
		"quota_prefix_hour":       {func(l *quota.Limits) { l.PrefixHour = 5 }, time.Hour},
		"quota_technician_minute": {func(l *quota.Limits) { l.TechnicianMinute = 5 }, time.Minute},
		"quota_technician_hour":   {func(l *quota.Limits) { l.TechnicianHour = 5 }, time.Hour},
		"quota_client_hour":       {func(l *quota.Limits) { l.ClientHour = 5 }, time.Hour},
		"quota_country_hour":      {func(l *quota.Limits) { l.CountryHour = 5 }, time.Hour},
		"quota_tenant_minute":     {func(l *quota.Limits) { l.TenantMinute = 5 }, time.Minute},
		"quota_tenant_day":        {func(l *quota.Limits) { l.TenantDay = 5 }, 24 * time.Hour},
		"quota_tenant_spend_day":  {func(l *quota.Limits) { l.TenantSpendDay, l.Prices = 250, map[string]int64{"*": 50} }, 24 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			h.tenant("acme", func(p *policy.Policy) { row.set(&p.Limits) })
			d, nodes := crowd(52), []*verify.Service{&h.Service, h.other()}
			var mu sync.Mutex
			ended := map[string]int{}
			var together sync.WaitGroup
			for i := range 50 {
				r := h.keyed(verify.Request{Contact: fmt.Sprint("c", i), Channel: "mobile", Method: channel.SMSCode, Note: "Approved"})
				together.Go(func() {
					_, err := nodes[i%2].Send(ctx, d, r)
					mu.Lock()
					defer mu.Unlock()
					ended[reached(t, err)]++
				})
			}
			together.Wait()
			if ended[""] != 5 || ended[name] != 45 || h.outgoing("acme") != 5 {
				t.Errorf("%v; %d went out, want 5", ended, h.outgoing("acme"))
			}
			h.clock.advance(row.frees - time.Millisecond)
			if got := reached(t, h.text(d, 50)); got != name {
				t.Errorf("a moment before it frees, %q refuses", got)
			}
			h.clock.advance(time.Millisecond)
			if err := h.text(d, 51); err != nil {
				t.Errorf("when it frees: %v", err)
			}
		})
	}
}

func TestThreat_18_AClockThatIsSetNeitherEmptiesNorProlongsAWindow(t *testing.T) {
	for _, row := range []struct {
		name string
		step time.Duration
		wait time.Duration // from then until it frees
	}{
		{"back an hour", -time.Hour, time.Hour},
		{"forward half an hour", 30 * time.Minute, 30 * time.Minute},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := newHarness(t)
			h.tenant("acme", func(p *policy.Policy) { p.Limits.ClientHour = 3 })
			d := crowd(9)
			for i := range 3 {
				if err := h.text(d, i); err != nil {
					t.Fatal(err)
				}
			}
			h.clock.advance(row.step)
			h.Forget("")
			if got := reached(t, h.text(d, 3)); got != "quota_client_hour" {
				t.Fatalf("the clock was set %s, and %q refuses", row.name, got)
			}
			h.clock.advance(row.wait - time.Millisecond)
			if got := reached(t, h.text(d, 4)); got != "quota_client_hour" {
				t.Errorf("a moment before it frees, %q refuses", got)
			}
			h.clock.advance(time.Millisecond)
			if err := h.text(d, 5); err != nil {
				t.Errorf("when it frees: %v", err)
			}
		})
	}
}

func TestThreat_19_ADestinationHasItsOwnLimitsAcrossTechniciansAndContacts(t *testing.T) {
	h := newHarness(t)
	h.tenant("acme", func(p *policy.Policy) { p.Limits.DestinationDay = 4 })
	d := crowd(2)
	d.Contacts[3].Channels[0].Value = d.Contacts[2].Channels[0].Value // they share a number
	other := d
	other.Ticket.ID, other.Technician.ID = "t2", "noor"
	if err := h.text(d, 0); err != nil {
		t.Fatal(err)
	}
	wantCode(t, h.text(d, 1), verify.CodeCooldown)
	wantCode(t, h.text(other, 1), verify.CodeCooldown)
	for i := range 3 {
		h.clock.advance(time.Minute)
		if err := h.text([]verify.TicketContext{d, other}[i%2], i%2); err != nil {
			t.Fatal(err)
		}
	}
	h.clock.advance(time.Minute)
	if got := reached(t, h.text(other, 1)); got != "quota_destination_day" || h.outgoing("acme") != 4 {
		t.Errorf("the fifth: %q refuses; %d went out, want 4", got, h.outgoing("acme"))
	}
	h.clock.advance(24*time.Hour - 4*time.Minute)
	if err := h.text(d, 1); err != nil {
		t.Errorf("a day after the first: %v", err)
	}
}

func TestTheTechnicianIsToldWhenLittleIsLeft(t *testing.T) {
	h := newHarness(t)
	h.tenant("acme", func(p *policy.Policy) { p.Limits.TechnicianHour = 10 })
	d := crowd(10)
	for i := range 10 {
		r, err := h.Send(ctx, d, h.keyed(verify.Request{Contact: fmt.Sprint("c", i), Channel: "mail", Method: channel.EmailLink, Note: "Approved"}))
		if err != nil {
			t.Fatal(err)
		}
		if told := len(r.Warnings) == 1 && r.Warnings[0].Name == "quota_technician_hour" && r.Warnings[0].Used == int64(i+1); told != (i >= 7) {
			t.Errorf("send %d is warned of by %+v", i+1, r.Warnings)
		}
	}
}

func TestThreat_18_TextsThatDoNotComeBackPauseTheirBlockOfNumbers(t *testing.T) {
	h := withWebhook(t, pumping(time.Hour))
	d := crowd(40)
	for i := range 19 {
		if err := h.text(d, i); err != nil {
			t.Fatalf("text %d: %v", i+1, err)
		}
	}
	proof := h.send(d, verify.Request{Contact: "c19", Channel: "mobile", Method: channel.SMSCode, Note: "Approved"})
	if got := reached(t, h.text(d, 20)); got != "pumping" {
		t.Fatalf("after twenty of which none came back, %q refuses", got)
	}
	if _, err := h.Send(ctx, d, h.keyed(verify.Request{Contact: "c20", Channel: "mail", Method: channel.EmailLink, Note: "Approved"})); err != nil {
		t.Errorf("an e-mail meanwhile: %v", err)
	}
	elsewhere := d
	elsewhere.Contacts[2].Channels[0].Value = "+14155577777"
	h.clock.advance(2 * time.Minute)
	if err := h.text(elsewhere, 0); err != nil {
		t.Errorf("another block of numbers meanwhile: %v", err)
	}
	want := webhook.Data{Prefix: "+1415555••••", Sent: 20, Until: opening.Add(time.Hour)}
	if told := h.told(); len(told) != 1 || told[0].Type != webhook.PrefixPaused || told[0].Data != want {
		t.Errorf("the webhook is told %+v, want %+v", told, want)
	}
	// When enough come back, the next twenty are let through again.
	for range 3 {
		if _, err := h.CheckCode(ctx, d, proof.Verification, h.secret(proof)); err != nil {
			t.Fatal(err)
		}
		h.clock.advance(time.Hour)
		proof = h.send(d, verify.Request{Contact: "c19", Channel: "mobile", Method: channel.SMSCode, Note: "Approved"})
	}
	if err := h.text(d, 21); err != nil {
		t.Errorf("with enough of them back: %v", err)
	}
}

func TestThreat_18_APauseEnds(t *testing.T) {
	for _, row := range []struct {
		name string
		does func(*harness)
		wait time.Duration // from then until texts go out again
	}{
		{"when its time is over", func(*harness) {}, time.Hour},
		{"no later when the clock is set back", func(h *harness) { h.clock.advance(-30 * time.Minute) }, time.Hour},
		{"sooner when the policy says so", func(h *harness) { h.tenant("acme", pumping(5*time.Minute)) }, 5 * time.Minute},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := newHarness(t)
			h.tenant("acme", pumping(time.Hour))
			d := crowd(25)
			for i := range 20 {
				if err := h.text(d, i); err != nil {
					t.Fatal(err)
				}
			}
			row.does(h)
			for _, wait := range []time.Duration{0, row.wait - time.Millisecond} {
				h.clock.advance(wait)
				h.Forget("")
				if got := reached(t, h.text(d, 21)); got != "pumping" {
					t.Fatalf("%s after, %q refuses", wait, got)
				}
			}
			h.clock.advance(time.Millisecond)
			if err := h.text(d, 22); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestThreat_18_TheAlarmThatIsSwitchedOffEndsItsPauses(t *testing.T) {
	h := newHarness(t)
	h.tenant("acme", pumping(time.Hour))
	d := crowd(25)
	for i := range 20 {
		if err := h.text(d, i); err != nil {
			t.Fatal(err)
		}
	}
	h.tenant("acme", nil) // a floor of none
	if err := h.text(d, 21); err != nil {
		t.Error(err)
	}
}

// pumping has the alarm pause a block of numbers when of 20 texts fewer than a tenth come back.
func pumping(pause time.Duration) func(*policy.Policy) {
	return func(p *policy.Policy) {
		p.Limits.PumpingFloor, p.Limits.PumpingSample, p.Limits.PumpingPause = 10, 20, pause
	}
}

func TestThreat_09_WhatWasChangedIsMarkedInEventHistoryAndNote(t *testing.T) {
	h := newHarness(t)
	flag := func(tc verify.TicketContext) verify.TicketContext {
		d, channels, err := h.FlagChangedChannels(ctx, tc)
		if err == nil {
			_, err = h.store.OpenSession(ctx, verify.NewSession{Session: verify.Session{ID: fmt.Sprint("s", h.clock.Now().Unix()), Context: d}, Channels: channels})
		}
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	flag(ticketContext())
	h.clock.advance(48 * time.Hour)
	swapped := ticketContext()
	swapped.Contacts[0].Channels[0].Value = "+14155550666"
	d := flag(swapped)
	sent := h.send(d, code("dana", "mobile"))
	if e := h.events("acme", "dana")[0]; !e.Changed {
		t.Error("the event does not tell that the number was changed")
	}
	h.Forget("")
	pod, err := h.Pod(ctx, d)
	if err != nil {
		t.Fatal(err)
	}
	entry := pod.Contacts["dana"].Entries[0]
	const mind = "Mind: the ticket system had changed this address or number shortly before."
	if note := verify.Note("Dana Reyes", entry, time.UTC); !entry.Changed || entry.Verification != sent.Verification || !strings.Contains(note, mind) {
		t.Errorf("the history has %+v; the note %q", entry, note)
	}
	h.tenant("acme", func(p *policy.Policy) { p.ChangedChannels = policy.ChangeRefuse })
	h.clock.advance(time.Minute)
	_, err = h.Send(ctx, d, h.keyed(code("dana", "mobile")))
	wantCode(t, err, verify.CodeMethodNotAllowed)
	if _, err := h.Send(ctx, d, h.keyed(link("dana", "mail"))); err != nil {
		t.Errorf("what was not changed: %v", err)
	}
}

func TestThreat_10_ATechnicianCannotVerifyThemselves(t *testing.T) {
	h := newHarness(t)
	d := ticketContext()
	d.Contacts[0].Channels = append(d.Contacts[0].Channels, verify.Channel{ID: "own", Kind: channel.Email, Value: "ANA@acme.example"})
	for _, r := range []verify.Request{code("dana", "mobile"), link("dana", "mail"), link("dana", "own")} {
		_, err := h.Send(ctx, d, h.keyed(r))
		wantCode(t, err, verify.CodeOwnChannel)
	}
	h.wantKinds("dana")
	h.send(d, verify.Request{Contact: "erik", Channel: "erik-mail", Method: channel.EmailLink, Note: "Approved"})
}

func TestThreat_13_AnAdminsUnlockIsAnEventAndClearsTheCount(t *testing.T) {
	h := newHarness(t)
	h.tenant("acme", func(p *policy.Policy) { p.FailuresBeforeLock, p.TriesPerCode = 3, 3 })
	sent := h.send(ticketContext(), code("dana", "mobile"))
	for range 3 {
		_, _ = h.CheckCode(ctx, ticketContext(), sent.Verification, wrong(h.secret(sent)))
	}
	h.clock.advance(time.Minute)
	_, err := h.Send(ctx, ticketContext(), h.keyed(code("dana", "mobile")))
	wantCode(t, err, verify.CodeLocked)
	for _, want := range []int{3, 0} {
		was, err := h.Unlock(ctx, noor, "dana")
		if n := was.Failures; n != want || err != nil {
			t.Errorf("%+v was cleared (%v), want %d", was, err, want)
		}
	}
	h.wantKinds("dana", verify.EventRequested, verify.EventWrongCode, verify.EventWrongCode, verify.EventWrongCode, verify.EventFailed, verify.EventUnlocked)
	h.send(ticketContext(), code("dana", "mobile"))
}
