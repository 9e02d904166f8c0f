package verify

import (
	"context"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
)

// Report is what a carrier, or the courier that asked it, says became of a message.
// It is never a proof: no report turns a shield green.
type Report struct {
	Kind    EventKind // delayed, indeterminate, sent, delivered, failed
	Reason  Code      // of delayed and failed
	Carrier string    // of sent
}

// RecordReport records a report on the job of that id, which is its verification's.
// Reports may come late, twice or in any order: one that says nothing new, or comes
// after the verification has ended, changes nothing and is no error.
// CodeNotFound: the tenant has no such job. CodeInvalid: Kind is none of a report's.
func (s *Service) RecordReport(ctx context.Context, tenant, job string, r Report) error {
	now := s.now()
	return s.write(ctx, tenant, func(tx Tx) (Event, bool, error) { return deliveryOf(ctx, tx, now, tenant, job, r) })
}

// JobReport is a report on one of many jobs.
type JobReport struct {
	Job string
	Report
}

// RecordReports records reports on a tenant's jobs in their order, all of them in one transaction or none. Those on
// jobs that the tenant does not have are passed over, and counted.
func (s *Service) RecordReports(ctx context.Context, tenant string, reports []JobReport) (unknown int, err error) {
	now := s.now()
	var told []Event
	err = s.Ledger.Write(ctx, tenant, func(tx Tx) error {
		told, unknown = nil, 0 // a step may be run again
		for _, r := range reports {
			e, fresh, err := deliveryOf(ctx, tx, now, tenant, r.Job, r.Report)
			switch {
			case CodeOf(err) == CodeNotFound:
				unknown++
			case err != nil:
				return err
			case fresh:
				told = append(told, e)
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	for _, e := range told {
		s.publish(e)
	}
	return unknown, nil
}

// deliveryTx is what a report does in its transaction.
type deliveryTx interface {
	endTx
	Deliveries
}

// deliveryOf writes one report down, if it says anything new.
func deliveryOf(ctx context.Context, tx deliveryTx, now time.Time, tenant, id string, r Report) (Event, bool, error) {
	switch r.Kind {
	case EventDelayed, EventIndeterminate, EventSent, EventDelivered, EventFailed:
		return progress(ctx, tx, now, tenant, id, r)
	}
	return Event{}, false, &Error{Code: CodeInvalid, Field: "kind", Public: "This is not a delivery report."}
}

// progress is what a report makes of the message: it has come further, or has failed.
func progress(ctx context.Context, tx deliveryTx, now time.Time, tenant, id string, r Report) (Event, bool, error) {
	v, err := tx.Find(ctx, tenant, id)
	if err != nil {
		return Event{}, false, err
	}
	var fresh bool
	if r.Kind == EventFailed {
		fresh, err = tx.End(ctx, tenant, id, Failed, now)
	} else {
		fresh, err = tx.Advance(ctx, tenant, id, stageOf[r.Kind], now)
	}
	if err == nil && fresh && r.Kind == EventFailed && suppresses(r.Reason) && v.Method.Kind() == channel.Phone {
		err = tx.Suppress(ctx, v, r.Reason, now)
	}
	if err != nil || !fresh {
		return Event{}, false, err
	}
	e := v.event(r.Kind, now)
	e.Reason, e.Carrier = r.Reason, r.Carrier
	err = tx.Append(ctx, &e)
	return e, true, err
}

// write runs one step and, if it appended an event, publishes that event.
func (s *Service) write(ctx context.Context, tenant string, step func(Tx) (Event, bool, error)) error {
	var e Event
	var fresh bool
	err := s.Ledger.Write(ctx, tenant, func(tx Tx) (err error) {
		e, fresh, err = step(tx)
		return err
	})
	if err == nil && fresh {
		s.publish(e)
	}
	return err
}

// publish notifies the pods and the note worker of an event that is committed.
func (s *Service) publish(e Event) {
	s.Notifier.Notify(e.Tenant, e.Contact, e.Seq)
	if _, ends := outcomeOf[e.Kind]; ends {
		s.Waker.Wake(NoteJobs)
	}
}
