package verify

import (
	"context"
	"crypto/subtle"
	"fmt"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/policy"
)

// CheckCode judges one typed code and always spends a try, but for CodeInvalid: not a code, or not of the length
// of the one that was sent.
// CodeWrongCode: TriesLeft remain. CodeAlreadyUsed: used or out of tries. CodeExpired, CodeVerificationEnded: too late
// (NIST SP 800-63B-4, 3.2.2). CodeLocked: the contact's failures are used up, maybe by this very one.
// CodeNotFound: this ticket has no such verification; another ticket's or tenant's reads the same.
func (s *Service) CheckCode(ctx context.Context, d TicketContext, id, typed string) (Result, error) {
	rules, err := s.EffectivePolicy(ctx, d.Tenant, d.Client.ID)
	if err != nil {
		return Result{}, err
	}
	code, ok := parseCode(typed)
	if !ok {
		return Result{}, &Error{Code: CodeInvalid, Field: "code", Public: "A code has six to eight digits."}
	}
	a := codeCheck{context: d, id: id, code: code, keys: s.Keys, now: s.now(), policy: rules.Policy}
	// Two steps of one transaction: if the second one fails, the try stays counted.
	err = s.Ledger.Write(ctx, d.Tenant,
		func(tx Tx) error { return a.spend(ctx, tx) },
		func(tx Tx) error { return a.judge(ctx, tx) },
	)
	if err != nil {
		return Result{}, err
	}
	s.publish(a.last)
	s.Waker.Wake(WebhookJobs)
	if a.verdict != nil {
		return Result{}, a.verdict
	}
	result := a.result()
	result.Shield = s.viewOf(d, rules.Policy, result.Contact, result.Channel, result.Shield)
	return result, nil
}

// tryTx is what a typed code, a press of Validate or a picked number does in its transaction.
type tryTx interface {
	endTx
	Failures
	Quotas
	Alerts
}

// codeCheck is one typed code on its way through the ledger.
type codeCheck struct {
	context TicketContext
	id      string
	code    string
	keys    Keys
	now     time.Time
	policy  policy.Policy

	v       Verification // as it stands once the try is counted
	present string       // the hash of the channel's present address or number
	last    Event        // of those that the verdict appended
	verdict error
}

// spend counts the try before anything but the code's length is compared: the length is known to who sent it.
func (a *codeCheck) spend(ctx context.Context, tx tryTx) error {
	v, err := a.context.find(ctx, tx, a.id)
	if err != nil {
		return err
	}
	if !v.Method.ByCode() {
		return &Error{Code: CodeInvalid, Field: "code", Public: "This verification waits for the link, not for a code."}
	}
	if length := codeLength(v.Secret); len(a.code) != length {
		return &Error{Code: CodeInvalid, Field: "code", Public: fmt.Sprintf("This code has %d digits.", length)}
	}
	spent, ok, err := tx.Try(ctx, v.Tenant, v.ID, a.now, a.policy.FailuresBeforeLock)
	switch {
	case CodeOf(err) == CodeLocked:
		return errLocked()
	case err != nil:
		return err
	case !ok:
		return v.refusal(a.now)
	}
	a.v = spent
	a.present = a.destination()
	return nil
}

// judge compares, and records what came of it. A code proves the destination that it was sent to: it
// proves nothing for a number that has replaced that one in the ticket system since.
func (a *codeCheck) judge(ctx context.Context, tx tryTx) error {
	if subtle.ConstantTimeCompare(a.keys.codeSecret(a.v.ID, a.present, a.code), a.v.Secret) == 1 {
		return a.right(ctx, tx)
	}
	return a.wrong(ctx, tx)
}

func (a *codeCheck) destination() string {
	contact, _ := a.context.Contact(a.v.Contact)
	channel, _ := contact.Channel(a.v.Channel)
	return a.keys.destination(a.context.Tenant, channel)
}

func (a *codeCheck) right(ctx context.Context, tx tryTx) error {
	e := a.v.event(EventVerified, a.now)
	e.By, e.Until = a.context.by(), a.now.Add(a.v.VerifiedFor)
	err := succeed(ctx, tx, a.v, &e)
	a.last, a.verdict = e, nil
	return err
}

func (a *codeCheck) wrong(ctx context.Context, tx tryTx) error {
	is, err := tx.Standing(ctx, a.v.Tenant, a.v.Contact, a.v.Destination)
	if err != nil {
		return err
	}
	e := a.v.event(EventWrongCode, a.now)
	e.By, e.TriesLeft, e.Failures = a.context.by(), a.v.MaxTries-a.v.Tries, is.Failures
	if err := tx.Append(ctx, &e); err != nil {
		return err
	}
	a.last, a.verdict = e, wrongCode(e.TriesLeft)
	switch {
	case is.Failures >= a.policy.FailuresBeforeLock:
		a.verdict = errLocked()
		if err := tx.Alert(ctx, e.locks(a.v)); err != nil {
			return err
		}
		return a.fail(ctx, tx, ReasonLocked)
	case e.TriesLeft == 0:
		return a.fail(ctx, tx, ReasonOutOfTries)
	}
	return nil
}

// fail ends a verification that no code can save any more.
func (a *codeCheck) fail(ctx context.Context, tx endTx, reason Code) error {
	e := a.v.event(EventFailed, a.now)
	e.Reason = reason
	err := end(ctx, tx, a.v, Failed, &e)
	a.last = e
	return err
}

// result of a right code. Its shield is the one that the events read as.
func (a *codeCheck) result() Result {
	pending := Shield{
		State: ShieldPending, Verification: a.v.ID, Method: a.v.Method, Until: a.v.ExpiresAt,
		ResendAt: a.v.RequestedAt.Add(a.policy.ResendCooldown), Destination: a.present, Ticket: a.v.Ticket,
	}
	return Result{
		Verification: a.v.ID, Contact: a.v.Contact, Channel: a.v.Channel, Method: a.v.Method,
		Seq: a.last.Seq, Shield: pending.After(a.last),
	}
}

func wrongCode(left int) error {
	if left == 0 {
		return &Error{Code: CodeAlreadyUsed, Public: "That code doesn't match, and it was the last try. Send a new code."}
	}
	tries := "1 try"
	if left != 1 {
		tries = fmt.Sprintf("%d tries", left)
	}
	return &Error{Code: CodeWrongCode, TriesLeft: left, Public: "That code doesn't match. " + tries + " left."}
}

// succeed ends an open verification as verified and clears the contact's failures.
func succeed(ctx context.Context, tx tryTx, v Verification, e *Event) error {
	if err := end(ctx, tx, v, Verified, e); err != nil {
		return err
	}
	if err := countProvenText(ctx, tx, v, e.At); err != nil {
		return err
	}
	if err := tx.ClearFailures(ctx, v.Tenant, v.Contact); err != nil {
		return err
	}
	return tx.Alert(ctx, e.proves(v))
}

// endTx is what the end of a verification does in its transaction.
type endTx interface {
	Verifications
	Journal
}

// end closes the verification and appends its event, or refuses because it was closed before.
func end(ctx context.Context, tx endTx, v Verification, outcome Outcome, e *Event) error {
	ended, err := tx.End(ctx, v.Tenant, v.ID, outcome, e.At)
	if err != nil {
		return err
	}
	if !ended {
		now, err := tx.Find(ctx, v.Tenant, v.ID)
		if err != nil {
			return err
		}
		return now.refusal(e.At)
	}
	return tx.Append(ctx, e)
}

// refusal says why the verification can no longer be used.
func (v Verification) refusal(now time.Time) error {
	switch {
	case v.Outcome == Verified:
		return &Error{Code: CodeAlreadyUsed, Public: "This was used already. Each one works once."}
	case v.Outcome == Failed && v.MaxTries > 0 && v.Tries >= v.MaxTries:
		return &Error{Code: CodeAlreadyUsed, Public: "This code is out of tries. Send a new one."}
	case v.Outcome != Open:
		return &Error{Code: CodeVerificationEnded, Public: "This verification has ended. Send a new one."}
	case !now.Before(v.ExpiresAt):
		return &Error{Code: CodeExpired, Public: "This has expired. Send a new one."}
	}
	return &Error{Code: CodeAlreadyUsed, Public: "This code is out of tries. Send a new one."}
}

// find gives a verification of this ticket and its contacts. Another ticket's, or
// another tenant's, reads as none at all.
func (d TicketContext) find(ctx context.Context, tx Verifications, id string) (Verification, error) {
	v, err := tx.Find(ctx, d.Tenant, id)
	if err != nil && CodeOf(err) != CodeNotFound {
		return Verification{}, err
	}
	if _, known := d.Contact(v.Contact); err != nil || !known || v.Ticket != d.Ticket.ID {
		return Verification{}, notFound("There is no such verification on this ticket.")
	}
	return v, nil
}

// by is the technician as events name them.
func (d TicketContext) by() Technician {
	return Technician{ID: d.Technician.ID, Name: d.Technician.Name}
}

// Cancel ends an open verification at the technician's wish.
// CodeAlreadyUsed, CodeExpired, CodeVerificationEnded: it had ended already. CodeNotFound: as for CheckCode.
func (s *Service) Cancel(ctx context.Context, d TicketContext, id string) (Result, error) {
	now := s.now()
	var e Event
	var result Result
	err := s.Ledger.Write(ctx, d.Tenant, func(tx Tx) error {
		v, err := d.find(ctx, tx, id)
		if err != nil {
			return err
		}
		e = v.event(EventCancelled, now)
		e.By = d.by()
		result = Result{Verification: v.ID, Contact: v.Contact, Channel: v.Channel, Method: v.Method}
		return end(ctx, tx, v, Cancelled, &e)
	})
	if err != nil {
		return Result{}, err
	}
	s.publish(e)
	return s.current(ctx, d, result)
}
