package verify_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/policy"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/webhook"
)

// withWebhook gives a harness whose tenant acme has a webhook and locks contacts after three failures.
func withWebhook(t *testing.T, change func(*policy.Policy)) *harness {
	t.Helper()
	h := newHarness(t)
	hook := verify.Webhook{URL: "https://hooks.example/", Secret: make([]byte, 32)}
	if err := storetest.PutTenant(ctx, h.store, verify.Tenant{ID: "acme", Webhook: hook}); err != nil {
		t.Fatal(err)
	}
	storetest.SetPolicy(t, h.store, "acme", "", func(p *policy.Policy) {
		storetest.Unbounded(p)
		p.FailuresBeforeLock, p.TriesPerCode = 3, 3
		if change != nil {
			change(p)
		}
	})
	h.Forget("acme")
	return h
}

// told is what waits to be posted to the webhook, once.
func (h *harness) told() []webhook.Event {
	h.t.Helper()
	alerts, err := h.store.Alerts().Claim(ctx, h.clock.Now(), h.clock.Now().Add(1e18), 99, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	events := make([]webhook.Event, len(alerts))
	for i, a := range alerts {
		if err := json.Unmarshal(a.Body, &events[i]); err != nil || events[i].ID != a.ID {
			h.t.Fatalf("%v in %s", err, a.Body)
		}
	}
	return events
}

// wrongNumber picks a number that the page offers and the technician does not say.
func (h *harness) wrongNumber(d verify.TicketContext, sent verify.Result) {
	h.t.Helper()
	token := h.secret(sent)
	page, err := h.Link(ctx, token)
	if err != nil {
		h.t.Fatal(err)
	}
	pod, err := h.Pod(ctx, d)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, number := range page.Numbers {
		if number != pod.Contacts[sent.Contact].Shields[sent.Channel].Match {
			_, err := h.Validate(ctx, token, number)
			wantCode(h.t, err, verify.CodeWrongCode)
			return
		}
	}
}

func TestAnEndUsersNoIsTold(t *testing.T) {
	h := withWebhook(t, nil)
	sent := h.send(ticketContext(), link("dana", "mail"))
	if _, err := h.Deny(ctx, h.secret(sent)); err != nil {
		t.Fatal(err)
	}
	want := []webhook.Event{{
		ID: "acme-2", Type: webhook.Denied, Tenant: "acme", Seq: 2, At: opening,
		Data: webhook.Data{VerificationID: sent.Verification, ContactID: "dana", TicketID: "t1", TechnicianID: "ana"},
	}}
	if diff := cmp.Diff(want, h.told()); diff != "" {
		t.Error(diff)
	}
}

func TestAVerificationIsTold(t *testing.T) {
	h := withWebhook(t, nil)
	byLink := h.send(ticketContext(), link("dana", "mail"))
	if _, err := h.Validate(ctx, h.secret(byLink), ""); err != nil {
		t.Fatal(err)
	}
	byCode := h.send(ticketContext(), code("dana", "mobile"))
	if _, err := h.CheckCode(ctx, ticketContext(), byCode.Verification, h.secret(byCode)); err != nil {
		t.Fatal(err)
	}
	want := []webhook.Event{
		{ID: "acme-2", Type: webhook.Verified, Tenant: "acme", Seq: 2, At: opening, Data: webhook.Data{
			VerificationID: byLink.Verification, ContactID: "dana", TicketID: "t1", TechnicianID: "ana", ChannelID: "mail", Method: "email_link", Until: opening.Add(30 * time.Minute),
		}},
		{ID: "acme-4", Type: webhook.Verified, Tenant: "acme", Seq: 4, At: opening, Data: webhook.Data{
			VerificationID: byCode.Verification, ContactID: "dana", TicketID: "t1", TechnicianID: "ana", ChannelID: "mobile", Method: "sms_code", Until: opening.Add(30 * time.Minute),
		}},
	}
	if diff := cmp.Diff(want, h.told()); diff != "" {
		t.Error(diff)
	}
}

func TestALockIsToldOnce(t *testing.T) {
	h := withWebhook(t, nil)
	sent := h.send(ticketContext(), code("dana", "mobile"))
	typing := ticketContext()
	typing.Technician.ID = "noor"
	for range 4 {
		_, _ = h.CheckCode(ctx, typing, sent.Verification, wrong(h.secret(sent)))
	}
	want := []webhook.Event{{
		ID: "acme-4", Type: webhook.ContactLocked, Tenant: "acme", Seq: 4, At: opening,
		Data: webhook.Data{VerificationID: sent.Verification, ContactID: "dana", TicketID: "t1", TechnicianID: "noor", Failures: 3},
	}}
	if diff := cmp.Diff(want, h.told()); diff != "" {
		t.Error(diff)
	}
}

func TestALockByWrongNumbersIsToldOnce(t *testing.T) {
	h := withWebhook(t, func(p *policy.Policy) { p.FailuresBeforeLock = 100 })
	storetest.SetPolicy(t, h.store, "acme", "contoso", func(p *policy.Policy) { p.NumberMatching, p.FailuresBeforeLock = true, 3 })
	h.Forget("acme")
	var third verify.Result
	for n := range 4 {
		sent := h.send(ticketContext(), link("dana", "mail"))
		h.wrongNumber(ticketContext(), sent)
		h.clock.advance(10 * 60e9)
		if n == 2 {
			third = sent
		}
	}
	told := h.told()
	if len(told) != 1 {
		t.Fatalf("told of %+v, want one lock", told)
	}
	want := webhook.Data{VerificationID: third.Verification, ContactID: "dana", TicketID: "t1", TechnicianID: "ana", Failures: 3}
	if diff := cmp.Diff(want, told[0].Data); diff != "" || told[0].Type != webhook.ContactLocked {
		t.Error(told[0].Type, diff)
	}
}
