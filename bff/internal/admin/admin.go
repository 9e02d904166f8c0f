// Package admin is the core of administration: tenants and whom they trust, carrier accounts, connections to ticket
// systems, API keys, policies, branding, locks and sessions.
//
// Each act is a method of [Service] that takes an [Actor]. It validates what it is given, changes the records and
// appends one event to the tenant's log, in one transaction. An act that changes nothing appends nothing. Secrets are
// named in events, never shown. The package imports the standard library, sdk/strictjson and packages of the core. Start with
// [Service].
package admin

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// Service performs administrative acts. All fields but Notifier and Changed are required.
type Service struct {
	Ledger   Ledger
	Tenants  verify.Tenants
	Sessions Sessions
	APIKeys  APIKeys
	Checks   Checks
	Notifier verify.Notifier     // nil: nodes find out by their polls
	Changed  func(tenant string) // called after each act: discards what this process has cached of the tenant; may be nil
	Now      func() time.Time
	Entropy  io.Reader
}

// Actor is who performs an act.
type Actor struct {
	Kind verify.ActorKind
	ID   string // of a user of the machine its login name, of an API key its id
	Name string // for people; may be empty
}

// String names the actor for people.
func (a Actor) String() string {
	if a.Name == "" || a.Name == a.ID {
		return a.ID
	}
	return fmt.Sprintf("%s (%s)", a.Name, a.ID)
}

// act is an act under way: its transaction and its events.
type act struct {
	Tx
	by     Actor
	tenant string
	at     time.Time
	last   verify.Event // that was appended
}

// perform runs an act in one transaction and, after its commit, tells other nodes of its last event.
// CodeInvalid: the actor is not named.
func (s *Service) perform(ctx context.Context, by Actor, tenant string, do func(*act) error) error {
	if by.Kind == "" || by.ID == "" {
		return invalid("actor", "An administrative act has a named actor.")
	}
	var done *act
	err := s.Ledger.Administer(ctx, tenant, func(tx Tx) error {
		done = &act{Tx: tx, by: by, tenant: tenant, at: s.Now().UTC().Truncate(time.Millisecond)} // the transaction may be run again
		return do(done)
	})
	if err != nil || done.last.Seq == 0 {
		return err
	}
	if s.Changed != nil {
		s.Changed(tenant)
	}
	if s.Notifier != nil {
		s.Notifier.Notify(tenant, done.last.Contact, done.last.Seq)
	}
	return nil
}

// apply writes a change and appends its event. Without changes it does neither.
func (a *act) apply(ctx context.Context, e verify.Event, write func() error) error {
	if len(e.Changes) == 0 {
		return nil
	}
	if err := write(); err != nil {
		return err
	}
	e.Tenant, e.At, e.ActorKind = a.tenant, a.at, a.by.Kind
	e.By = verify.Technician{ID: a.by.ID, Name: a.by.Name}
	if err := a.Append(ctx, &e); err != nil {
		return err
	}
	a.last = e
	return nil
}

// invalid is a refusal of a value.
func invalid(field, format string, args ...any) error {
	return &verify.Error{Code: verify.CodeInvalid, Field: field, Public: fmt.Sprintf(format, args...)}
}

// missing is the refusal to remove a record that is not there.
func missing(public string) error { return &verify.Error{Code: verify.CodeNotFound, Public: public} }

// refused is the refusal of a check, as one of the named field. An error with a code stays as it is.
func refused(field string, err error) error {
	if err == nil || verify.CodeOf(err) != "" {
		return err
	}
	return &verify.Error{Code: verify.CodeInvalid, Field: field, Public: err.Error(), Err: err}
}
