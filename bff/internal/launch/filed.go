package launch

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
	launchcontext "github.com/shieldpod/shieldpod/sdk/context"
)

// filedFresh is for how long what was read of a ticket system at launch is sent to without looking again.
const filedFresh = 5 * time.Minute

// onFile reads the client's people, whom a context does not bring.
func (s *Service) onFile(ctx context.Context, t verify.Tenant, x launchcontext.Context) ([]launchcontext.Contact, error) {
	contacts, err := s.Tickets.Contacts(ctx, t, x.PSA, x.Client.ID, x.Contact.ID)
	if verify.CodeOf(err) == verify.CodeNotFound {
		return nil, unconnected(t, err)
	}
	return contacts, ofPSA(err)
}

// Confirm holds a channel of a session that has been open for some minutes against what the ticket system has on file now:
// a message goes to no destination that was taken off it. A desk that came whole with its context is what the vendor
// vouched for, and stands.
// CodeSessionEnded: the contact has changed, and the session has ended, so that the pod launches again and shows what is true.
// With the ticket system gone: CodePSADown, CodePSABusy, CodePSAMisconfigured.
func (s *Service) Confirm(ctx context.Context, session verify.Session, contact, channel string) error {
	d := session.Desk
	c, _ := d.Contact(contact)
	ch, known := c.Channel(channel)
	if !d.Filed || !known || ch.Unusable != "" || s.Now().Sub(session.OpenedAt) < filedFresh {
		return nil // what is not on the desk is refused by whoever sends
	}
	tenant, err := s.Tenants.Tenant(ctx, d.Tenant)
	if err != nil {
		return err
	}
	scope := scopeOf(d.Ticket.PSA)
	id := strings.TrimPrefix(contact, scope)
	list, err := s.Tickets.Contacts(ctx, tenant, d.Ticket.PSA, strings.TrimPrefix(d.Client.ID, scope), id)
	if err != nil && verify.CodeOf(err) != verify.CodeNotFound {
		return ofPSA(err)
	}
	r := &reader{region: tenant.Region, now: s.Now(), scope: scope}
	for _, now := range list {
		if now.ID == id && slices.ContainsFunc(r.channels("", now.Channels), func(has verify.Channel) bool {
			return has.Unusable == "" && has.SameDestination(ch)
		}) {
			return nil
		}
	}
	if err := s.End(ctx, session); err != nil {
		return err
	}
	return &verify.Error{Code: verify.CodeSessionEnded, Public: publicMoved, Err: errors.New("the contact has changed on file")}
}

// CheckContacts reads contacts that are pushed onto file as launches will read them, and names the channels that can't
// be used: pods show them with the reason. CodeInvalid: Field says which value can't be used.
func CheckContacts(t verify.Tenant, system string, list []launchcontext.Contact, now time.Time) (read []verify.Contact, unreachable []string, err error) {
	r := &reader{region: t.Region, now: now, scope: scopeOf(system)}
	read = r.contacts(list)
	if err := pushable(r.fault, "A contact can't be used: its field "); err != nil {
		return nil, nil, err
	}
	for _, field := range r.lost {
		unreachable = append(unreachable, strings.TrimPrefix(field, "ctx."))
	}
	return read, unreachable, nil
}

// CheckClientele refuses a ticket system or a client that no context can name: nobody would find whom it was pushed for.
// CodeInvalid: Field says which.
func CheckClientele(system, client string) error {
	r := &reader{scope: scopeOf(system)}
	r.exact("psa", system, maxLabel)
	r.scoped("client_id", client)
	return pushable(r.fault, "No launch context can name this: it ")
}

// CheckClient refuses the id of a client that no launch could give one. CodeInvalid, of client_id.
func CheckClient(id string) error {
	var r reader
	r.id("client_id", id)
	return pushable(r.fault, "No launch context can name this: it ")
}

// pushable is a launch's refusal as whoever pushes is told it.
func pushable(refusal error, public string) error {
	var fault *verify.Error
	if !errors.As(refusal, &fault) {
		return nil
	}
	return &verify.Error{
		Code: verify.CodeInvalid, Field: strings.TrimPrefix(fault.Field, "ctx."), Err: fault.Err, Public: public + fault.Err.Error() + ".",
	}
}
