package courier_test

import (
	"strings"
	"testing"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/courier/graph"
	"github.com/shieldpod/shieldpod/bff/internal/courier/oauth"
	"github.com/shieldpod/shieldpod/bff/internal/sandbox/carriers"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

func TestACodeByTwilioAndALinkByAMailServerArriveAndWork(t *testing.T) {
	t.Parallel()
	r := newHarness(t, nil)
	r.Carriers = carriersOf(r.secondCarriers(t))
	r.start(t)
	text, mailID := r.request(t, channel.SMSCode), r.request(t, channel.EmailLink)
	r.waitFor(t, "the text delivered, the e-mail sent", func() bool {
		return r.deliveryStatus(t, text, channel.SMSCode) == deliveryStatus{verify.ShieldPending, verify.StageDelivered, "", verify.JobSent, 2} &&
			r.deliveryStatus(t, mailID, channel.EmailLink) == deliveryStatus{verify.ShieldPending, verify.StageSent, "", verify.JobSent, 2}
	})
	for _, m := range r.messages(t) {
		switch m.Kind {
		case "sms":
			if _, err := r.CheckCode(t.Context(), ticketContext, text, m.Code); err != nil || m.From != "+15105550100" || m.To != mobile {
				t.Errorf("from %s to %s: %v", m.From, m.To, err)
			}
		case "email":
			token, ok := strings.CutPrefix(m.Link, "https://verify.acme-it.com/v/")
			if _, err := r.Validate(t.Context(), token, ""); err != nil || !ok || m.To != mailAddress || m.From != "Acme IT <verify@acme-it.com>" {
				t.Errorf("from %s to %s with %s: %v", m.From, m.To, m.Link, err)
			}
		}
	}
	if got := r.events(t)[verify.EventVerified]; got != 2 {
		t.Errorf("%d verified, want 2", got)
	}
	r.checkNoSecretsInLog(t)
}

func TestEachFaultOfASecondCarrierIsReported(t *testing.T) {
	failed := func(reason verify.Code) deliveryStatus {
		return deliveryStatus{State: verify.ShieldFailed, Reason: reason, Job: verify.JobFailed}
	}
	delivered := deliveryStatus{verify.ShieldPending, verify.StageDelivered, "", verify.JobSent, 1}
	for _, c := range []struct {
		carrier, mode string
		want          deliveryStatus
	}{
		{"twilio", "stop", failed(verify.ReasonOptedOut)},
		{"twilio", "landline", failed(verify.ReasonLandline)},
		{"twilio", "refuse", failed(verify.ReasonInvalidRecipient)},
		{"twilio", "lost_receipt", deliveryStatus{verify.ShieldPending, verify.StageSent, "", verify.JobSent, 1}},
		{"twilio", "forged_receipt", deliveryStatus{verify.ShieldPending, verify.StageSent, "", verify.JobSent, 1}},
		{"twilio", "duplicate_receipt", delivered},
		{"twilio", "out_of_order", delivered},
		{"twilio", "cut", deliveryStatus{verify.ShieldPending, verify.StageDelivered, "", verify.JobIndeterminate, 1}}, // the receipt corrects the stage
		{"smtp", "slow", deliveryStatus{verify.ShieldPending, verify.StageSent, "", verify.JobSent, 1}},
		{"smtp", "cut", deliveryStatus{verify.ShieldPending, verify.StageIndeterminate, verify.ReasonIndeterminate, verify.JobIndeterminate, 1}}, // there is no receipt
		{"smtp", "refuse", failed(verify.ReasonInvalidRecipient)},
		{"smtp", "mailbox_full", failed(verify.ReasonMailboxFull)},
		{"smtp", "down", deliveryStatus{verify.ShieldPending, verify.StageDelayed, verify.ReasonCarrierDown, verify.JobQueued, 0}},
	} {
		t.Run(c.carrier+" "+c.mode, func(t *testing.T) {
			t.Parallel()
			r := newHarness(t, nil)
			r.Carriers = carriersOf(r.secondCarriers(t))
			r.start(t)
			r.setFault(t, c.carrier, c.mode, 0)
			method := channel.SMSCode
			if c.carrier == "smtp" {
				method = channel.EmailLink
			}
			id := r.request(t, method)
			r.waitFor(t, c.mode, func() bool { return r.deliveryStatus(t, id, method) == c.want })
		})
	}
}

func TestAMessageIsSentByTheSecondCarrierWhenTheFirstIsDown(t *testing.T) {
	t.Parallel()
	r := newHarness(t, nil)
	platform := r.Carriers.(staticCarriers)
	mail, sms := r.secondCarriers(t)
	r.Carriers = staticCarriers{channel.Email: {platform[channel.Email][0], mail}, channel.Phone: {platform[channel.Phone][0], sms}}
	r.start(t)
	r.setFault(t, "vonage", "down", 0)
	r.setFault(t, "sendgrid", "5xx", 0)
	text, mailID := r.request(t, channel.SMSCode), r.request(t, channel.EmailLink)
	r.waitFor(t, "the text delivered by Twilio, the e-mail sent by the mail server", func() bool {
		return r.deliveryStatus(t, text, channel.SMSCode) == deliveryStatus{verify.ShieldPending, verify.StageDelivered, "", verify.JobSent, 2} &&
			r.deliveryStatus(t, mailID, channel.EmailLink) == deliveryStatus{verify.ShieldPending, verify.StageSent, "", verify.JobSent, 2}
	})
	if n := r.events(t)[verify.EventDelayed]; n != 0 {
		t.Errorf("a delay was reported %d times: there was none", n)
	}
}

var microsoft = carriers.Microsoft{
	Directory: "11111111-2222-4333-8444-555555555555", Client: "0f0e0d0c-0b0a-4908-8706-050403020100", Secret: "microsofts~secret", Mailbox: "verify@acme-it.com",
}

// Microsoft Graph takes a message and reports nothing later: its last stage is sent, and never delivered.
func TestEachResultOfMicrosoftGraphIsReported(t *testing.T) {
	sent := deliveryStatus{verify.ShieldPending, verify.StageSent, "", verify.JobSent, 1}
	failed := func(reason verify.Code) deliveryStatus {
		return deliveryStatus{State: verify.ShieldFailed, Reason: reason, Job: verify.JobFailed}
	}
	delayed := deliveryStatus{verify.ShieldPending, verify.StageDelayed, verify.ReasonCarrierDown, verify.JobQueued, 0}
	for mode, want := range map[string]deliveryStatus{
		"ok":             sent,
		"slow":           sent,
		"cut":            {verify.ShieldPending, verify.StageIndeterminate, verify.ReasonIndeterminate, verify.JobIndeterminate, 1},
		"refuse":         failed(verify.ReasonInvalidRecipient),
		"access_denied":  failed(verify.ReasonCarrierSet),
		"secret_expired": failed(verify.ReasonCarrierSet),
		"throttled":      delayed,
		"token_down":     delayed,
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			r := newHarness(t, nil)
			mail, err := graph.New(graph.Config{
				Microsoft: oauth.Microsoft{Directory: microsoft.Directory, Client: microsoft.Client}, Credential: microsoft.Secret, Mailbox: microsoft.Mailbox,
				Host: r.sandbox.URL, Now: r.now,
			})
			if err != nil {
				t.Fatal(err)
			}
			_, sms := r.secondCarriers(t)
			r.Carriers = carriersOf(mail, sms)
			r.start(t)
			r.setFault(t, "graph", mode, 0)
			id := r.request(t, channel.EmailLink)
			r.waitFor(t, mode, func() bool { return r.deliveryStatus(t, id, channel.EmailLink) == want })
			if n := r.events(t)[verify.EventDelivered]; n != 0 {
				t.Errorf("delivered %d times: Graph can't know", n)
			}
			r.checkNoSecretsInLog(t)
		})
	}
}
