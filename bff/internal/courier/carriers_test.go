package courier_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/courier/sendgrid"
	"github.com/shieldpod/shieldpod/bff/internal/courier/vonage"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

func TestACodeAndALinkReachTheirReaderAndWork(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.start(t)
	text, letter := r.ask(t, verify.SMSCode), r.ask(t, verify.EmailLink)
	r.until(t, "both delivered", func() bool { return r.events(t)[verify.EventDelivered] == 2 })
	delivered := standing{verify.ShieldPending, verify.StageDelivered, "", verify.JobSent, 2}
	r.until(t, "both jobs sent", func() bool {
		return r.standing(t, text, verify.SMSCode) == delivered && r.standing(t, letter, verify.EmailLink) == delivered
	})
	for _, id := range []string{text, letter} {
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
			if _, err := r.Attempt(t.Context(), desk, text, m.Code); err != nil {
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
	r.keepsSecrets(t)
}

func TestAMisbehavingCarrierIsToldAsItIs(t *testing.T) {
	pending := func(stage verify.Stage, job verify.JobState, messages int) standing {
		return standing{State: verify.ShieldPending, Stage: stage, Job: job, Messages: messages}
	}
	failed := func(reason verify.Code, job verify.JobState) standing {
		return standing{State: verify.ShieldFailed, Reason: reason, Job: job}
	}
	delayed := standing{verify.ShieldPending, verify.StageDelayed, verify.ReasonCarrierDown, verify.JobQueued, 0}
	onceAgain := []standing{delayed, pending(verify.StageDelivered, verify.JobSent, 1)}
	for _, c := range []struct {
		mode string
		want map[string][]standing // by carrier, one after the other; between them 3 seconds pass
	}{
		{"ok", both(pending(verify.StageDelivered, verify.JobSent, 1))},
		{"slow", both(pending(verify.StageDelivered, verify.JobSent, 1))},
		{"cut", both(pending(verify.StageDelivered, verify.JobUnsure, 1))}, // its receipt sets the record straight
		{"429", both(onceAgain...)},
		{"5xx", both(onceAgain...)},
		{"throttled", both(onceAgain...)},
		{"down", both(onceAgain...)},
		{"lost_receipt", both(pending(verify.StageSent, verify.JobSent, 1))},
		{"duplicate_receipt", both(pending(verify.StageDelivered, verify.JobSent, 1))},
		{"refuse", map[string][]standing{
			"sendgrid": {failed(verify.ReasonInvalidRecipient, verify.JobSent)}, // taken, then bounced
			"vonage":   {failed(verify.ReasonInvalidRecipient, verify.JobFailed)},
		}},
	} {
		for carrier, wants := range c.want {
			t.Run(carrier+" "+c.mode, func(t *testing.T) {
				t.Parallel()
				r := newRig(t, nil)
				r.start(t)
				r.misbehave(t, carrier, c.mode, 1)
				method := verify.SMSLink
				if carrier == "sendgrid" {
					method = verify.EmailLink
				}
				id := r.ask(t, method)
				for i, want := range wants {
					if i > 0 {
						r.advance(3 * time.Second)
					}
					var got standing
					deadline := time.After(2 * time.Minute)
					for got = r.standing(t, id, method); got != want; got = r.standing(t, id, method) {
						select {
						case <-r.news:
						case <-deadline:
							t.Fatalf("it stands so:\n%+v, want\n%+v\n%s", got, want, r.log)
						}
					}
				}
				if n := r.events(t)[verify.EventDelivered]; n > 1 {
					t.Errorf("delivered %d times", n)
				}
				if _, sealed := r.job(t, id); sealed {
					t.Error("the job still holds its destination and secret")
				}
				r.keepsSecrets(t)
			})
		}
	}
}

func both(s ...standing) map[string][]standing {
	return map[string][]standing{"sendgrid": s, "vonage": s}
}

func TestACarrierThatTakesTheMessageAndFallsSilentLeavesItUnsure(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.start(t)
	r.hooks.Close() // no receipt will set it straight
	r.misbehave(t, "vonage", "cut", 1)
	id := r.ask(t, verify.SMSCode)
	want := standing{verify.ShieldPending, verify.StageIndeterminate, verify.ReasonIndeterminate, verify.JobUnsure, 1}
	r.until(t, "indeterminate", func() bool { return r.standing(t, id, verify.SMSCode) == want })
	r.advance(2 * time.Minute)
	if _, err := r.Attempt(t.Context(), desk, id, r.messages(t)[0].Code); err != nil {
		t.Errorf("it had arrived, and its code is right: %v", err)
	}
	if n := len(r.messages(t)); n != 1 {
		t.Errorf("%d messages arrived, want 1: it was sent again in silence", n)
	}
}

func TestADownCarrierIsToldAndTriedUntilTheVerificationEnds(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.start(t)
	r.misbehave(t, "vonage", "down", 0)
	id := r.ask(t, verify.SMSCode)
	r.until(t, "delayed", func() bool {
		return r.standing(t, id, verify.SMSCode) == standing{verify.ShieldPending, verify.StageDelayed, verify.ReasonCarrierDown, verify.JobQueued, 0}
	})
	r.advance(4*time.Minute + 57*time.Second) // 3 seconds are left; a second failure would wait longer than that in the end
	r.until(t, "failed", func() bool {
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

func TestARefusedAccountFailsAtOnceAndLoudly(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	sms, err := vonage.New(vonage.Config{Key: "12345678", Secret: "an old secret", From: "Acme IT", Host: r.sandbox.URL})
	if err != nil {
		t.Fatal(err)
	}
	mail, err := sendgrid.New(sendgrid.Config{Key: "SG.revoked", From: "verify@acme-it.com", Host: r.sandbox.URL})
	if err != nil {
		t.Fatal(err)
	}
	r.Carriers = by(mail, sms)
	r.start(t)
	text, letter := r.ask(t, verify.SMSCode), r.ask(t, verify.EmailLink)
	want := standing{State: verify.ShieldFailed, Reason: verify.ReasonCarrierSet, Job: verify.JobFailed}
	r.until(t, "both failed", func() bool {
		return r.standing(t, text, verify.SMSCode) == want && r.standing(t, letter, verify.EmailLink) == want
	})
	for _, line := range []string{`error="vonage: the API key or secret is wrong (status 4)"`, `error="sendgrid: HTTP 401"`} {
		if !strings.Contains(r.log.String(), line) || !strings.Contains(r.log.String(), "level=ERROR") {
			t.Errorf("the log does not say %s:\n%s", line, r.log)
		}
	}
	for _, secret := range []string{"an old secret", "SG.revoked"} {
		if strings.Contains(r.log.String(), secret) {
			t.Errorf("the log tells %q", secret)
		}
	}
	r.keepsSecrets(t)
}

func TestWhatANodeWasSendingWhenItDiedReadsAsUnsureAndIsNotSentAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	id := r.ask(t, verify.SMSCode)
	// A node claims the job, and is heard of no more.
	jobs, err := r.store.ClaimJobs(t.Context(), verify.Phone, r.now(), r.now().Add(30*time.Second), 9)
	if err != nil || len(jobs) != 1 || jobs[0].ID != id {
		t.Fatalf("claimed %d jobs: %v", len(jobs), err)
	}
	// The lease runs out, and another one that wants to tell of it dies too.
	r.advance(31 * time.Second)
	if lapsed, err := r.store.LapsedJobs(t.Context(), r.now(), r.now().Add(30*time.Second), 9); err != nil || len(lapsed) != 1 {
		t.Fatalf("%d jobs have lapsed: %v", len(lapsed), err)
	}
	r.start(t)
	if got := r.standing(t, id, verify.SMSCode); got.Job != verify.JobSending || got.Stage != verify.StageQueued {
		t.Fatalf("while the lease lasts it stands so: %+v", got)
	}
	r.advance(31 * time.Second)
	want := standing{verify.ShieldPending, verify.StageIndeterminate, verify.ReasonIndeterminate, verify.JobUnsure, 0}
	r.until(t, "indeterminate", func() bool { return r.standing(t, id, verify.SMSCode) == want })
	if _, sealed := r.job(t, id); sealed {
		t.Error("the job still holds its destination and secret")
	}
}

func TestWhatHasEndedIsNotSent(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	cancelled, expired := r.ask(t, verify.SMSCode), r.ask(t, verify.EmailLink)
	if _, err := r.Cancel(t.Context(), desk, cancelled); err != nil {
		t.Fatal(err)
	}
	r.advance(5 * time.Minute)
	r.start(t)
	for _, id := range []string{cancelled, expired} {
		r.until(t, "dead", func() bool {
			r.ring()
			job, sealed := r.job(t, id)
			return job == verify.JobDead && !sealed
		})
	}
	if n := len(r.messages(t)); n != 0 {
		t.Errorf("%d messages arrived", n)
	}
}

// Row 20: a webhook that is forged changes nothing.
func TestRow20ForgedWebhooksChangeNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.start(t)
	r.misbehave(t, "vonage", "forged_receipt", 1)
	r.misbehave(t, "sendgrid", "forged_receipt", 1)
	text, letter := r.ask(t, verify.SMSCode), r.ask(t, verify.EmailLink)
	r.until(t, "two refusals", func() bool { return r.answered(http.StatusForbidden) == 2 })
	sent := standing{verify.ShieldPending, verify.StageSent, "", verify.JobSent, 2}
	r.until(t, "both sent, not delivered", func() bool {
		return r.standing(t, text, verify.SMSCode) == sent && r.standing(t, letter, verify.EmailLink) == sent
	})
}

// Row 20: a webhook that is genuine but repeated changes nothing, whichever carrier it is of.
func TestRow20ReplayedWebhooksChangeNothing(t *testing.T) {
	for name, second := range map[string]bool{"SendGrid and Vonage": false, "Twilio": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, nil)
			want := 2
			if _, sms := r.seconds(t); second {
				r.Carriers = courier.Fixed{verify.Phone: {sms}}
				want = 1
			}
			r.start(t)
			r.ask(t, verify.SMSCode)
			if !second {
				r.ask(t, verify.EmailLink)
			}
			r.until(t, "all delivered", func() bool { return r.events(t)[verify.EventDelivered] == want })
			before := r.events(t)
			r.mu.Lock()
			replay := r.taken
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

// replay posts a webhook once more, and wants it taken as if it were the first time.
func (r *rig) replay(t *testing.T, w taken) {
	t.Helper()
	ask, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.hooks.URL+w.address, strings.NewReader(w.body))
	if err != nil {
		t.Fatal(err)
	}
	ask.Header = w.header
	answer, err := http.DefaultClient.Do(ask)
	if err != nil {
		t.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil || answer.StatusCode != http.StatusNoContent {
		t.Errorf("a replay: HTTP %d, %v", answer.StatusCode, err)
	}
}

// Row 21: a message that arrived proves nothing about who read it.
func TestRow21DeliveredIsNeverGreen(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.start(t)
	r.misbehave(t, "sendgrid", "duplicate_receipt", 1)
	r.ask(t, verify.EmailLink)
	r.ask(t, verify.SMSLink)
	r.until(t, "both delivered", func() bool { return r.events(t)[verify.EventDelivered] == 2 })
	reading, err := r.Reading(t.Context(), "acme", "dana")
	if err != nil {
		t.Fatal(err)
	}
	for channel, shield := range reading.Shields {
		if shield.State != verify.ShieldPending {
			t.Errorf("%s is %s", channel, shield.State)
		}
	}
	r.advance(6 * time.Minute)
	if reading, err = r.Reading(t.Context(), "acme", "dana"); err != nil {
		t.Fatal(err)
	}
	for channel, shield := range reading.Shields {
		if shield.State != verify.ShieldUnverified || shield.Reason != verify.ReasonExpired {
			t.Errorf("unanswered, %s is %s %s", channel, shield.State, shield.Reason)
		}
	}
}

func TestAnUnreachableCarrierIsTriedAgainWhenItIsBack(t *testing.T) {
	t.Parallel()
	var there sender
	r := newRig(t, func(c *courier.Config) {
		carriers := c.Carriers.(courier.Fixed)
		sms := carriers[verify.Phone][0]
		away, err := vonage.New(vonage.Config{Key: "12345678", Secret: "api secret", From: "Acme IT", Host: "http://127.0.0.1:1"})
		if err != nil {
			t.Fatal(err)
		}
		asked := 0
		there = func(ctx context.Context, p courier.Parcel) (courier.Receipt, error) {
			if asked++; asked < 3 {
				return away.Send(ctx, p)
			}
			return sms.Send(ctx, p)
		}
		carriers[verify.Phone] = []courier.Sender{there}
	})
	r.start(t)
	id := r.ask(t, verify.SMSCode)
	r.until(t, "delivered after two failures", func() bool {
		if got := r.standing(t, id, verify.SMSCode); got.Job == verify.JobQueued && got.Stage == verify.StageDelayed {
			r.advance(2 * time.Second)
		}
		return r.standing(t, id, verify.SMSCode) == standing{verify.ShieldPending, verify.StageDelivered, "", verify.JobSent, 1}
	})
	if n := r.events(t)[verify.EventDelayed]; n != 1 {
		t.Errorf("delayed was told %d times, want once", n)
	}
}
