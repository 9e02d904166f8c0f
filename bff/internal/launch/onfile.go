package launch

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// onFileFreshFor is how long after a launch a destination that was read from a ticket system is used without reading it
// again.
const onFileFreshFor = 5 * time.Minute

// readContacts reads the client's people for a context without contacts.
func (s *Service) readContacts(ctx context.Context, t verify.Tenant, x launchcontext.Context) ([]launchcontext.Contact, error) {
	contacts, err := s.Tickets.Contacts(ctx, t, x.PSA, x.Client.ID, x.Contact.ID)
	if verify.CodeOf(err) == verify.CodeNotFound {
		return nil, noConnection(t, err)
	}
	return contacts, psaFailure(err)
}

// RecheckContact compares a channel of a session that has been open for some minutes with the ticket system's present
// data: no message goes to a destination that was removed there. A ticket context whose contacts came with a launch
// context is not compared: the vendor signed it. CodeSessionEnded: the contact has changed. The session has ended, so
// the pod launches again and shows the present data. Without the ticket system: CodePSADown, CodePSABusy,
// CodePSAMisconfigured.
func (s *Service) RecheckContact(ctx context.Context, session verify.Session, contact, channel string) error {
	d := session.Context
	c, _ := d.Contact(contact)
	ch, known := c.Channel(channel)
	if !d.OnFile || !known || ch.Unusable != "" || s.Now().Sub(session.OpenedAt) < onFileFreshFor {
		return nil // the sender refuses a channel that is not in the ticket context
	}
	tenant, err := s.Tenants.Tenant(ctx, d.Tenant)
	if err != nil {
		return err
	}
	prefix := s.idPrefix(d.Ticket.PSA)
	id := strings.TrimPrefix(contact, prefix)
	list, err := s.Tickets.Contacts(ctx, tenant, d.Ticket.PSA, strings.TrimPrefix(d.Client.ID, prefix), id)
	if err != nil && verify.CodeOf(err) != verify.CodeNotFound {
		return psaFailure(err)
	}
	r := s.newReader(tenant, d.Ticket.PSA, s.Now())
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
	return &verify.Error{Code: verify.CodeSessionEnded, Public: publicChanged, Err: errors.New("the contact has changed on file")}
}

// CheckContacts reads contacts that are pushed to the directory as launches will read them, and lists the unusable
// channels: pods show them with the reason. CodeInvalid: Field names the unusable value.
func (s *Service) CheckContacts(
	t verify.Tenant, system string, list []launchcontext.Contact, now time.Time,
) (read []verify.Contact, unreachable []string, err error) {
	r := s.newReader(t, system, now)
	read = r.contacts(list)
	if err := pushRefusal(r.fault, "A contact can't be used: its field "); err != nil {
		return nil, nil, err
	}
	for _, field := range r.unusableChannels {
		unreachable = append(unreachable, strings.TrimPrefix(field, "ctx."))
	}
	return read, unreachable, nil
}

// CheckDirectoryScope refuses a ticket system or a client that no context can name: its contacts would never be found.
// CodeInvalid: Field names the value.
func (s *Service) CheckDirectoryScope(system, client string) error {
	r := s.newReader(verify.Tenant{}, system, time.Time{})
	r.exact("psa", system, maxLabel)
	r.prefixed("client_id", client)
	return pushRefusal(r.fault, "No launch context can name this: it ")
}

// CheckClientID refuses the id of a client that no launch could have. CodeInvalid, of client_id.
func CheckClientID(id string) error {
	var r reader
	r.id("client_id", id)
	return pushRefusal(r.fault, "No launch context can name this: it ")
}

// pushRefusal converts a launch's refusal to the refusal of a push.
func pushRefusal(refusal error, public string) error {
	var fault *verify.Error
	if !errors.As(refusal, &fault) {
		return nil
	}
	return &verify.Error{
		Code: verify.CodeInvalid, Field: strings.TrimPrefix(fault.Field, "ctx."), Err: fault.Err, Public: public + fault.Err.Error() + ".",
	}
}
