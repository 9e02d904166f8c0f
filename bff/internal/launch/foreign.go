package launch

import (
	"context"
	"errors"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
	launchcontext "github.com/shieldpod/shieldpod/sdk/context"
)

// openForeign exchanges a token of an issuer that signs claims of its own shape, read by its mapping.
func (s *Service) openForeign(ctx context.Context, page, issuer, token, nonce string) (Grant, error) {
	tenant, err := s.Tenants.Tenant(ctx, page)
	if verify.CodeOf(err) == verify.CodeNotFound {
		return Grant{}, refused(errors.New("no such tenant"))
	}
	if err != nil {
		return Grant{}, err
	}
	i, known := issuerNamed(tenant, issuer)
	if !known || len(i.Mapping) == 0 {
		return Grant{}, refused(errors.New("this issuer's tokens are no launch contexts, and nothing says how to read them"))
	}
	m, err := parseMapping(i.Mapping)
	if err != nil {
		return Grant{}, refused(err)
	}
	f, err := s.proveForeign(ctx, tenant, m, token)
	if err != nil {
		return Grant{}, err
	}
	if err := s.checkChallenge("", nonce); err != nil {
		return Grant{}, err
	}
	claims, err := m.read(f)
	if err != nil {
		return Grant{}, err
	}
	who := readable(verify.Technician{Email: claims.Actor.Email, Phone: claims.Actor.Phone}, tenant.Region)
	claims.Actor.Email, claims.Actor.Phone = who.Email, who.Phone
	return s.admit(ctx, tenant, claims)
}

// proveForeign checks the token against the issuer's keys: the one that it names, or the only one that there is.
func (s *Service) proveForeign(ctx context.Context, t verify.Tenant, m Mapping, token string) (launchcontext.Foreign, error) {
	want := launchcontext.ExpectForeign{Audience: m.Audience, Types: m.Types, Now: s.Now}
	if want.Audience == "" {
		want.Audience = s.Audience
	}
	var down error
	want.Keys = func(u launchcontext.Unverified) (key launchcontext.VerificationKey, err error) {
		if u.KeyID == "" {
			return onlyKey(t, u.Issuer)
		}
		if key, err = s.key(ctx, t, u.Issuer, u.KeyID); verify.CodeOf(err) != "" {
			down = err
		}
		return key, err
	}
	f, err := launchcontext.VerifyForeign(token, want)
	if down != nil {
		err = down
	}
	return f, refused(err)
}

// lookUp reads a ticket that is only named, and the people of its client.
func (s *Service) lookUp(ctx context.Context, t verify.Tenant, system, ticket string) (launchcontext.Context, error) {
	x, err := s.Tickets.Case(ctx, t, system, ticket)
	switch {
	case verify.CodeOf(err) == verify.CodeNotFound:
		return x, unconnected(t, err)
	case err != nil:
		return x, ofPSA(err)
	case x.Ticket.ID != ticket:
		return x, &verify.Error{Code: verify.CodeTicket, Public: publicTicket, Err: errors.New("the ticket system gave another ticket")}
	}
	x.PSA = system
	return x, nil
}
