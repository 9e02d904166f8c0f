package launch

import (
	"context"
	"errors"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// openMapped exchanges a mapped token: a token with claims of the issuer's own shape, read by the issuer's mapping.
func (s *Service) openMapped(ctx context.Context, page, issuer, token, nonce string) (Grant, error) {
	tenant, err := s.Tenants.TenantSettings(ctx, page)
	if verify.CodeOf(err) == verify.CodeNotFound {
		return Grant{}, publicRefusal(errors.New("no such tenant"))
	}
	if err != nil {
		return Grant{}, err
	}
	i, known := findIssuer(tenant, issuer)
	if !known || len(i.Mapping) == 0 {
		return Grant{}, publicRefusal(errors.New("this issuer's tokens are no launch contexts, and nothing says how to read them"))
	}
	m, err := parseMapping(i.Mapping)
	if err != nil {
		return Grant{}, publicRefusal(err)
	}
	f, err := s.verifyMapped(ctx, tenant, m, token)
	if err != nil {
		return Grant{}, err
	}
	if err := s.checkChallenge("", nonce); err != nil {
		return Grant{}, err
	}
	claims, err := m.claims(f)
	if err != nil {
		return Grant{}, err
	}
	who := dropUnusable(verify.Technician{Email: claims.Actor.Email, Phone: claims.Actor.Phone}, tenant.Region)
	claims.Actor.Email, claims.Actor.Phone = who.Email, who.Phone
	return s.openSession(ctx, tenant.Tenant, claims)
}

// verifyMapped checks the token with the issuer's key: the one that it names, or the only one that is registered.
func (s *Service) verifyMapped(ctx context.Context, t admin.Tenant, m Mapping, token string) (launchcontext.MappedToken, error) {
	want := launchcontext.ExpectMappedToken{Audience: m.Audience, Types: m.Types, Now: s.Now}
	if want.Audience == "" {
		want.Audience = s.Audience
	}
	var down error
	want.Keys = func(u launchcontext.Unverified) (key launchcontext.VerificationKey, err error) {
		if u.KeyID == "" {
			return onlyKey(t, u.Issuer)
		}
		if key, err = s.verificationKey(ctx, t, u.Issuer, u.KeyID); verify.CodeOf(err) != "" {
			down = err
		}
		return key, err
	}
	f, err := launchcontext.VerifyMappedToken(token, want)
	if down != nil {
		err = down
	}
	return f, publicRefusal(err)
}

// readTicket reads a ticket by its id, and the people of its client.
func (s *Service) readTicket(ctx context.Context, t verify.Tenant, system, ticket string) (launchcontext.Context, error) {
	x, err := s.Tickets.Ticket(ctx, t, system, ticket)
	switch {
	case verify.CodeOf(err) == verify.CodeNotFound:
		return x, noConnection(t, err)
	case err != nil:
		return x, psaFailure(err)
	case x.Ticket.ID != ticket:
		return x, &verify.Error{Code: verify.CodeTicket, Public: publicTicket, Err: errors.New("the ticket system gave another ticket")}
	}
	x.PSA = system
	return x, nil
}
