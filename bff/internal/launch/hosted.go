package launch

import (
	"context"
	"errors"
	"net/netip"
	"slices"

	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	launchcontext "github.com/shieldpod/shieldpod/sdk/context"
)

// HostedLaunch is what a pod in ConnectWise's own frame says. All of it comes from a browser.
type HostedLaunch struct {
	Tenant string
	From   netip.Addr // that the request comes from
	Origin string     // of the page that the pod talks to; may be empty
	Ticket string
	Screen string
	Member psa.Member
}

// OpenHosted opens a session for a member whose live session in the ticket system is theirs, on a ticket that the member
// may see there. The member and the ticket are asked for at the same time, and nothing is believed before both are told.
// CodeMember: the ticket system does not confirm the member; an unknown tenant is told alike. CodeTicket: no such ticket for
// this member. CodeContact: it has no contact to choose first. CodePSABusy: too many that nobody knows yet, or the ticket system says so.
// CodePSADown, CodePSAMisconfigured: there was no sound answer. Whatever the refusal, nothing is stored.
func (s *Service) OpenHosted(ctx context.Context, l HostedLaunch) (Grant, error) {
	if err := s.prepare(); err != nil {
		return Grant{}, err
	}
	tenant, err := s.Tenants.Tenant(ctx, l.Tenant)
	switch {
	case verify.CodeOf(err) == verify.CodeNotFound:
		return Grant{}, noMember(err)
	case err != nil:
		return Grant{}, err
	case l.Origin != "" && !slices.Contains(tenant.Origins, l.Origin):
		return Grant{}, unusable("origin", "is not one of the tenant's")
	}
	if s.Hosted == nil {
		return Grant{}, &verify.Error{Code: verify.CodePSAMisconfigured, Public: publicUnhosted}
	}
	who, x, err := s.host(ctx, tenant, l)
	if err != nil {
		return Grant{}, err
	}
	desk, err := deskOf(tenant, readable(who, tenant.Region), x, true, s.Now(), s.Log)
	if err != nil {
		return Grant{}, err
	}
	return s.grant(ctx, tenant, desk, proof{origin: l.Origin, lasts: HostedLifetime})
}

// host asks who the member is, and for the ticket as that member sees it, side by side.
func (s *Service) host(ctx context.Context, tenant verify.Tenant, l HostedLaunch) (verify.Technician, launchcontext.Context, error) {
	leave, limited, err := s.gate.enter(tenant.ID, l.From, s.remembered(tenant.ID, l.Member), s.remembered(tenant.ID, psa.Member{ID: l.Member.ID}), s.Now())
	if limited && s.Strangers != nil {
		s.Strangers(tenant.ID, l.From)
	}
	if err != nil {
		return verify.Technician{}, launchcontext.Context{}, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // a ticket that nobody may see any more need not be waited for
	type answer struct {
		x   launchcontext.Context
		err error
	}
	read := make(chan answer, 1)
	go func() {
		x, err := s.Hosted.Case(ctx, tenant, l.Member, l.Ticket, l.Screen)
		read <- answer{x, err}
	}()
	who, err := s.Hosted.Prove(ctx, tenant, l.Member)
	if err == nil && who.ID == "" {
		err = noMember(errors.New("the ticket system confirmed nobody"))
	}
	leave(err)
	if err != nil {
		return verify.Technician{}, launchcontext.Context{}, ofPSA(err)
	}
	ticket := <-read
	if ticket.err == nil && ticket.x.Ticket.ID != l.Ticket {
		ticket.err = &verify.Error{Code: verify.CodeTicket, Public: publicTicket, Err: errors.New("the ticket system gave another ticket")}
	}
	ticket.x.PSA = psa.ConnectWise
	return who, ticket.x, ofPSA(ticket.err)
}

// readable leaves out of a member's own record what nothing can be compared with.
func readable(who verify.Technician, region string) verify.Technician {
	if len(email(who.Email).Forms()) == 0 {
		who.Email = ""
	}
	if len(phone(who.Phone, region, nil).Forms()) == 0 {
		who.Phone = ""
	}
	return who
}

func noMember(cause error) error {
	return &verify.Error{Code: verify.CodeMember, Public: publicMember, Err: cause}
}
