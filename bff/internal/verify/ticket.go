package verify

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/locale"
	"github.com/shieldpod/shieldpod/bff/internal/policy"
)

// NoteJob is a result on its way to the ticket. It is the only record beside a ticket context that
// holds the contact's name, sealed, and only until done.
type NoteJob struct {
	Verification string
	Tenant       string
	System       string // the ticket's
	Ticket       string // its id there
	Contact      string
	Name         string // the contact's
	Seq          int64  // of the request
	DueAt        time.Time
	Attempts     int // writes begun before this one
}

// note is what goes onto the ticket of a verification that begins with e; nil: nothing does.
func (d TicketContext) note(e Event, c Contact, p policy.Policy) *NoteJob {
	if !d.TakesNotes || !p.TicketNote {
		return nil
	}
	return &NoteJob{
		Verification: e.Verification, Tenant: d.Tenant, System: d.Ticket.PSA, Ticket: d.Ticket.ID,
		Contact: c.ID, Name: c.Name, DueAt: e.Until,
	}
}

// NoteText gives the text of a note that is due, with times as the client's people read them. A contact whose name is
// no longer kept goes by the id that the ticket system has for them. CodeNotFound: there is no such verification.
func (s *Service) NoteText(ctx context.Context, j NoteJob) (string, error) {
	events, err := s.Ledger.Page(ctx, j.Tenant, j.Contact, j.Seq+1, 1)
	if err != nil {
		return "", err
	}
	for _, n := range Project(j.Contact, events, s.now()).Entries {
		if n.Verification != j.Verification {
			continue
		}
		rules, err := s.EffectivePolicy(ctx, j.Tenant, n.Client)
		if err != nil {
			return "", err
		}
		return Note(cmp.Or(j.Name, j.Contact), n, locale.Zone(rules.TimeZone)), nil
	}
	return "", &Error{Code: CodeNotFound, Public: "There is no such verification.", Err: fmt.Errorf("verification %s has no request numbered %d", j.Verification, j.Seq)}
}

// NoteWritten records, once, that a result stands on its ticket.
func (s *Service) NoteWritten(ctx context.Context, j NoteJob) error {
	now := s.now()
	return s.write(ctx, j.Tenant, func(tx Tx) (Event, bool, error) {
		fresh, err := tx.SettleNote(ctx, j)
		if err != nil || !fresh {
			return Event{}, false, err
		}
		v, err := tx.Find(ctx, j.Tenant, j.Verification)
		if err != nil {
			return Event{}, false, err
		}
		e := v.event(EventNoteWritten, now)
		err = tx.Append(ctx, &e)
		return e, true, err
	})
}
