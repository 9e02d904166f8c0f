package verify

import (
	"context"
	"crypto/subtle"
	"fmt"
	"time"
)

// Attempt judges one typed code and always spends a try.
// CodeMismatch: TriesLeft remain. CodeSpent: used or out of tries. CodeExpired, CodeEnded: too late
// (NIST SP 800-63B-4, 3.2.2). CodeLocked: the contact's failures are used up. CodeInvalid: not a code
// at all, and no try is spent.
func (s *Service) Attempt(ctx context.Context, d Desk, id, typed string) (Result, error) {
	tenant, err := s.Tenants.Tenant(ctx, d.Tenant)
	if err != nil {
		return Result{}, err
	}
	code, ok := parseCode(typed)
	if !ok {
		return Result{}, &Error{Code: CodeInvalid, Field: "code", Public: "A code has six to eight digits."}
	}
	a := attempt{
		desk: d, id: id, now: s.Now(), failures: tenant.Policy.FailuresBeforeLock,
		mac: s.Keys.codeMAC(id, code),
	}
	// Two steps of one transaction: whatever becomes of the verdict, the try stays spent.
	err = s.Ledger.Write(ctx,
		func(tx Tx) error { return a.spend(ctx, tx) },
		func(tx Tx) error { return a.judge(ctx, tx) },
	)
	if err != nil {
		return Result{}, err
	}
	s.Bus.Nudge(d.Tenant, a.v.Contact, a.result.Seq)
	return a.result, a.verdict
}

// attempt is one typed code on its way through the ledger.
type attempt struct {
	desk     Desk
	id       string
	mac      []byte // of the typed code
	now      time.Time
	failures int

	v       Verification
	result  Result
	verdict error
}

// spend counts the try before anything is compared.
func (a *attempt) spend(ctx context.Context, tx Tx) error {
	v, err := tx.Find(ctx, a.desk.Tenant, a.id)
	if err != nil {
		return err
	}
	if err := a.desk.owns(v); err != nil {
		return err
	}
	if !v.Method.ByCode() {
		return &Error{Code: CodeInvalid, Field: "code", Public: "This verification waits for the link, not for a code."}
	}
	spent, ok, err := tx.Try(ctx, v.Tenant, v.ID, a.now, a.failures)
	if err != nil {
		return err
	}
	if !ok {
		return v.refusal(a.now)
	}
	a.v = spent
	return nil
}

// judge compares, and records what came of it.
func (a *attempt) judge(ctx context.Context, tx Tx) error {
	right := subtle.ConstantTimeCompare(a.mac, a.v.Secret) == 1
	left := a.v.MaxTries - a.v.Tries
	e := Event{
		Tenant: a.v.Tenant, At: a.now, Verification: a.v.ID, Contact: a.v.Contact, Channel: a.v.Channel,
		By: Technician{ID: a.desk.Technician.ID, Name: a.desk.Technician.Name}, Method: a.v.Method,
	}
	shield := Shield{State: ShieldPending, Verification: a.v.ID, Method: a.v.Method, Until: a.v.ExpiresAt, TriesLeft: left}
	a.verdict = nil
	switch {
	case right:
		e.Kind, e.Until = EventVerified, a.now.Add(a.v.GreenFor)
		if err := succeed(ctx, tx, a.v, &e); err != nil {
			return err
		}
	default:
		e.Kind, e.TriesLeft = EventMismatch, left
		if err := tx.Append(ctx, &e); err != nil {
			return err
		}
		a.verdict = mismatch(left)
		if left == 0 {
			e = Event{
				Tenant: e.Tenant, At: a.now, Kind: EventFailed, Verification: e.Verification,
				Contact: e.Contact, Channel: e.Channel, Reason: ReasonSpent,
			}
			if err := end(ctx, tx, a.v, Failed, &e); err != nil {
				return err
			}
		}
	}
	a.result = Result{
		Verification: a.v.ID, Contact: a.v.Contact, Channel: a.v.Channel, Method: a.v.Method,
		Seq: e.Seq, Shield: shield.After(e),
	}
	return nil
}

func mismatch(left int) error {
	if left == 0 {
		return &Error{Code: CodeSpent, Public: "That code doesn't match, and it was the last try. Send a new code."}
	}
	tries := "tries"
	if left == 1 {
		tries = "try"
	}
	return &Error{Code: CodeMismatch, TriesLeft: left, Public: fmt.Sprintf("That code doesn't match. %d %s left.", left, tries)}
}

// succeed ends an open verification as verified and clears the contact's failures.
func succeed(ctx context.Context, tx Tx, v Verification, e *Event) error {
	if err := end(ctx, tx, v, Verified, e); err != nil {
		return err
	}
	return tx.ClearFailures(ctx, v.Tenant, v.Contact)
}

// end closes the verification and says so, or refuses because somebody else did.
func end(ctx context.Context, tx Tx, v Verification, outcome Outcome, e *Event) error {
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
		return &Error{Code: CodeSpent, Public: "This was used already. Each one works once."}
	case v.Outcome == Failed && v.MaxTries > 0 && v.Tries >= v.MaxTries:
		return &Error{Code: CodeSpent, Public: "This code is out of tries. Send a new one."}
	case v.Outcome != Open:
		return &Error{Code: CodeEnded, Public: "This verification has ended. Send a new one."}
	case !now.Before(v.ExpiresAt):
		return &Error{Code: CodeExpired, Public: "This has expired. Send a new one."}
	}
	return &Error{Code: CodeSpent, Public: "This code is out of tries. Send a new one."}
}

// owns tells whether the verification belongs to this desk's ticket and contacts.
// Another ticket's reads as none at all.
func (d Desk) owns(v Verification) error {
	if _, ok := d.Contact(v.Contact); !ok || v.Ticket != d.Ticket.ID {
		return notFound("There is no such verification on this ticket.")
	}
	return nil
}

// Cancel ends an open verification at the technician's wish.
// CodeSpent, CodeExpired, CodeEnded: it had ended already.
func (s *Service) Cancel(ctx context.Context, d Desk, id string) (Result, error) {
	now := s.Now()
	var result Result
	err := s.Ledger.Write(ctx, func(tx Tx) error {
		v, err := tx.Find(ctx, d.Tenant, id)
		if err != nil {
			return err
		}
		if err := d.owns(v); err != nil {
			return err
		}
		e := Event{
			Tenant: v.Tenant, At: now, Kind: EventCancelled, Verification: v.ID, Contact: v.Contact, Channel: v.Channel,
			By: Technician{ID: d.Technician.ID, Name: d.Technician.Name},
		}
		result = Result{Verification: v.ID, Contact: v.Contact, Channel: v.Channel, Method: v.Method}
		return end(ctx, tx, v, Cancelled, &e)
	})
	if err != nil {
		return Result{}, err
	}
	result, err = s.current(ctx, d.Tenant, result)
	s.Bus.Nudge(d.Tenant, result.Contact, result.Seq)
	return result, err
}
