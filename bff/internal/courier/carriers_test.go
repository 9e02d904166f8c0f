package courier_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/courier/sendgrid"
	"github.com/shieldpod/shieldpod/bff/internal/courier/vonage"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

func TestACodeAndALinkArriveAndWork(t *testing.T) {
	t.Parallel()
	r := newHarness(t, nil)
	r.start(t)
	text, mailID := r.request(t, channel.SMSCode), r.request(t, channel.EmailLink)
	r.waitFor(t, "both delivered", func() bool { return r.events(t)[verify.EventDelivered] == 2 })
	delivered := deliveryStatus{verify.ShieldPending, verify.StageDelivered, "", verify.JobSent, 2}
	r.waitFor(t, "both jobs sent", func() bool {
		return r.deliveryStatus(t, text, channel.SMSCode) == delivered && r.deliveryStatus(t, mailID, channel.EmailLink) == delivered
	})
	for _, id := range []string{text, mailID} {
		if _, sealed := r.job(t, id); sealed {
			t.Errorf("job %s still holds its destination and secret", id)
		}
	}
	for _, m := range r.messages(t) {
		switch m.Kind {
		case "sms":
			if m.To != mobile || m.From != "Acme IT" {
				t.Errorf("from %s to %s", m.From, m.To)
			}
			if _, err := r.CheckCode(t.Context(), ticketContext, text, m.Code); err != nil {
				t.Errorf("the code %q from %q: %v", m.Code, m.Text, err)
			}
		case "email":
			token, ok := strings.CutPrefix(m.Link, "https://verify.acme-it.com/v/")
			if m.To != mailAddress || m.From != "Acme IT <verify@acme-it.com>" || !ok || !strings.Contains(m.HTML, token) {
				t.Errorf("from %s to %s with %s", m.From, m.To, m.Link)
			}
			if _, err := r.Validate(t.Context(), token, ""); err != nil {
				t.Errorf("the link: %v", err)
			}
		}
	}
	if got := r.events(t)[verify.EventVerified]; got != 2 {
		t.Errorf("%d verified, want 2", got)
	}
	r.checkNoSecretsInLog(t)
}

func TestEachFaultOfACarrierIsReported(t *testing.T) {
	pending := func(stage verify.Stage, job verify.JobState, messages int) deliveryStatus {
		return deliveryStatus{State: verify.ShieldPending, Stage: stage, Job: job, Messages: messages}
	}
	failed := func(reason verify.Code, job verify.JobState) deliveryStatus {
		return deliveryStatus{State: verify.ShieldFailed, Reason: reason, Job: job}
	}
	delayed := deliveryStatus{verify.ShieldPending, verify.StageDelayed, verify.ReasonCarrierDown, verify.JobQueued, 0}
	onceAgain := []deliveryStatus{delayed, pending(verify.StageDelivered, verify.JobSent, 1)}
	for _, c := range []struct {
		mode string
		want map[string][]deliveryStatus // by carrier, in sequence, 3 seconds apart
	}{
		{"ok", bothCarriers(pending(verify.StageDelivered, verify.JobSent, 1))},
		{"slow", bothCarriers(pending(verify.StageDelivered, verify.JobSent, 1))},
		{"cut", bothCarriers(pending(verify.StageDelivered, verify.JobIndeterminate, 1))}, // the receipt corrects the stage
		{"429", bothCarriers(onceAgain...)},
		{"5xx", bothCarriers(onceAgain...)},
		{"throttled", bothCarriers(onceAgain...)},
		{"down", bothCarriers(onceAgain...)},
		{"lost_receipt", bothCarriers(pending(verify.StageSent, verify.JobSent, 1))},
		{"duplicate_receipt", bothCarriers(pending(verify.StageDelivered, verify.JobSent, 1))},
		{"refuse", map[string][]deliveryStatus{
			"sendgrid": {failed(verify.ReasonInvalidRecipient, verify.JobSent)}, // accepted, then bounced
			"vonage":   {failed(verify.ReasonInvalidRecipient, verify.JobFailed)},
		}},
	} {
		for carrier, wants := range c.want {
			t.Run(carrier+" "+c.mode, func(t *testing.T) {
				t.Parallel()
				r := newHarness(t, nil)
				r.start(t)
				r.setFault(t, carrier, c.mode, 1)
				method := channel.SMSLink
				if carrier == "sendgrid" {
					method = channel.EmailLink
				}
				id := r.request(t, method)
				for i, want := range wants {
					if i > 0 {
						r.advance(3 * time.Second)
					}
					var got deliveryStatus
					deadline := time.After(2 * time.Minute)
					for got = r.deliveryStatus(t, id, method); got != want; got = r.deliveryStatus(t, id, method) {
						select {
						case <-r.changed:
						case <-deadline:
							t.Fatalf("the status is\n%+v, want\n%+v\n%s", got, want, r.log)
						}
					}
				}
				if n := r.events(t)[verify.EventDelivered]; n > 1 {
					t.Errorf("delivered %d times", n)
				}
				if _, sealed := r.job(t, id); sealed {
					t.Error("the job still holds its destination and secret")
				}
				r.checkNoSecretsInLog(t)
			})
		}
	}
}

func bothCarriers(s ...deliveryStatus) map[string][]deliveryStatus {
	return map[string][]deliveryStatus{"sendgrid": s, "vonage": s}
}

func TestAMessageWithoutAResponseIsIndeterminate(t *testing.T) {
	t.Parallel()
	r := newHarness(t, nil)
	r.start(t)
	r.hooks.Close() // no receipt corrects the stage
	r.setFault(t, "vonage", "cut", 1)
	id := r.request(t, channel.SMSCode)
	want := deliveryStatus{verify.ShieldPending, verify.StageIndeterminate, verify.ReasonIndeterminate, verify.JobIndeterminate, 1}
	r.waitFor(t, "indeterminate", func() bool { return r.deliveryStatus(t, id, channel.SMSCode) == want })
	r.advance(2 * time.Minute)
	if _, err := r.CheckCode(t.Context(), ticketContext, id, r.messages(t)[0].Code); err != nil {
		t.Errorf("it had arrived, and its code is right: %v", err)
	}
	if n := len(r.messages(t)); n != 1 {
		t.Errorf("%d messages arrived, want 1: it was sent again in silence", n)
	}
}

func TestAnUnavailableCarrierIsReportedAndRetriedUntilTheVerificationEnds(t *testing.T) {
	t.Parallel()
	r := newHarness(t, nil)
	r.start(t)
	r.setFault(t, "vonage", "down", 0)
	id := r.request(t, channel.SMSCode)
	r.waitFor(t, "delayed", func() bool {
		return r.deliveryStatus(t, id, channel.SMSCode) == deliveryStatus{verify.ShieldPending, verify.StageDelayed, verify.ReasonCarrierDown, verify.JobQueued, 0}
	})
	r.advance(4*time.Minute + 57*time.Second) // 3 seconds are left, and the delay of a later retry is longer
	r.waitFor(t, "failed", func() bool {
		r.advance(700 * time.Millisecond)
		job, _ := r.job(t, id)
		return job == verify.JobDead
	})
	if n := len(r.messages(t)); n != 0 {
		t.Errorf("%d messages arrived", n)
	}
	if _, sealed := r.job(t, id); sealed {
		t.Error("the job still holds its destination and secret")
	}
}

func TestARefusedAccountFailsAtOnceAndIsLoggedAsAnError(t *testing.T) {
	t.Parallel()
	r := newHarness(t, nil)
	sms, err := vonage.New(vonage.Config{Key: "12345678", Secret: "an old secret", From: "Acme IT", Host: r.sandbox.URL})
	if err != nil {
		t.Fatal(err)
	}
	mail, err := sendgrid.New(sendgrid.Config{Key: "SG.revoked", From: "verify@acme-it.com", Host: r.sandbox.URL})
	if err != nil {
		t.Fatal(err)
	}
	r.Carriers = carriersOf(mail, sms)
	r.start(t)
	text, mailID := r.request(t, channel.SMSCode), r.request(t, channel.EmailLink)
	want := deliveryStatus{State: verify.ShieldFailed, Reason: verify.ReasonCarrierSet, Job: verify.JobFailed}
	r.waitFor(t, "both failed", func() bool {
		return r.deliveryStatus(t, text, channel.SMSCode) == want && r.deliveryStatus(t, mailID, channel.EmailLink) == want
	})
	for _, line := range []string{`err="vonage: the API key or secret is wrong (status 4)"`, `err="sendgrid: HTTP 401"`} {
		if !strings.Contains(r.log.String(), line) || !strings.Contains(r.log.String(), "level=ERROR") {
			t.Errorf("the log does not say %s:\n%s", line, r.log)
		}
	}
	for _, secret := range []string{"an old secret", "SG.revoked"} {
		if strings.Contains(r.log.String(), secret) {
			t.Errorf("the log contains %q", secret)
		}
	}
	r.checkNoSecretsInLog(t)
}

func TestAMessageOfANodeThatStoppedIsIndeterminateAndNotSentAgain(t *testing.T) {
	t.Parallel()
	r := newHarness(t, nil)
	id := r.request(t, channel.SMSCode)
	// A node claims the job and stops.
	jobs, err := r.store.Messages(channel.Phone).Claim(t.Context(), r.now(), r.now().Add(30*time.Second), 9, nil)
	if err != nil || len(jobs) != 1 || jobs[0].ID != id {
		t.Fatalf("claimed %d jobs: %v", len(jobs), err)
	}
	// The lease expires, and the node that was to report it stops too.
	r.advance(31 * time.Second)
	if lapsed, err := r.store.LapsedMessages(channel.Phone).Claim(t.Context(), r.now(), r.now().Add(30*time.Second), 9, nil); err != nil || len(lapsed) != 1 {
		t.Fatalf("%d jobs have lapsed: %v", len(lapsed), err)
	}
	r.start(t)
	if got := r.deliveryStatus(t, id, channel.SMSCode); got.Job != verify.JobSending || got.Stage != verify.StageQueued {
		t.Fatalf("while the lease lasts the status is %+v", got)
	}
	r.advance(31 * time.Second)
	want := deliveryStatus{verify.ShieldPending, verify.StageIndeterminate, verify.ReasonIndeterminate, verify.JobIndeterminate, 0}
	r.waitFor(t, "indeterminate", func() bool { return r.deliveryStatus(t, id, channel.SMSCode) == want })
	if _, sealed := r.job(t, id); sealed {
		t.Error("the job still holds its destination and secret")
	}
}

func TestAMessageOfAnEndedVerificationIsNotSent(t *testing.T) {
	t.Parallel()
	r := newHarness(t, nil)
	cancelled, expired := r.request(t, channel.SMSCode), r.request(t, channel.EmailLink)
	if _, err := r.Cancel(t.Context(), ticketContext, cancelled); err != nil {
		t.Fatal(err)
	}
	r.advance(5 * time.Minute)
	r.start(t)
	for _, id := range []string{cancelled, expired} {
		r.waitFor(t, "dead", func() bool {
			r.signal()
			job, sealed := r.job(t, id)
			return job == verify.JobDead && !sealed
		})
	}
	if n := len(r.messages(t)); n != 0 {
		t.Errorf("%d messages arrived", n)
	}
}

// Row 20: a forged webhook changes nothing.
func TestThreat_20_ForgedWebhooksChangeNothing(t *testing.T) {
	t.Parallel()
	r := newHarness(t, nil)
	r.start(t)
	r.setFault(t, "vonage", "forged_receipt", 1)
	r.setFault(t, "sendgrid", "forged_receipt", 1)
	text, mailID := r.request(t, channel.SMSCode), r.request(t, channel.EmailLink)
	r.waitFor(t, "two refusals", func() bool { return r.answeredWith(http.StatusForbidden) == 2 })
	sent := deliveryStatus{verify.ShieldPending, verify.StageSent, "", verify.JobSent, 2}
	r.waitFor(t, "both sent, not delivered", func() bool {
		return r.deliveryStatus(t, text, channel.SMSCode) == sent && r.deliveryStatus(t, mailID, channel.EmailLink) == sent
	})
}

// Row 20: a genuine webhook that is repeated changes nothing, for every carrier.
func TestThreat_20_ReplayedWebhooksChangeNothing(t *testing.T) {
	for name, second := range map[string]bool{"SendGrid and Vonage": false, "Twilio": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newHarness(t, nil)
			want := 2
			if _, sms := r.secondCarriers(t); second {
				r.Carriers = staticCarriers{channel.Phone: {sms}}
				want = 1
			}
			r.start(t)
			r.request(t, channel.SMSCode)
			if !second {
				r.request(t, channel.EmailLink)
			}
			r.waitFor(t, "all delivered", func() bool { return r.events(t)[verify.EventDelivered] == want })
			before := r.events(t)
			r.mu.Lock()
			replay := r.webhooks
			r.mu.Unlock()
			for range 3 {
				for i := len(replay) - 1; i >= 0; i-- { // the last one first
					r.replay(t, replay[i])
				}
			}
			if diff := cmp.Diff(before, r.events(t)); diff != "" {
				t.Errorf("replays changed something:\n%s", diff)
			}
		})
	}
}

// replay posts a webhook again and checks that it is accepted.
func (h *harness) replay(t *testing.T, w webhookRequest) {
	t.Helper()
	ask, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.hooks.URL+w.address, strings.NewReader(w.body))
	if err != nil {
		t.Fatal(err)
	}
	ask.Header = w.header
	response, err := http.DefaultClient.Do(ask)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil || response.StatusCode != http.StatusNoContent {
		t.Errorf("a replay: HTTP %d, %v", response.StatusCode, err)
	}
}

// Row 21: a delivered message does not prove who read it.
func TestThreat_21_ADeliveredMessageIsNotAVerification(t *testing.T) {
	t.Parallel()
	r := newHarness(t, nil)
	r.start(t)
	r.setFault(t, "sendgrid", "duplicate_receipt", 1)
	r.request(t, channel.EmailLink)
	r.request(t, channel.SMSLink)
	r.waitFor(t, "both delivered", func() bool { return r.events(t)[verify.EventDelivered] == 2 })
	reading, err := r.ContactState(t.Context(), "acme", "dana")
	if err != nil {
		t.Fatal(err)
	}
	for channel, shield := range reading.Shields {
		if shield.State != verify.ShieldPending {
			t.Errorf("%s is %s", channel, shield.State)
		}
	}
	r.advance(6 * time.Minute)
	if reading, err = r.ContactState(t.Context(), "acme", "dana"); err != nil {
		t.Fatal(err)
	}
	for channel, shield := range reading.Shields {
		if shield.State != verify.ShieldUnverified || shield.Reason != verify.ReasonExpired {
			t.Errorf("unanswered, %s is %s %s", channel, shield.State, shield.Reason)
		}
	}
}

func TestAnUnreachableCarrierIsRetriedWhenItIsBack(t *testing.T) {
	t.Parallel()
	var there senderFunc
	r := newHarness(t, func(c *courier.Config) {
		carriers := c.Carriers.(staticCarriers)
		sms := carriers[channel.Phone][0]
		away, err := vonage.New(vonage.Config{Key: "12345678", Secret: "api secret", From: "Acme IT", Host: "http://127.0.0.1:1"})
		if err != nil {
			t.Fatal(err)
		}
		calls := 0
		there = func(ctx context.Context, p courier.OutgoingMessage) (courier.Result, error) {
			if calls++; calls < 3 {
				return away.Send(ctx, p)
			}
			return sms.Send(ctx, p)
		}
		carriers[channel.Phone] = []courier.Sender{there}
	})
	r.start(t)
	id := r.request(t, channel.SMSCode)
	r.waitFor(t, "delivered after two failures", func() bool {
		if got := r.deliveryStatus(t, id, channel.SMSCode); got.Job == verify.JobQueued && got.Stage == verify.StageDelayed {
			r.advance(2 * time.Second)
		}
		return r.deliveryStatus(t, id, channel.SMSCode) == deliveryStatus{verify.ShieldPending, verify.StageDelivered, "", verify.JobSent, 1}
	})
	if n := r.events(t)[verify.EventDelayed]; n != 1 {
		t.Errorf("delayed was reported %d times, want once", n)
	}
}
