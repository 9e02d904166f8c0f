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
	ExpiresAt  time.Time
	Outcome    Outcome  // Open: it can be validated
	Reason     Code     // of Failed
	Numbers    []string // under number matching, while open: those to pick from
}

// tokenLength is that of 256 bits in unpadded base64url.
const tokenLength = 43

// Link looks a token up and changes nothing, however often it is called. CodeNotFound: no such link.
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
// CodeMismatch. None at all decides nothing: CodeInvalid.
// CodeSpent, CodeExpired, CodeEnded: too late, and Link says what became of it. CodeNotFound: no such link.
func (s *Service) Validate(ctx context.Context, token, picked string) (Link, error) {
	return s.answer(ctx, token, func(ctx context.Context, tx Tx, a asked) (Event, error) {
		if a.v.MaxTries > 0 {
			if e, ok, err := s.pick(ctx, tx, a, picked); !ok || err != nil {
				return e, err
			}
		}
		e := a.v.event(EventVerified, a.now)
		e.Until = a.now.Add(a.v.GreenFor)
		err := succeed(ctx, tx, a.v, &e)
		return e, err
	})
}

// pick judges the number picked; true: it is the right one. A wrong one ends the verification, which is
// not undone: whoever guesses guesses once.
func (s *Service) pick(ctx context.Context, tx Tx, a asked, picked string) (Event, bool, error) {
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
	if e.Failures, err = tx.Failures(ctx, v.Tenant, v.Contact); err != nil {
		return Event{}, false, err
	}
	if err := end(ctx, tx, v, Failed, &e); err != nil || e.Failures != a.lockAt {
		return e, false, err
	}
	return e, false, tx.Alert(ctx, e.locks(v))
}

// Deny is the end user's "I did not ask for this": it turns the shield red, ends the verification and all others of
// the contact that are under way, and locks the contact until an admin has looked into it. It refuses as Validate does.
func (s *Service) Deny(ctx context.Context, token string) (Link, error) {
	return s.answer(ctx, token, func(ctx context.Context, tx Tx, a asked) (Event, error) {
		v := a.v
		e := v.event(EventDenied, a.now)
		e.Locks = true
		if err := endOthers(ctx, tx, v, a.now); err != nil {
			return e, err
		}
		if err := end(ctx, tx, v, Denied, &e); err != nil {
			return e, err
		}
		if err := tx.SetDenied(ctx, v.Tenant, v.Contact, true); err != nil {
			return e, err
		}
		return e, tx.Alert(ctx, e.alertOf(e.Kind, alertData{
			Verification: v.ID, Contact: v.Contact, Ticket: v.Ticket, Technician: v.Technician,
		}))
	})
}

// endOthers fails what else of the contact is under way: whoever asked for this may have asked for that too.
func endOthers(ctx context.Context, tx Tx, v Verification, now time.Time) error {
	others, err := tx.Under(ctx, v.Tenant, v.Contact, now)
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
	return s.write(ctx, func(tx Tx) (Event, bool, error) {
		return progress(ctx, tx, now, v.Tenant, v.ID, Report{Kind: EventOpened})
	})
}

// asked is a link that is answered.
type asked struct {
	v      Verification
	now    time.Time
	lockAt int // so many failures lock its contact
}

type answer func(context.Context, Tx, asked) (Event, error)

func (s *Service) answer(ctx context.Context, token string, say answer) (Link, error) {
	v, err := s.byToken(ctx, token)
	if err != nil {
		return Link{}, err
	}
	link, entry, err := s.link(ctx, v) // first: once the answer stands, nothing may keep the page from saying so
	if err != nil {
		return Link{}, err
	}
	rules, err := s.Rules(ctx, v.Tenant, entry.Client)
	if err != nil {
		return Link{}, err
	}
	ask := asked{v: v, now: s.now(), lockAt: rules.FailuresBeforeLock}
	var said Event
	refused := s.Ledger.Write(ctx, func(tx Tx) (err error) {
		said, err = say(ctx, tx, ask)
		return err
	})
	if refused != nil {
		link, _, err = s.link(ctx, v)
		return link, errors.Join(refused, err)
	}
	s.tell(said)
	s.Alerter.WakeAlerts()
	link.Outcome, link.Reason, link.Numbers = outcomeOf[said.Kind], said.Reason, nil
	if said.Kind == EventFailed {
		return link, &Error{Code: CodeMismatch, Public: "That is not the number. Ask the technician for a new link."}
	}
	return link, nil
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
	for _, n := range Read(v.Contact, events, s.now()).Entries {
		if n.Verification == v.ID {
			link := Link{
				Tenant: tenant, Technician: nameOrID(n.Technician), Ticket: n.Ticket.Number,
				Language: n.Language, ExpiresAt: n.ExpiresAt, Outcome: n.Outcome, Reason: n.Reason,
			}
			if n.Matching && n.Outcome == Open {
				link.Numbers, _ = s.Keys.grid(v.ID)
			}
			return link, n, nil
		}
	}
	return Link{}, Entry{}, notFound("This link is too old.")
}
