package launch

import (
	"context"
	"errors"
	"net/netip"
	"slices"

	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// HostedLaunch is the request of a pod in a ticket system's own frame. All of it comes from a browser.
type HostedLaunch struct {
	Tenant string
	From   netip.Addr // source address of the request
	Origin string     // of the page that embeds the pod; may be empty
	System string     // whose frame it is, by its name in launch contexts
	Ticket string
	Screen string
	Member psa.Member
}

// OpenHosted opens a session for a member whose live session in the ticket system is confirmed, on a ticket that the
// member may see there. The member and the ticket are requested in parallel; the session opens only when both are
// confirmed. CodeMember: the ticket system does not confirm the member, or the tenant is unknown. CodeTicket: no such
// ticket for this member. CodeContact: the ticket has no contact to select first. CodePSABusy: too many unknown
// members, or the ticket system says so. CodePSADown, CodePSAMisconfigured: no usable answer. A refusal stores nothing.
func (s *Service) OpenHosted(ctx context.Context, l HostedLaunch) (Grant, error) {
	if err := s.prepare(); err != nil {
		return Grant{}, err
	}
	tenant, err := s.Tenants.Tenant(ctx, l.Tenant)
	switch {
	case verify.CodeOf(err) == verify.CodeNotFound:
		return Grant{}, s.productOf(l.System).MemberRefused(err)
	case err != nil:
		return Grant{}, err
	case l.Origin != "" && !slices.Contains(tenant.Origins, l.Origin):
		return Grant{}, unusable("origin", "is not one of the tenant's")
	}
	who, x, err := s.readHosted(ctx, tenant, l)
	if err != nil {
		return Grant{}, err
	}
	tc, err := s.newTicketContext(tenant, dropUnusable(who, tenant.Region), x, true)
	if err != nil {
		return Grant{}, err
	}
	return s.grant(ctx, tenant, tc, sessionOptions{origin: l.Origin, lifetime: HostedLifetime})
}

// readHosted verifies the member and reads the ticket as that member sees it, in parallel.
func (s *Service) readHosted(ctx context.Context, tenant verify.Tenant, l HostedLaunch) (verify.Technician, launchcontext.Context, error) {
	release, limited, err := s.limiter.acquire(tenant.ID, l.From, s.memberKeyOf(tenant.ID, l.Member),
		s.memberKeyOf(tenant.ID, psa.Member{ID: l.Member.ID}), s.Now())
	if limited && s.UnknownMembers != nil {
		s.UnknownMembers(tenant.ID, l.From)
	}
	if errors.Is(err, errRefusedRecently) {
		err = s.productOf(l.System).MemberRefused(err)
	}
	if err != nil {
		return verify.Technician{}, launchcontext.Context{}, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // cancels the ticket request if the member is refused
	type answer struct {
		x   launchcontext.Context
		err error
	}
	read := make(chan answer, 1)
	go func() {
		x, err := s.Hosted.TicketAsMember(ctx, tenant, l.System, l.Member, l.Ticket, l.Screen)
		read <- answer{x, err}
	}()
	who, err := s.Hosted.VerifyMember(ctx, tenant, l.System, l.Member)
	if err == nil && who.ID == "" {
		err = s.productOf(l.System).MemberRefused(errors.New("the ticket system confirmed nobody"))
	}
	release(err)
	if err != nil {
		return verify.Technician{}, launchcontext.Context{}, psaFailure(err)
	}
	ticket := <-read
	if ticket.err == nil && ticket.x.Ticket.ID != l.Ticket {
		ticket.err = &verify.Error{Code: verify.CodeTicket, Public: publicTicket, Err: errors.New("the ticket system gave another ticket")}
	}
	ticket.x.PSA = l.System
	return who, ticket.x, psaFailure(ticket.err)
}

// dropUnusable removes an address or number from a member's record that can't be compared with a contact's.
func dropUnusable(who verify.Technician, region string) verify.Technician {
	if len(email(who.Email).Forms()) == 0 {
		who.Email = ""
	}
	if len(phone(who.Phone, region, nil).Forms()) == 0 {
		who.Phone = ""
	}
	return who
}

// productOf gives the product of a name.
func (s *Service) productOf(name string) psa.Product {
	for _, p := range s.Products {
		if p.Name == name {
			return p
		}
	}
	return psa.Product{Name: name, Title: "The ticket system"}
}
