package verify

import (
	"context"
	"crypto/subtle"
	"errors"
	"math"
	"slices"
	"time"
)

// Link is what a landing page may know of a verification.
type Link struct {
	Tenant     Tenant
	Technician string
	Ticket     string // number
	Language   string // of the message that brought it
	TimeZone   string // of the times in that message: an IANA name
	ExpiresAt  time.Time
	Outcome    Outcome  // Open: it can be validated
	Reason     Code     // of Failed
	Numbers    []string // under number matching, while open: those to pick from
	CanDeny    bool     // "I did not ask for this" is still taken
	DeniedLate bool     // it was said after the link had been used or had ended
}

// DenialWindow is for how long after its end a link still takes "I did not ask for this".
const DenialWindow = 24 * time.Hour

// tokenLength is that of 256 bits in unpadded base64url.
const tokenLength = 43

// Link reads a token and changes nothing. CodeNotFound: no such link.
func (s *Service) Link(ctx context.Context, token string) (Link, error) {
	v, err := s.byToken(ctx, token)
	if err != nil {
		return Link{}, err
	}
	link, _, err := s.link(ctx, v)
	return link, err
}

// Validate is the end user's yes: it turns the shield green, once. Under number matching picked must be the
// number that the technician says; a wrong one counts as a failure of the contact and ends the verification:
// CodeWrongCode. None at all decides nothing: CodeInvalid.
// CodeAlreadyUsed, CodeExpired, CodeVerificationEnded: too late, and Link says what became of it. CodeNotFound: no such link.
func (s *Service) Validate(ctx context.Context, token, picked string) (Link, error) {
	return s.decide(ctx, token, func(ctx context.Context, tx Tx, a linkAnswer) (Event, error) {
		if a.v.MaxTries > 0 {
			if e, ok, err := s.pick(ctx, tx, a, picked); !ok || err != nil {
				return e, err
			}
		}
		e := a.v.event(EventVerified, a.now)
		e.Until = a.now.Add(a.v.VerifiedFor)
		err := succeed(ctx, tx, a.v, &e)
		return e, err
	})
}

// pick compares the number that was picked; true: it is the right one. A wrong number ends the verification, and that
// end is kept: one guess is all that a link allows.
func (s *Service) pick(ctx context.Context, tx tryTx, a linkAnswer, picked string) (Event, bool, error) {
	all, right := s.Keys.grid(a.v.ID)
	if !slices.Contains(all, picked) {
		if a.v.Outcome != Open || !a.now.Before(a.v.ExpiresAt) {
			return Event{}, false, a.v.refusal(a.now)
		}
		return Event{}, false, &Error{Code: CodeInvalid, Field: "number", Public: "Pick the number that the technician tells you."}
	}
	v, open, err := tx.Try(ctx, a.v.Tenant, a.v.ID, a.now, math.MaxInt32) // a lock is on codes: a proven link clears it
	switch {
	case err != nil:
		return Event{}, false, err
	case !open:
		return Event{}, false, v.refusal(a.now)
	case subtle.ConstantTimeCompare([]byte(picked), []byte(right)) == 1:
		return Event{}, true, nil
	}
	e := v.event(EventFailed, a.now)
	e.Reason = ReasonNumber
	is, err := tx.Standing(ctx, v.Tenant, v.Contact, v.Destination)
	if err != nil {
		return Event{}, false, err
	}
	e.Failures = is.Failures
	if err := end(ctx, tx, v, Failed, &e); err != nil || e.Failures != a.lockAt {
		return e, false, err
	}
	return e, false, tx.Alert(ctx, e.locks(v))
}

// Deny is the end user's "I did not ask for this": it turns the shield red, ends the verification and all others of
// the contact that are under way, and locks the contact until an admin has looked into it. It is taken for
// [DenialWindow] after the link was used or has ended, too: then it turns red what the link had turned green.
// CodeVerificationEnded: it was denied before. CodeAlreadyUsed, CodeExpired, CodeVerificationEnded: too late. CodeNotFound: no such link.
func (s *Service) Deny(ctx context.Context, token string) (Link, error) {
	return s.decide(ctx, token, func(ctx context.Context, tx Tx, a linkAnswer) (Event, error) {
		v := a.v
		e := v.event(EventDenied, a.now)
		e.Locks = true
		if err := endOthers(ctx, tx, v, a.now); err != nil {
			return e, err
		}
		was, err := a.deny(ctx, tx, &e)
		if err != nil {
			return e, err
		}
		if err := tx.SetDenied(ctx, v.Tenant, v.Contact, true); err != nil {
			return e, err
		}
		return e, tx.Alert(ctx, e.alertOf(e.Kind, alertData{
			Verification: v.ID, Contact: v.Contact, Ticket: v.Ticket, Technician: v.Technician, Late: e.Late, Was: was,
		}))
	})
}

// denyTx is what "I did not ask for this" does in its transaction, beside its alert.
type denyTx interface {
	endTx
	Denials
}

// deny ends the verification as denied, or turns the end that it has had into a denial and tells what it was.
func (a linkAnswer) deny(ctx context.Context, tx denyTx, e *Event) (was Outcome, err error) {
	v, err := tx.Find(ctx, a.v.Tenant, a.v.ID)
	if err != nil {
		return "", err
	}
	ended, err := tx.End(ctx, v.Tenant, v.ID, Denied, a.now)
	if err != nil {
		return "", err
	}
	if !ended {
		late, err := tx.DenyEnded(ctx, v.Tenant, v.ID, a.now, a.now.Add(-DenialWindow))
		if err != nil {
			return "", err
		}
		if !late {
			return "", v.refusal(a.now)
		}
		if was = v.Outcome; was == Open {
			was = Expired
		}
		e.Late, e.By, e.Method, e.Ticket, e.Destination = true, a.entry.Technician, v.Method, Ticket{ID: v.Ticket}, v.Destination
	}
	return was, tx.Append(ctx, e)
}

// endOthers fails the other open verifications of the contact: they may come from the same caller.
func endOthers(ctx context.Context, tx denyTx, v Verification, now time.Time) error {
	others, err := tx.OpenByContact(ctx, v.Tenant, v.Contact, now)
	if err != nil {
		return err
	}
	for _, o := range others {
		if o.ID == v.ID {
			continue
		}
		e := o.event(EventFailed, now)
		e.Reason = ReasonDenied
		if err := end(ctx, tx, o, Failed, &e); err != nil {
			return err
		}
	}
	return nil
}

// Opened records, once, that a browser shows the landing page. It proves nothing and decides nothing.
func (s *Service) Opened(ctx context.Context, token string) error {
	v, err := s.byToken(ctx, token)
	if err != nil {
		return err
	}
	now := s.now()
	return s.write(ctx, v.Tenant, func(tx Tx) (Event, bool, error) {
		return progress(ctx, tx, now, v.Tenant, v.ID, Report{Kind: EventOpened})
	})
}

// linkAnswer is what a decision on a link starts from.
type linkAnswer struct {
	v      Verification
	now    time.Time
	lockAt int // failures at which the contact is locked
	entry  Entry
}

// decision writes what the end user decided and gives its event.
type decision func(context.Context, Tx, linkAnswer) (Event, error)

// decide finds the link, writes the decision and reports what became of the verification.
func (s *Service) decide(ctx context.Context, token string, write decision) (Link, error) {
	v, err := s.byToken(ctx, token)
	if err != nil {
		return Link{}, err
	}
	link, entry, err := s.link(ctx, v) // read before the write, so that nothing can fail after it
	if err != nil {
		return Link{}, err
	}
	rules, err := s.EffectivePolicy(ctx, v.Tenant, entry.Client)
	if err != nil {
		return Link{}, err
	}
	ask := linkAnswer{v: v, now: s.now(), lockAt: rules.FailuresBeforeLock, entry: entry}
	var written Event
	refused := s.Ledger.Write(ctx, v.Tenant, func(tx Tx) (err error) {
		written, err = write(ctx, tx, ask)
		return err
	})
	if refused != nil {
		link, _, err = s.link(ctx, v)
		return link, errors.Join(refused, err)
	}
	s.publish(written)
	s.Waker.Wake(WebhookJobs)
	link.Outcome, link.Reason, link.Numbers = outcomeOf[written.Kind], written.Reason, nil
	link.CanDeny, link.DeniedLate = written.Kind != EventDenied, written.Late
	if written.Kind == EventFailed {
		return link, &Error{Code: CodeWrongCode, Public: "That is not the number. Ask the technician for a new link."}
	}
	return link, nil
}

// canDeny tells whether "I did not ask for this" is still taken.
func (n Entry) canDeny(now time.Time) bool {
	return n.Outcome != Denied && (n.Outcome == Open || n.EndedAt.Add(DenialWindow).After(now))
}

func (v Verification) event(kind EventKind, at time.Time) Event {
	return Event{Tenant: v.Tenant, At: at, Kind: kind, Verification: v.ID, Contact: v.Contact, Channel: v.Channel}
}

func (s *Service) byToken(ctx context.Context, token string) (Verification, error) {
	unknown := notFound("This link is not one of ours, or it is incomplete.")
	if len(token) != tokenLength {
		return Verification{}, unknown
	}
	v, err := s.Ledger.BySecret(ctx, tokenHash(token))
	if CodeOf(err) == CodeNotFound {
		return Verification{}, unknown
	}
	return v, err
}

// link tells the page what the events say of the verification, and gives its entry.
func (s *Service) link(ctx context.Context, v Verification) (Link, Entry, error) {
	tenant, err := s.Tenants.Tenant(ctx, v.Tenant)
	if err != nil {
		return Link{}, Entry{}, err
	}
	events, err := s.Ledger.Recent(ctx, v.Tenant, []string{v.Contact}, shieldVerifications)
	if err != nil {
		return Link{}, Entry{}, err
	}
	now := s.now()
	for _, n := range Project(v.Contact, events, now).Entries {
		if n.Verification == v.ID {
			link := Link{
				Tenant: tenant, Technician: nameOrID(n.Technician), Ticket: n.Ticket.Number,
				Language: n.Language, TimeZone: n.TimeZone, ExpiresAt: n.ExpiresAt, Outcome: n.Outcome, Reason: n.Reason,
				CanDeny: n.canDeny(now), DeniedLate: n.DeniedAfter != "",
			}
			if n.Matching && n.Outcome == Open {
				link.Numbers, _ = s.Keys.grid(v.ID)
			}
			return link, n, nil
		}
	}
	return Link{}, Entry{}, notFound("This link is too old.")
}
