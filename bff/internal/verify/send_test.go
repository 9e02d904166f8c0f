package verify_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/policy"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

func TestSendOpensAVerificationAndQueuesItsMessage(t *testing.T) {
	h := newHarness(t)
	h.clock.advance(123456 * time.Microsecond) // events keep whole milliseconds
	got := h.send(ticketContext(), code("dana", "mobile"))

	at := opening.Add(123 * time.Millisecond)
	want := verify.Shield{
		State: verify.ShieldPending, Verification: got.Verification, Method: channel.SMSCode, Stage: verify.StageQueued,
		At: at, Until: at.Add(5 * time.Minute), By: verify.Technician{ID: "ana", Name: "Ana Ortiz"},
		Ticket: "t1", CodeLength: 6, TriesLeft: 3, ResendAt: at.Add(time.Minute), Destination: h.events("acme", "dana")[0].Destination,
	}
	if diff := cmp.Diff(want, got.Shield, cmp.AllowUnexported(verify.Shield{})); diff != "" {
		t.Errorf("shield (-want +got):\n%s", diff)
	}
	h.wantAsRead(got)
	notifications, wakes := h.notifier.received()
	if len(notifications) != 1 || notifications[0] != (notification{"acme", "dana", got.Seq}) || wakes != 1 {
		t.Errorf("whispered %v, woke %d times", notifications, wakes)
	}
	job := h.job(got.Verification)
	wantJob := verify.Job{
		ID: got.Verification, Tenant: "acme", Method: channel.SMSCode, To: "+14155554821", Secret: job.Secret, Recipient: "Dana Reyes",
		Technician: "Ana Ortiz", Ticket: "4711", Language: "en", TimeZone: "UTC", ExpiresAt: at.Add(5 * time.Minute), ValidFor: 5 * time.Minute,
	}
	if diff := cmp.Diff(wantJob, job); diff != "" {
		t.Errorf("job (-want +got):\n%s", diff)
	}
	if len(job.Secret) != 6 {
		t.Errorf("code %q", job.Secret)
	}
}

func TestThreat_08_TheMessageGoesWhereTheDeskSays(t *testing.T) {
	h := newHarness(t)
	elsewhere := ticketContext()
	elsewhere.Contacts[0].Channels[0].Value = "+14155550000" // the PSA has a new number: the desk was opened anew
	first := h.send(ticketContext(), code("dana", "mobile"))
	h.clock.advance(time.Minute)
	second := h.send(elsewhere, code("dana", "mobile"))
	if one, two := h.events("acme", "dana")[0], h.events("acme", "dana")[2]; one.Destination == two.Destination || two.Masked != "••• ••• 0000" {
		t.Errorf("the events can't tell the numbers apart: %+v, %+v", one, two)
	}
	if to := h.job(second.Verification).To; to != "+14155550000" {
		t.Errorf("sent to %s", to)
	}
	_, err := h.CheckCode(ctx, ticketContext(), first.Verification, "123456")
	wantCode(t, err, verify.CodeVerificationEnded)
}

func TestThreat_25_EventsHoldNoSecretAndNoDestination(t *testing.T) {
	h := newHarness(t)
	var plain []string
	for _, r := range []verify.Request{code("dana", "mobile"), link("dana", "mail")} {
		sent := h.send(ticketContext(), r)
		job := h.job(sent.Verification)
		plain = append(plain, job.Secret, job.To, job.Recipient)
		if r.Method.ByCode() {
			if _, err := h.CheckCode(ctx, ticketContext(), sent.Verification, wrong(job.Secret)); verify.CodeOf(err) != verify.CodeWrongCode {
				t.Fatal(err)
			}
			plain = append(plain, wrong(job.Secret))
		}
	}
	for _, e := range h.events("acme", "dana") {
		body, _, err := e.Link(verify.Hash{})
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range plain {
			if bytes.Contains(body, []byte(secret)) {
				t.Errorf("%s holds %q", body, secret)
			}
		}
	}
}

func TestSendRefusals(t *testing.T) {
	tests := []struct {
		name   string
		give   func(*verify.TicketContext, *verify.Request)
		want   verify.Code
		field  string
		reason verify.Code
	}{
		{"a contact who is not on the ticket", func(_ *verify.TicketContext, r *verify.Request) { r.Contact = "mallory" }, verify.CodeNotFound, "", ""},
		{"no contact", func(_ *verify.TicketContext, r *verify.Request) { r.Contact = "" }, verify.CodeNotFound, "", ""},
		{"a channel nobody has", func(_ *verify.TicketContext, r *verify.Request) { r.Channel = "pager" }, verify.CodeNotFound, "", ""},
		{"another contact's channel", func(_ *verify.TicketContext, r *verify.Request) { r.Channel = "erik-mail" }, verify.CodeNotFound, "", ""},
		{"a destination instead of a channel", func(_ *verify.TicketContext, r *verify.Request) { r.Channel = "+15550001111" }, verify.CodeNotFound, "", ""},
		{"an unknown tenant", func(d *verify.TicketContext, _ *verify.Request) { d.Tenant = "nobody" }, verify.CodeNotFound, "", ""},
		{"a code to a mailbox", func(_ *verify.TicketContext, r *verify.Request) { r.Channel = "mail" }, verify.CodeInvalid, "method", ""},
		{"a mail to a phone", func(_ *verify.TicketContext, r *verify.Request) { r.Method = channel.EmailLink }, verify.CodeInvalid, "method", ""},
		{"a method nobody knows", func(_ *verify.TicketContext, r *verify.Request) { r.Method = "fax" }, verify.CodeInvalid, "method", ""},
		{"a code to a landline", func(_ *verify.TicketContext, r *verify.Request) { r.Channel = "landline" }, verify.CodeMethodNotAllowed, "", verify.ReasonLandline},
		{"a method the policy leaves out", func(d *verify.TicketContext, _ *verify.Request) { d.Tenant = "mailonly" }, verify.CodeMethodNotAllowed, "", verify.Code(policy.ReasonMethod)},
		{
			"a contact who is not the ticket's, without a note",
			func(_ *verify.TicketContext, r *verify.Request) { *r = with(link("erik", "erik-mail"), *r) }, verify.CodeNoteRequired, "", "",
		},
		{"a note of two characters", func(_ *verify.TicketContext, r *verify.Request) { r.Note = "ok" }, verify.CodeInvalid, "note", ""},
		{"a note that clears the screen", func(_ *verify.TicketContext, r *verify.Request) { r.Note = "fine\x1b[2J" }, verify.CodeInvalid, "note", ""},
		{"no key", func(_ *verify.TicketContext, r *verify.Request) { r.Key = "" }, verify.CodeInvalid, "Idempotency-Key", ""},
		{"a key too long", func(_ *verify.TicketContext, r *verify.Request) { r.Key = strings.Repeat("k", 65) }, verify.CodeInvalid, "Idempotency-Key", ""},
	}
	h := newHarness(t)
	h.tenant("mailonly", func(p *policy.Policy) { p.Methods = []channel.Method{channel.EmailLink} })
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d, r := ticketContext(), h.keyed(code("dana", "mobile"))
			test.give(&d, &r)
			_, err := h.Send(ctx, d, r)
			wantCode(t, err, test.want)
			var refusal *verify.Error
			if errors.As(err, &refusal) && (refusal.Field != test.field || refusal.Reason != test.reason) {
				t.Errorf("field %q, reason %q; want %q, %q", refusal.Field, refusal.Reason, test.field, test.reason)
			}
			for _, contact := range []string{"dana", "erik", "mallory"} {
				if kinds := h.kinds(d.Tenant, contact); len(kinds) > 0 {
					t.Errorf("refused, and yet there is %v of %s", kinds, contact)
				}
			}
			for _, kind := range []channel.Kind{channel.Phone, channel.Email} {
				if _, queued, err := h.store.Messages(kind).NextDue(ctx, nil); queued || err != nil {
					t.Errorf("refused, and yet a message is queued for %s (%v)", kind, err)
				}
			}
			h.wantSilence()
		})
	}
}

func with(r, keyOf verify.Request) verify.Request {
	r.Key = keyOf.Key
	return r
}

func TestSendToAnotherContactKeepsItsNote(t *testing.T) {
	tests := []struct {
		name string
		rule policy.NoteRule
		note string
		want verify.Code
	}{
		{"required and given", policy.NoteRequired, " Manager\n approval ", ""},
		{"required and blank", policy.NoteRequired, " \n ", verify.CodeNoteRequired},
		{"optional and left out", policy.NoteOptional, "", ""},
		{"off", policy.NoteOff, "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := newHarness(t)
			h.tenant("acme", func(p *policy.Policy) { p.OverrideNote = test.rule })
			r := h.keyed(link("erik", "erik-mail"))
			r.Note = test.note
			_, err := h.Send(ctx, ticketContext(), r)
			wantCode(t, err, test.want)
			if test.want != "" {
				return
			}
			e := h.events("acme", "erik")[0]
			if want := strings.Join(strings.Fields(test.note), " "); e.Note != want || !e.Override {
				t.Errorf("note %q, override %v; want %q, true", e.Note, e.Override, want)
			}
		})
	}
}

func TestSendUnderTheSameKey(t *testing.T) {
	tests := []struct {
		name  string
		again func(*harness, *verify.TicketContext, *verify.Request)
		want  verify.Code
	}{
		{"the same request is the same verification", func(*harness, *verify.TicketContext, *verify.Request) {}, ""},
		{"even long after it has expired", func(h *harness, _ *verify.TicketContext, _ *verify.Request) { h.clock.advance(24 * time.Hour) }, ""},
		{"from another session of the technician on the ticket", func(_ *harness, d *verify.TicketContext, _ *verify.Request) { d.Contacts = d.Contacts[:1] }, ""},
		{"another channel is another request", func(_ *harness, _ *verify.TicketContext, r *verify.Request) { r.Channel = "second" }, verify.CodeKeyReused},
		{"another method is another request", func(_ *harness, _ *verify.TicketContext, r *verify.Request) { r.Method = channel.SMSLink }, verify.CodeKeyReused},
		{"another note is another request", func(_ *harness, _ *verify.TicketContext, r *verify.Request) { r.Note = "Urgent" }, verify.CodeKeyReused},
		{"another ticket is another request", func(_ *harness, d *verify.TicketContext, _ *verify.Request) { d.Ticket.ID = "t2" }, verify.CodeKeyReused},
		{"another technician's key is another key", func(_ *harness, d *verify.TicketContext, _ *verify.Request) { d.Technician.ID = "ben" }, verify.CodeCooldown},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := newHarness(t)
			d, r := ticketContext(), h.keyed(code("dana", "mobile"))
			first, err := h.Send(ctx, d, r)
			if err != nil {
				t.Fatal(err)
			}
			h.notifier.received()
			test.again(h, &d, &r)
			second, err := h.Send(ctx, d, r)
			wantCode(t, err, test.want)
			h.wantKinds("dana", verify.EventRequested)
			h.wantSilence()
			if test.want == "" {
				if second.Verification != first.Verification {
					t.Errorf("got %s, want %s", second.Verification, first.Verification)
				}
				h.wantAsRead(second)
			}
		})
	}
}

func TestSendUnderTheSameKeyInParallelOpensOne(t *testing.T) {
	h := newHarness(t)
	r := h.keyed(code("dana", "mobile"))
	ids := make([]string, 20)
	codes := together(20, func(i int) error {
		result, err := h.Send(ctx, ticketContext(), r)
		ids[i] = result.Verification
		return err
	})
	if codes[""] != 20 {
		t.Errorf("verdicts %v, want 20 answers", codes)
	}
	for _, id := range ids {
		if id != ids[0] {
			t.Errorf("answered %s and %s", id, ids[0])
		}
	}
	h.wantKinds("dana", verify.EventRequested)
	if _, wakes := h.notifier.received(); wakes != 1 {
		t.Errorf("the courier was woken %d times, want once", wakes)
	}
}

func TestThreat_19_CooldownHoldsForTheChannel(t *testing.T) {
	h := newHarness(t)
	first := h.send(ticketContext(), code("dana", "mobile"))
	if _, err := h.Cancel(ctx, ticketContext(), first.Verification); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		advance, want time.Duration
		words         string
	}{
		{0, time.Minute, "Wait 60 seconds "},
		{time.Minute - time.Millisecond, time.Millisecond, "Wait 1 second "},
	} {
		h.clock.advance(test.advance)
		_, err := h.Send(ctx, ticketContext(), h.keyed(code("dana", "mobile")))
		wantCode(t, err, verify.CodeCooldown)
		var refusal *verify.Error
		if !errors.As(err, &refusal) || refusal.RetryAfter != test.want || !strings.Contains(refusal.Public, test.words) {
			t.Errorf("got %+v, want %v and %q", refusal, test.want, test.words)
		}
	}
	h.send(ticketContext(), code("dana", "second")) // another number is no resend
	h.clock.advance(time.Millisecond)
	h.send(ticketContext(), code("dana", "mobile"))
}

func TestThreat_19_DifferentKeysInParallelSendOneMessage(t *testing.T) {
	h := newHarness(t)
	codes := together(20, func(int) error {
		_, err := h.Send(ctx, ticketContext(), h.keyed(code("dana", "mobile")))
		return err
	})
	if codes[""] != 1 || codes[verify.CodeCooldown] != 19 {
		t.Errorf("verdicts %v, want one answer and 19 in cooldown", codes)
	}
	h.wantKinds("dana", verify.EventRequested)
}

func TestThreat_16_ANewRequestEndsTheOldOne(t *testing.T) {
	h := newHarness(t)
	oldCode := h.send(ticketContext(), code("dana", "mobile"))
	oldLink := h.send(ticketContext(), link("dana", "mail"))
	digits, token := h.secret(oldCode), h.secret(oldLink)
	h.clock.advance(time.Minute)
	newCode := h.send(ticketContext(), code("dana", "mobile"))
	h.send(ticketContext(), link("dana", "mail"))

	_, err := h.CheckCode(ctx, ticketContext(), oldCode.Verification, digits)
	wantCode(t, err, verify.CodeVerificationEnded)
	_, err = h.Validate(ctx, token, "")
	wantCode(t, err, verify.CodeVerificationEnded)
	h.wantKinds("dana", verify.EventRequested, verify.EventRequested,
		verify.EventSuperseded, verify.EventRequested, verify.EventSuperseded, verify.EventRequested)
	if s := h.shield("dana", "mobile"); s.State != verify.ShieldPending || s.Verification != newCode.Verification {
		t.Errorf("shield %+v, want the new request pending", s)
	}
}

func TestSendOverAGreenThatLastsShowsItBeneath(t *testing.T) {
	h := newHarness(t)
	first := h.send(ticketContext(), code("dana", "mobile"))
	if _, err := h.CheckCode(ctx, ticketContext(), first.Verification, h.secret(first)); err != nil {
		t.Fatal(err)
	}
	h.clock.advance(time.Minute)
	second := h.send(ticketContext(), code("dana", "mobile"))
	h.wantAsRead(second)
	if under := second.Shield.RevertsTo(); under == nil || under.State != verify.ShieldVerified || under.Verification != first.Verification {
		t.Errorf("the answer's shield reverts to %+v, want the first success", under)
	}
	cancelled, err := h.Cancel(ctx, ticketContext(), second.Verification)
	if err != nil || cancelled.Shield.State != verify.ShieldVerified {
		t.Errorf("after the cancel: %+v (%v), want green again", cancelled.Shield, err)
	}
	h.wantAsRead(cancelled)
}

func TestSendWithoutEntropyOrLedgerDoesNothing(t *testing.T) {
	h := newHarness(t)
	gone := errors.New("no entropy")
	noChance := h.other()
	noChance.Entropy = iotest.ErrReader(gone)
	if _, err := noChance.Send(ctx, ticketContext(), h.keyed(code("dana", "mobile"))); !errors.Is(err, gone) {
		t.Errorf("without entropy: %v", err)
	}
	noLedger := h.other()
	noLedger.Ledger = failing{h.store}
	_, err := noLedger.Send(ctx, ticketContext(), h.keyed(code("dana", "mobile")))
	wantCode(t, err, verify.CodeUnavailable)
	h.wantKinds("dana")
	h.wantSilence()
	h.send(ticketContext(), code("dana", "mobile")) // nothing was left that would hold it up
}
