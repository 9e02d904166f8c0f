package courier_test

import (
	"strings"
	"testing"

	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

func TestACodeByTwilioAndALinkByAMailServerReachTheirReaderAndWork(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.Carriers = by(r.seconds(t))
	r.start(t)
	text, letter := r.ask(t, verify.SMSCode), r.ask(t, verify.EmailLink)
	r.until(t, "the text delivered, the e-mail sent", func() bool {
		return r.standing(t, text, verify.SMSCode) == standing{verify.ShieldPending, verify.StageDelivered, "", verify.JobSent, 2} &&
			r.standing(t, letter, verify.EmailLink) == standing{verify.ShieldPending, verify.StageSent, "", verify.JobSent, 2}
	})
	for _, m := range r.messages(t) {
		switch m.Kind {
		case "sms":
			if _, err := r.Attempt(t.Context(), desk, text, m.Code); err != nil || m.From != "+15105550100" || m.To != mobile {
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
	r.keepsSecrets(t)
}

func TestAMisbehavingSecondCarrierIsToldAsItIs(t *testing.T) {
	failed := func(reason verify.Code) standing {
		return standing{State: verify.ShieldFailed, Reason: reason, Job: verify.JobFailed}
	}
	delivered := standing{verify.ShieldPending, verify.StageDelivered, "", verify.JobSent, 1}
	for _, c := range []struct {
		carrier, mode string
		want          standing
	}{
		{"twilio", "stop", failed(verify.ReasonOptedOut)},
		{"twilio", "landline", failed(verify.ReasonLandline)},
		{"twilio", "refuse", failed(verify.ReasonInvalidRecipient)},
		{"twilio", "lost_receipt", standing{verify.ShieldPending, verify.StageSent, "", verify.JobSent, 1}},
		{"twilio", "forged_receipt", standing{verify.ShieldPending, verify.StageSent, "", verify.JobSent, 1}},
		{"twilio", "duplicate_receipt", delivered},
		{"twilio", "out_of_order", delivered},
		{"twilio", "cut", standing{verify.ShieldPending, verify.StageDelivered, "", verify.JobUnsure, 1}}, // its receipt sets the record straight
		{"smtp", "slow", standing{verify.ShieldPending, verify.StageSent, "", verify.JobSent, 1}},
		{"smtp", "cut", standing{verify.ShieldPending, verify.StageIndeterminate, verify.ReasonIndeterminate, verify.JobUnsure, 1}}, // there is no receipt
		{"smtp", "refuse", failed(verify.ReasonInvalidRecipient)},
		{"smtp", "mailbox_full", failed(verify.ReasonMailboxFull)},
		{"smtp", "down", standing{verify.ShieldPending, verify.StageDelayed, verify.ReasonCarrierDown, verify.JobQueued, 0}},
	} {
		t.Run(c.carrier+" "+c.mode, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, nil)
			r.Carriers = by(r.seconds(t))
			r.start(t)
			r.misbehave(t, c.carrier, c.mode, 0)
			method := verify.SMSCode
			if c.carrier == "smtp" {
				method = verify.EmailLink
			}
			id := r.ask(t, method)
			r.until(t, c.mode, func() bool { return r.standing(t, id, method) == c.want })
		})
	}
}

func TestAMessageGoesByTheSecondCarrierWhenTheFirstIsDown(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	house := r.Carriers.(courier.Fixed)
	mail, sms := r.seconds(t)
	r.Carriers = courier.Fixed{verify.Email: {house[verify.Email][0], mail}, verify.Phone: {house[verify.Phone][0], sms}}
	r.start(t)
	r.misbehave(t, "vonage", "down", 0)
	r.misbehave(t, "sendgrid", "5xx", 0)
	text, letter := r.ask(t, verify.SMSCode), r.ask(t, verify.EmailLink)
	r.until(t, "the text delivered by Twilio, the e-mail sent by the mail server", func() bool {
		return r.standing(t, text, verify.SMSCode) == standing{verify.ShieldPending, verify.StageDelivered, "", verify.JobSent, 2} &&
			r.standing(t, letter, verify.EmailLink) == standing{verify.ShieldPending, verify.StageSent, "", verify.JobSent, 2}
	})
	if n := r.events(t)[verify.EventDelayed]; n != 0 {
		t.Errorf("a delay was told %d times: there was none", n)
	}
}
