package verify

import "context"

// Report is what a carrier, or the courier that asked it, says became of a message.
// It is never a proof: no report turns a shield green.
type Report struct {
	Kind    EventKind // delayed, unsure, sent, delivered, failed
	Reason  Code      // of delayed and failed
	Carrier string    // of sent
}

// Delivered records a report on the job of that id, which is its verification's.
// Reports may come late, twice or in any order: one that says nothing new, or comes
// after the verification has ended, changes nothing and is no error.
// CodeNotFound: the tenant has no such job. CodeInvalid: Kind is none of a report's.
func (s *Service) Delivered(ctx context.Context, tenant, job string, r Report) error {
	switch r.Kind {
	case EventDelayed, EventUnsure, EventSent, EventDelivered:
		return s.advance(ctx, tenant, job, r)
	case EventFailed:
		return s.undeliverable(ctx, tenant, job, r)
	}
	return &Error{Code: CodeInvalid, Field: "kind", Public: "This is not a delivery report."}
}

func (s *Service) advance(ctx context.Context, tenant, id string, r Report) error {
	now := s.now()
	return s.write(ctx, func(tx Tx) (Event, bool, error) {
		v, err := tx.Find(ctx, tenant, id)
		if err != nil {
			return Event{}, false, err
		}
		moved, err := tx.Advance(ctx, tenant, id, stageOf[r.Kind], now)
		if err != nil || !moved {
			return Event{}, false, err
		}
		e := v.event(r.Kind, now)
		e.Reason, e.Carrier = r.Reason, r.Carrier
		err = tx.Append(ctx, &e)
		return e, true, err
	})
}

func (s *Service) undeliverable(ctx context.Context, tenant, id string, r Report) error {
	now := s.now()
	return s.write(ctx, func(tx Tx) (Event, bool, error) {
		v, err := tx.Find(ctx, tenant, id)
		if err != nil {
			return Event{}, false, err
		}
		ended, err := tx.End(ctx, tenant, id, Failed, now)
		if err != nil || !ended {
			return Event{}, false, err
		}
		e := v.event(EventFailed, now)
		e.Reason = r.Reason
		err = tx.Append(ctx, &e)
		return e, true, err
	})
}

// write takes one step and, if something new came of it, whispers.
func (s *Service) write(ctx context.Context, step func(Tx) (Event, bool, error)) error {
	var e Event
	var fresh bool
	err := s.Ledger.Write(ctx, func(tx Tx) (err error) {
		e, fresh, err = step(tx)
		return err
	})
	if err == nil && fresh {
		s.tell(e)
	}
	return err
}

// tell lets everybody know of an event that is durable.
func (s *Service) tell(e Event) {
	s.Bus.Nudge(e.Tenant, e.Contact, e.Seq)
	if _, ends := outcomeOf[e.Kind]; ends && s.Noter != nil {
		s.Noter.WakeNotes()
	}
}
